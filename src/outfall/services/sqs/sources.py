"""ListDeadLetterSourceQueues: which queues have this one as their dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterator

from outfall.core.context import Context
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sqs.address import arn_in_url, require
from outfall.services.sqs.model import QUEUES, Queue
from outfall.services.sqs.queues import page, page_size, page_start


def sources_of(ctx: Context, target: Queue, start: tuple[str, ...] = ()) -> Iterator[Queue]:
    """The queues whose RedrivePolicy names `target`, by name; dead-letter queues serve their own account and region."""
    for _, queue in ctx.tx.scan(QUEUES, (target.account, target.region), start=start):
        if queue.dead_letter_arn == target.arn:
            yield queue


@operation("ListDeadLetterSourceQueues", action="sqs:ListDeadLetterSourceQueues", resource=arn_in_url)
def list_dead_letter_source_queues(call: Call, request: Request) -> Output:
    """The URLs of those queues, in pages when MaxResults is given."""
    target = require(call, request)
    names: list[str] = []
    for queue in sources_of(call, target, page_start(request)):
        names.append(queue.name)
        if len(names) > page_size(request):
            break
    urls, token = page(request, names, call)
    # Where there are none AWS answers an empty object. [GH]
    return ({"queueUrls": urls} if urls else {}) | ({"NextToken": token} if token else {})


OPERATIONS = (list_dead_letter_source_queues,)
