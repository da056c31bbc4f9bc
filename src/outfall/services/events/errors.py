"""The errors of EventBridge. [LS:test_events]"""

from __future__ import annotations

from outfall.core.errors import AwsError, ValidationException
from outfall.core.pattern_reader import PatternError

__all__ = ["IllegalStatusException", "InvalidEventPatternException", "LimitExceededException"]
__all__ += ["ResourceAlreadyExistsException", "ResourceNotFoundException", "ValidationException"]


class ResourceNotFoundException(AwsError):
    """An entity that you specified does not exist."""


class ResourceAlreadyExistsException(AwsError):
    """The resource you are trying to create already exists."""


class InvalidEventPatternException(AwsError):
    """The event pattern is not valid."""


class LimitExceededException(AwsError):
    """The requested resource exceeds the maximum number allowed."""


class IllegalStatusException(AwsError):
    """An error occurred because a replay can be canceled only when the state is Running or Starting."""


def no_bus(name: str) -> ResourceNotFoundException:
    """`Event bus X does not exist.`"""
    return ResourceNotFoundException(f"Event bus {name} does not exist.")


def no_rule(name: str, bus: str) -> ResourceNotFoundException:
    """`Rule X does not exist on EventBus Y.`"""
    return ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus}.")


def bad_pattern(error: PatternError) -> InvalidEventPatternException:
    """`Event pattern is not valid. Reason: R`, with the place where the pattern is wrong."""
    return InvalidEventPatternException(f"Event pattern is not valid. Reason: {error}")


def not_valid(parameter: str, reason: str = "") -> ValidationException:
    """`Parameter P is not valid.`, and `Reason: R` if there is one."""
    return ValidationException(f"Parameter {parameter} is not valid." + (f" Reason: {reason}" if reason else ""))
