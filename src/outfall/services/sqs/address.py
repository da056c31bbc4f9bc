"""Which queue a request means: queue URLs, names and ARNs, and the resource that authorisation asks about."""

from __future__ import annotations

from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.service import Call, Request
from outfall.services.sqs.errors import InvalidAddress, InvalidParameterValue, QueueDoesNotExist
from outfall.services.sqs.model import QUEUES, Queue, key_of


def queue_url(endpoint: str, account: str, name: str) -> str:
    """The URL that a client gets: this server as the client addressed it, account, name."""
    return f"{endpoint}/{account}/{name}"


def place_in(call: Call, request: Request) -> tuple[str, str]:
    """Account and name in the request's QueueUrl; the host may be any, for clients keep URLs that AWS or another port
    gave them. A bare name is a queue of the caller's. [LS:test_posting_to_queue_via_queue_name]

    Raises `QueueDoesNotExist` for what names no queue [GH moto 3657], and in the query protocol `InvalidAddress` when
    there is no URL at all.
    """
    url = request.get("QueueUrl")
    if not url:
        if call.protocol == "query":
            raise InvalidAddress(f"The address {call.endpoint}/ is not valid for this endpoint.")
        raise unknown_queue(call)
    parts = url.rsplit("/", 2)
    if len(parts) == 3 and parts[2] and parts[1].isascii() and parts[1].isdigit():
        return parts[1], parts[2]
    if len(parts) == 1:
        return call.account, url
    raise unknown_queue(call)


def arn_in_url(call: Call, request: Request) -> str:
    """The ARN of the queue that QueueUrl names, whether or not there is one."""
    account, name = place_in(call, request)
    return f"arn:aws:sqs:{call.region}:{account}:{name}"


def arn_of_name(call: Call, request: Request) -> str:
    """The ARN of the queue that QueueName names."""
    owner = request.get("QueueOwnerAWSAccountId") or call.account
    return f"arn:aws:sqs:{call.region}:{owner}:{request.get('QueueName', '')}"


def arn_of_account(call: Call, request: Request) -> str:
    """What sqs:ListQueues is asked on: the account, as AWS's own denials print it."""
    return f"arn:aws:sqs:{call.region}:{call.account}:"


def unknown_queue(call: Call) -> QueueDoesNotExist:
    """The error for a queue that is not there, which reads differently in the query protocol. [LS]"""
    return QueueDoesNotExist(QueueDoesNotExist.QUERY_MESSAGE if call.protocol == "query" else None)


def require(call: Call, request: Request) -> Queue:
    """The queue that QueueUrl names; raises `QueueDoesNotExist`."""
    account, name = place_in(call, request)
    queue = call.tx.get(QUEUES, (account, call.region, name))
    if queue is None:
        raise unknown_queue(call)
    return queue


def find(ctx: Context, arn: str) -> Queue | None:
    """The queue with this ARN, if the text is an ARN and the queue is there."""
    try:
        parsed = Arn.parse(arn)
    except MalformedArn:
        return None
    return ctx.tx.get(QUEUES, key_of(parsed)) if parsed.service == "sqs" else None


def parse_queue_arn(parameter: str, text: str) -> Arn:
    """The ARN of a queue in `parameter`; raises InvalidParameterValue. [GH]"""
    try:
        arn = Arn.parse(text)
    except MalformedArn:
        arn = None
    if arn is None or arn.service != "sqs":
        raise InvalidParameterValue(
            f"You must use this format to specify the {parameter}: "
            "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        )
    return arn
