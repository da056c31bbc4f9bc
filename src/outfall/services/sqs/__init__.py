"""Amazon SQS: queues, their messages, and how they receive what other services send.

`queues` and `attributes` hold a queue's life and settings; `send`, `receive` and `claims` the way of a message through
it; `redrive` and `moves` where it goes when nobody could use it; `target` the door for other services.
"""

from msgspec import structs

from outfall.core.service import Service
from outfall.services.sqs import claims, moves, permissions, queues, receive, send, sources, tags

_SERVICE = Service.of(
    "sqs",
    queues.OPERATIONS,
    send.OPERATIONS,
    receive.OPERATIONS,
    claims.OPERATIONS,
    sources.OPERATIONS,
    moves.OPERATIONS,
    permissions.OPERATIONS,
    tags.OPERATIONS,
)

# A queue's policy may let everybody in; a request without a signature is anonymous, and judged as any other.
SERVICE = structs.replace(
    _SERVICE, operations={name: structs.replace(one, unsigned=True) for name, one in _SERVICE.operations.items()}
)
