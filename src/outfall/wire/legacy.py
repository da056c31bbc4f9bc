"""What the models leave out, as tables: names of the SQS query protocol, root elements and namespaces of answers.

SQS's model has spoken JSON alone since 2023; its query names are those of the SQS API reference ("Common parameters",
"Making Query API requests", and the examples of each action). S3's roots are those of the S3 API reference.
"""

from __future__ import annotations

from typing import Any

import msgspec


class QueryNames(msgspec.Struct, frozen=True):
    """Names of lists (`shape: name`) and of maps (`shape: (name, key, value)`); members that hold one are called so."""

    lists: dict[str, str]
    maps: dict[str, tuple[str, str, str]]

    def rename(self, name: str, shape: dict[str, Any]) -> dict[str, Any]:
        """The shape with its query names."""
        if name in self.lists:
            return {**shape, "member": {**shape["member"], "locationName": self.lists[name]}}
        if name in self.maps:
            _, key, value = self.maps[name]
            named = {"key": {**shape["key"], "locationName": key}, "value": {**shape["value"], "locationName": value}}
            return {**shape, **named}
        if "members" in shape:
            return {**shape, "members": {one: self._renamed(ref) for one, ref in shape["members"].items()}}
        return shape

    def _renamed(self, ref: dict[str, Any]) -> dict[str, Any]:
        target = ref["shape"]
        name = self.lists.get(target) or (self.maps[target][0] if target in self.maps else None)
        return {**ref, "locationName": name} if name else ref


QUERY_NAMES: dict[str, QueryNames] = {
    "sqs": QueryNames(
        lists={
            "AWSAccountIdList": "AWSAccountId",
            "ActionNameList": "ActionName",
            "AttributeNameList": "AttributeName",
            "MessageAttributeNameList": "MessageAttributeName",
            "MessageSystemAttributeList": "MessageSystemAttributeName",
            "BatchResultErrorEntryList": "BatchResultErrorEntry",
            "BinaryList": "BinaryListValue",
            "StringList": "StringListValue",
            "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
            "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
            "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
            "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
            "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
            "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
            "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
            "MessageList": "Message",
            "QueueUrlList": "QueueUrl",
            "TagKeyList": "TagKey",
        },
        maps={
            "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
            "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
            "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
            "QueueAttributeMap": ("Attribute", "Name", "Value"),
            "TagMap": ("Tag", "Key", "Value"),
        },
    ),
}

XML_NAMESPACES: dict[str, str] = {
    "s3": "http://s3.amazonaws.com/doc/2006-03-01/",
    "sqs": "http://queue.amazonaws.com/doc/2012-11-05/",
}

XML_DECLARATION: dict[str, str] = {
    "s3": '<?xml version="1.0" encoding="UTF-8"?>\n',
    "sqs": '<?xml version="1.0"?>',
}

ROOT_NAMES: dict[tuple[str, str], str] = {
    ("s3", "CompleteMultipartUpload"): "CompleteMultipartUploadResult",
    ("s3", "CreateMultipartUpload"): "InitiateMultipartUploadResult",
    ("s3", "DeleteObjects"): "DeleteResult",
    ("s3", "GetBucketAccelerateConfiguration"): "AccelerateConfiguration",
    ("s3", "GetBucketAcl"): "AccessControlPolicy",
    ("s3", "GetBucketCors"): "CORSConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "LifecycleConfiguration",
    ("s3", "GetBucketLogging"): "BucketLoggingStatus",
    ("s3", "GetBucketNotificationConfiguration"): "NotificationConfiguration",
    ("s3", "GetBucketRequestPayment"): "RequestPaymentConfiguration",
    ("s3", "GetBucketTagging"): "Tagging",
    ("s3", "GetBucketVersioning"): "VersioningConfiguration",
    ("s3", "GetBucketWebsite"): "WebsiteConfiguration",
    ("s3", "GetObjectAcl"): "AccessControlPolicy",
    ("s3", "GetObjectAttributes"): "GetObjectAttributesResponse",
    ("s3", "GetObjectTagging"): "Tagging",
    ("s3", "ListBucketAnalyticsConfigurations"): "ListBucketAnalyticsConfigurationResult",
    ("s3", "ListBucketInventoryConfigurations"): "ListInventoryConfigurationsResult",
    ("s3", "ListBucketMetricsConfigurations"): "ListMetricsConfigurationsResult",
    ("s3", "ListBuckets"): "ListAllMyBucketsResult",
    ("s3", "ListMultipartUploads"): "ListMultipartUploadsResult",
    ("s3", "ListObjects"): "ListBucketResult",
    ("s3", "ListObjectsV2"): "ListBucketResult",
    ("s3", "ListObjectVersions"): "ListVersionsResult",
    ("s3", "ListParts"): "ListPartsResult",
    ("s3", "UploadPartCopy"): "CopyPartResult",
}
"""Root elements of answers that the model has no name for."""

TEXT_TYPES: dict[tuple[str, str], str] = {("s3", "GetBucketPolicy"): "application/json"}
"""Types of answers that are a text alone, where that is not plain."""

UNWRAPPED: frozenset[tuple[str, str]] = frozenset({("s3", "GetBucketLocation")})
"""Answers whose root element is their only member."""

ERROR_CODES_OF_QUERY: dict[str, str] = {
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidParameterValueException": "InvalidParameterValue",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "MissingRequiredParameterException": "MissingParameter",
    "SerializationException": "MalformedInput",
    "UnknownOperationException": "InvalidAction",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
"""What the query protocol calls an error that JSON protocols know by the longer name."""
