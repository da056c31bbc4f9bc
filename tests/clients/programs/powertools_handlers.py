"""Handlers with Powertools for Lambda: event models, batch processing, idempotency kept in a bucket, logger."""

import json
import os

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes import S3Event, SQSEvent, event_source
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

logger = Logger(service="orders")
processor = BatchProcessor(event_type=EventType.SQS)
s3 = boto3.client("s3")


@event_source(data_class=S3Event)
@logger.inject_lambda_context(correlation_id_path='Records[0].responseElements."x-amz-request-id"')
def on_upload(event: S3Event, context: LambdaContext) -> dict:
    record = next(event.records)
    logger.info("uploaded", key=event.object_key)
    return {
        "bucket": event.bucket_name,
        "key": event.object_key,
        "size": record.s3.get_object.size,
        "name": record.event_name,
        "left_ms": context.get_remaining_time_in_millis(),
    }


def _order(record: SQSRecord) -> None:
    if json.loads(record.body)["item"] == "broken":
        raise ValueError("cannot be delivered")


def on_batch(event: dict, context: LambdaContext) -> dict:
    assert all(record.aws_region for record in SQSEvent(event).records)
    return process_partial_response(event=event, record_handler=_order, processor=processor, context=context)


class Kept(BasePersistenceLayer):
    """Idempotency records as objects: written only where there is none."""

    def _key(self, record_key: str) -> dict:
        return {"Bucket": os.environ["KEPT"], "Key": record_key}

    def _write(self, record: DataRecord, **conditions: str) -> None:
        body = json.dumps([record.status, record.expiry_timestamp, record.response_data, record.payload_hash])
        s3.put_object(**self._key(record.idempotency_key), Body=body.encode(), **conditions)

    def _get_record(self, idempotency_key: str) -> DataRecord:
        try:
            status, expiry, data, digest = json.load(s3.get_object(**self._key(idempotency_key))["Body"])
        except s3.exceptions.NoSuchKey:
            raise IdempotencyItemNotFoundError from None
        return DataRecord(idempotency_key, status, expiry, response_data=data, payload_hash=digest)

    def _put_record(self, data_record: DataRecord) -> None:
        try:
            self._write(data_record, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            raise IdempotencyItemAlreadyExistsError from None

    def _update_record(self, data_record: DataRecord) -> None:
        self._write(data_record)

    def _delete_record(self, data_record: DataRecord) -> None:
        s3.delete_object(**self._key(data_record.idempotency_key))


@idempotent(persistence_store=Kept(), config=IdempotencyConfig(event_key_jmespath="order"))
def pay(event: dict, context: LambdaContext) -> dict:
    return {"paid": event["order"], "by": context.aws_request_id}
