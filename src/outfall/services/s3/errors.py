"""S3's errors: code, default message, status. Further elements of each are in the comment, in AWS's order. The first
three are no codes of AWS, but what many of them have in common.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and the recordings in S3's own test suites.
"""

from __future__ import annotations

from outfall.core.errors import AwsError, NotServed


class Forbidden(AwsError):
    status = 403


class Missing(AwsError):
    status = 404


class Conflict(AwsError):
    status = 409


class AccessDenied(Forbidden):
    """Access Denied"""


class AccessForbidden(Forbidden):  # Method, ResourceType
    """Access Forbidden"""


class AccessControlListNotSupported(AwsError):
    """The bucket does not allow ACLs"""


class BadDigest(AwsError):
    """The checksum you specified did not match what we received."""


class BadRequest(AwsError):
    """Bad Request"""


class BucketAlreadyExists(Conflict):  # BucketName
    """The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."""  # noqa: E501


class BucketAlreadyOwnedByYou(Conflict):  # BucketName
    """Your previous request to create the named bucket succeeded and you already own it."""


class BucketNotEmpty(Conflict):  # BucketName
    """The bucket you tried to delete is not empty"""


class ConditionalRequestConflict(Conflict):  # Condition, Key
    """The conditional request cannot succeed due to a conflicting operation against this resource."""


class EntityTooSmall(AwsError):  # ETag, MinSizeAllowed, PartNumber, ProposedSize
    """Your proposed upload is smaller than the minimum allowed size"""


class EntityTooLarge(AwsError):  # MaxSizeAllowed, ProposedSize
    """Your proposed upload exceeds the maximum allowed size"""


class IllegalLocationConstraintException(AwsError):
    """The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."""


class IllegalVersioningConfigurationException(AwsError):
    """The Versioning element must be specified"""


class InvalidArgument(AwsError):  # ArgumentName, ArgumentValue
    """Invalid Argument"""


class InvalidBucketAclWithObjectOwnership(AwsError):
    """Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"""


class InvalidBucketName(AwsError):  # BucketName
    """The specified bucket is not valid."""


class InvalidBucketOwnerAWSAccountID(AwsError):
    """The value of the expected bucket owner parameter must be an AWS Account ID..."""


class InvalidBucketState(Conflict):
    """The request is not valid with the current state of the bucket."""


class InvalidEncryptionAlgorithmError(AwsError):  # ArgumentName, ArgumentValue
    """The Encryption request you specified is not valid. Supported value: AES256."""


class InvalidLocationConstraint(AwsError):  # LocationConstraint
    """The specified location-constraint is not valid"""


class InvalidObjectState(Forbidden):  # StorageClass
    """The operation is not valid for the object's storage class"""


class InvalidPart(AwsError):  # ETag, PartNumber, UploadId
    """One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."""  # noqa: E501


class InvalidPartNumber(AwsError):  # ActualPartCount, PartNumberRequested
    """The requested partnumber is not satisfiable"""

    status = 416


class InvalidPartOrder(AwsError):  # UploadId
    """The list of parts was not in ascending order. Parts must be ordered by part number."""


class InvalidPolicyDocument(AwsError):
    """Invalid Policy"""


class InvalidTargetBucketForLogging(AwsError):  # TargetBucket
    """The target bucket for logging does not exist"""


class InvalidRange(AwsError):  # ActualObjectSize, RangeRequested
    """The requested range is not satisfiable"""

    status = 416


class InvalidRedirectLocation(AwsError):
    """The website redirect location must have a prefix of 'http://' or 'https://' or '/'."""


class InvalidRequest(AwsError):
    """Invalid Request"""


class InvalidStorageClass(AwsError):  # StorageClassRequested
    """The storage class you specified is not valid"""


class InvalidTag(AwsError):  # TagKey, TagValue
    """The tag provided was not a valid tag. This error can occur if the tag did not pass input validation."""


class KeyTooLongError(AwsError):  # MaxSizeAllowed, Size
    """Your key is too long"""


class MalformedACLError(AwsError):
    """The XML you provided was not well-formed or did not validate against our published schema"""


class MalformedPolicy(AwsError):
    """Policies must be valid JSON and the first byte must be '{'"""


class MalformedXML(AwsError):
    """The XML you provided was not well-formed or did not validate against our published schema"""


class MetadataTooLarge(AwsError):  # MaxSizeAllowed, Size
    """Your metadata headers exceed the maximum allowed metadata size"""


class MaxPostPreDataLengthExceededError(AwsError):
    """Your POST request fields preceding the upload file was too large."""


class MethodNotAllowed(AwsError):  # Method, ResourceType
    """The specified method is not allowed against this resource."""

    status = 405


class NoSuchBucket(Missing):  # BucketName
    """The specified bucket does not exist"""


class NoSuchBucketPolicy(Missing):  # BucketName
    """The bucket policy does not exist"""


class NoSuchCORSConfiguration(Missing):  # BucketName
    """The CORS configuration does not exist"""


class NoSuchConfiguration(Missing):
    """The specified configuration does not exist."""


class NoSuchKey(Missing):  # Key
    """The specified key does not exist."""


class NoSuchLifecycleConfiguration(Missing):  # BucketName
    """The lifecycle configuration does not exist"""


class NoSuchObjectLockConfiguration(Missing):
    """The specified object does not have a ObjectLock configuration"""


class NoSuchPublicAccessBlockConfiguration(Missing):  # BucketName
    """The public access block configuration was not found"""


class NoSuchTagSet(Missing):  # BucketName
    """The TagSet does not exist"""


class NoSuchUpload(Missing):  # UploadId
    """The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."""  # noqa: E501


class NoSuchVersion(Missing):  # Key, VersionId
    """The specified version does not exist."""


class NoSuchWebsiteConfiguration(Missing):  # BucketName
    """The specified bucket does not have a website configuration"""


class ObjectLockConfigurationNotFoundError(Missing):  # BucketName
    """Object Lock configuration does not exist for this bucket"""


class ObjectNotInActiveTierError(Forbidden):
    """The source object of the COPY action is not in the active tier and is only stored in Amazon S3 Glacier."""


class OwnershipControlsNotFoundError(Missing):  # BucketName
    """The bucket ownership controls were not found"""


class PreconditionFailed(AwsError):  # Condition
    """At least one of the pre-conditions you specified did not hold"""

    status = 412


class ReplicationConfigurationNotFoundError(Missing):  # BucketName
    """The replication configuration was not found"""


class RestoreAlreadyInProgress(Conflict):
    """Object restore is already in progress"""


class TemporaryRedirect(AwsError):
    """Please re-send this request to the specified temporary endpoint. Continue to use the original request endpoint for future requests."""  # noqa: E501

    status = 307


def not_served(header: str, why: str | None = None) -> NotServed:
    """The answer to a header whose feature this server does not have; `why` is more that AWS says of it."""
    text = "A header you provided implies functionality that is not implemented"
    return NotServed(text, Header=header, additionalMessage=why)
