"""The handle of a claim: the item's number and how often it had been claimed, which no later claim repeats."""

from __future__ import annotations

NUMBER_MAX = (1 << 40) - 1
_RECEIVES_MAX = (1 << 31) - 1


def handle_of(number: int, receives: int) -> str:
    """The handle of the claim that made it `receives` claims."""
    return f"{number}.{receives}"


def parse_handle(handle: str) -> tuple[int, int] | None:
    """Number and receives of a handle; None if it is no handle at all."""
    number, dot, receives = handle.partition(".")
    if not dot or len(handle) > 24 or not (handle.isascii() and number.isdigit() and receives.isdigit()):
        return None
    found = int(number), int(receives)
    return found if found[0] <= NUMBER_MAX and found[1] <= _RECEIVES_MAX else None
