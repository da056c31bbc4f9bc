"""How a request names a function: by name, partial ARN or ARN, with the qualifier inside or beside it.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (FunctionName)
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from outfall.core.arn import Arn, function_arn
from outfall.core.arn import function_name as name_in
from outfall.core.context import Context
from outfall.core.invocation import LATEST
from outfall.core.service import Call, Request
from outfall.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException

NAME_LENGTH_MAX = 64
REMEMBERED_MAX = 1024

_NAME = re.compile(
    r"(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9_.-]+)(?::(?P<qualifier>[a-zA-Z0-9$_.-]+))?"
)


class FunctionName(msgspec.Struct, frozen=True, cache_hash=True):
    """A function as it was named; `qualifier` is empty when none was given."""

    account: str
    region: str
    name: str
    qualifier: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The beginning of the key of all its rows."""
        return (self.account, self.region, self.name)

    @property
    def unqualified(self) -> str:
        """The ARN of the function as a whole."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    @property
    def as_named(self) -> str:
        """The ARN with the qualifier that was given, if one was."""
        return str(function_arn(self.account, self.region, self.name, self.qualifier))

    @property
    def qualifier_or_latest(self) -> str:
        """The qualifier under which policies and asynchronous settings are kept."""
        return self.qualifier or LATEST

    @property
    def qualified(self) -> str:
        """The ARN that always has a qualifier."""
        return str(function_arn(self.account, self.region, self.name, self.qualifier_or_latest))

    def at(self, qualifier: str) -> FunctionName:
        """The same function under another qualifier."""
        return replace(self, qualifier=qualifier)


def parse(ctx: Context, text: str) -> FunctionName:
    """The function that `text` names, in the caller's account and region where it does not say.

    Raises ResourceNotFoundException for another region's ARN [LS:test_get_function_wrong_region].
    """
    match = _NAME.fullmatch(text)
    if match is None:
        raise InvalidParameterValueException(f"{text} is not a function name")
    region = match["region"] or ctx.region
    if region != ctx.region:
        raise ResourceNotFoundException(f"Functions from '{region}' are not reachable in this region ('{ctx.region}')")
    return FunctionName(match["account"] or ctx.account, region, match["name"], match["qualifier"] or "")


def named(call: Call, request: Request) -> FunctionName:
    """The function of a request. A qualifier in the name and one beside it have to agree
    [LS:test_ops_with_arn_qualifier_mismatch]."""
    given = parse(call, request["FunctionName"])
    beside = request.get("Qualifier") or ""
    if beside and given.qualifier and beside != given.qualifier:
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return given.at(beside) if beside else given


@lru_cache(maxsize=REMEMBERED_MAX)
def of_arn(arn: Arn) -> FunctionName:
    """The function that an ARN names."""
    name, qualifier = name_in(arn)
    return FunctionName(arn.account, arn.region, name, qualifier)


def named_arn(call: Call, request: Request) -> str:
    """For authorisation: the ARN as it was named."""
    return named(call, request).as_named


def unqualified_arn(call: Call, request: Request) -> str:
    """For authorisation: the ARN of the function as a whole."""
    return parse(call, request["FunctionName"]).unqualified
