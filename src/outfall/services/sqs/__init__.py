"""Amazon SQS: queues, their messages, and how they receive what other services send.

`queues` and `attributes` hold a queue's life and settings; `send`, `receive` and `claims` the way of a message through
it; `redrive` and `moves` where it goes when nobody could use it; `target` the door for other services.
"""

from outfall.core.service import Service
from outfall.services.sqs import claims, queues, receive, send

SERVICE = Service.of("sqs", queues.OPERATIONS, send.OPERATIONS, receive.OPERATIONS, claims.OPERATIONS)
