"""Amazon Resource Names: parsing, printing, and the few questions asked of them.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

PARSED_MAX = 1024


class MalformedArn(ValueError):
    """The text is not an ARN."""


class Arn(msgspec.Struct, frozen=True, cache_hash=True):
    """`arn:partition:service:region:account:resource`, in its six parts; the resource may hold colons itself."""

    service: str
    region: str
    account: str
    resource: str
    partition: str = "aws"

    @classmethod
    def parse(cls, text: str) -> Arn:
        """The ARN that `text` spells; raises `MalformedArn` when it has fewer than six parts."""
        return _parsed(text)

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=PARSED_MAX)
def _parsed(text: str) -> Arn:
    """An event on its road has the same few ARNs read a dozen times."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
        raise MalformedArn(text)
    return Arn(parts[2], parts[3], parts[4], parts[5], parts[1])


def function_arn(account: str, region: str, name: str, qualifier: str = "") -> Arn:
    """The ARN of a function, qualified by version or alias if `qualifier` is given."""
    return Arn("lambda", region, account, f"function:{name}:{qualifier}" if qualifier else f"function:{name}")


@lru_cache(maxsize=PARSED_MAX)
def function_name(arn: Arn) -> tuple[str, str]:
    """Name and qualifier (or empty) in the ARN of a function."""
    _, name, qualifier = [*arn.resource.split(":", 2), "", ""][:3]
    return name, qualifier


def queue_arn(account: str, region: str, name: str) -> Arn:
    """The ARN of a queue."""
    return Arn("sqs", region, account, name)
