"""Receipt handles: opaque to clients; inside, the queue, the time of the receive and the store's own claim."""

from __future__ import annotations

import binascii

import msgspec

from outfall.services.sqs.errors import ReceiptHandleIsInvalid
from outfall.services.sqs.model import Queue


class Receipt(msgspec.Struct, frozen=True):
    """What a receipt handle holds: the item's number, when it was received, and the handle of the store's claim."""

    number: int
    received_ms: int
    claim: str


def issue(queue: Queue, number: int, received_ms: int, claim: str, message_id: str) -> str:
    """The receipt handle of one receive of one message."""
    held = f"{queue.generation}|{number}|{received_ms}|{message_id}|{claim}"
    return binascii.b2a_base64(held.encode(), newline=False).decode()


def read(queue: Queue, text: str) -> Receipt:
    """What `text` holds; raises `ReceiptHandleIsInvalid` when we never gave it out, or for another queue. [GH]"""
    try:
        held = binascii.a2b_base64(text.encode("ascii"), strict_mode=True).decode()
        generation, number, received_ms, _, claim = held.split("|", 4)
        receipt = Receipt(int(number), int(received_ms), claim)
    except ValueError:
        raise ReceiptHandleIsInvalid(f'The input receipt handle "{text}" is not a valid receipt handle.') from None
    if generation != queue.generation:
        raise ReceiptHandleIsInvalid(f'The receipt handle "{text}" is not valid for this queue.')
    return receipt
