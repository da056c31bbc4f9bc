"""Which queue a request means: queue URLs, names and ARNs, and the resource that authorisation asks about."""

from __future__ import annotations

from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.service import Call, Request
from outfall.services.sqs.errors import InvalidAddress, QueueDoesNotExist, invalid, missing
from outfall.services.sqs.model import QUEUES, Queue, key_of


def queue_url(endpoint: str, account: str, name: str) -> str:
    """The URL that a client gets: this server as the client addressed it, account, name."""
    return f"{endpoint}/{account}/{name}"


def parse_url(url: str) -> tuple[str, str]:
    """Account and name in a queue URL; the host may be any, for clients keep URLs that AWS or another port gave them.

    Raises `InvalidAddress` when the path does not end in an account and a name.
    """
    parts = url.rsplit("/", 2)
    if len(parts) != 3 or not parts[2] or not (parts[1].isascii() and parts[1].isdigit()):
        raise InvalidAddress(f"The address {url} is not valid for this endpoint.")
    return parts[1], parts[2]


def url_of(request: Request) -> str:
    """The request's QueueUrl; raises when there is none."""
    url = request.get("QueueUrl")
    if not url:
        raise missing("QueueUrl")
    return str(url)


def arn_in_url(call: Call, request: Request) -> str:
    """The ARN of the queue that QueueUrl names, whether or not there is one."""
    account, name = parse_url(url_of(request))
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
    account, name = parse_url(url_of(request))
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
    """The ARN of a queue in `parameter`; raises InvalidParameterValue."""
    try:
        arn = Arn.parse(text)
    except MalformedArn:
        arn = None
    if arn is None or arn.service != "sqs":
        raise invalid(parameter, text, "Invalid queue ARN.")
    return arn
