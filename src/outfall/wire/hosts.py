"""What a Host header says: a service, a bucket, or nothing.

Buckets are hosts under `localhost`, `localhost.localstack.cloud` and `amazonaws.com`, and under no other name: see
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html for the forms of AWS.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"
HOME = r"(?:localhost\.localstack\.cloud|localhost)"
SERVICES: dict[str, str] = {
    "cloudformation": "cloudformation",
    "events": "events",
    "iam": "iam",
    "lambda": "lambda",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "s3": "s3",
    "sns": "sns",
    "sqs": "sqs",
    "sts": "sts",
}
"""First labels of hosts, and the services' names in the models."""

AWS = re.compile(
    r"(?P<fast>.+)\.s3-accelerate(?:\.dualstack)?\.amazonaws\.com"
    rf"|(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?(?P<region>{REGION}))?\.amazonaws\.com"
    rf"|(?P<service>[a-z0-9-]+)(?:\.(?P<service_region>{REGION}))?\.amazonaws\.com"
)
LOCAL = re.compile(
    rf"(?:(?P<queue_region>{REGION})\.)?(?P<queue>queue)\.(?:{HOME}|amazonaws\.com)"
    rf"|(?P<service>{'|'.join(SERVICES)})(?:\.(?P<service_region>{REGION}))?\.{HOME}"
    rf"|(?P<bucket>.+?)(?:\.s3(?:[.-](?P<region>{REGION}))?)?\.{HOME}"
)


HOSTS_MAX = 256


class Host(msgspec.Struct, frozen=True):
    """A service by its name in the models, and the bucket and region where the host names them."""

    service: str = ""
    bucket: str = ""
    region: str = ""


NOTHING = Host()


@lru_cache(maxsize=HOSTS_MAX)
def read(host: str) -> Host:
    """What the value of a Host header (with or without a port) says."""
    name = host.rpartition(":")[0] if host[-1:].isdigit() and ":" in host else host
    if "localhost" not in name and not name.lower().endswith(".amazonaws.com"):
        return NOTHING
    if name == "localhost" or len(name) > 255:
        return NOTHING
    name = name.lower()
    match = LOCAL.fullmatch(name)
    if match is not None:
        if name == "localhost.localstack.cloud":
            return NOTHING
        if match["queue"]:
            return Host("sqs", "", match["queue_region"] or "")
        if match["service"]:
            return Host(SERVICES[match["service"]], "", match["service_region"] or "")
        return Host("s3", match["bucket"], match["region"] or "")
    match = AWS.fullmatch(name)
    if match is None:
        return NOTHING
    if match["service"]:
        return Host(SERVICES.get(match["service"], match["service"]), "", match["service_region"] or "")
    return Host("s3", match["fast"] or match["bucket"] or "", match["region"] or "")
