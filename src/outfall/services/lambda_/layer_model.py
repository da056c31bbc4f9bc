"""The rows of layers, and how a layer and its versions are named. No rules.

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.ports import Table
from outfall.services.lambda_.errors import InvalidParameterValueException


class LayerVersionRow(msgspec.Struct, frozen=True):
    """One version of a layer. Key: account, region, name, `LayerName.key_of(version)`."""

    version: int
    created_ms: int
    code_sha256: str
    code_size: int
    description: str = ""
    license: str = ""
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()


class LayerNumberingRow(msgspec.Struct, frozen=True):
    """The last version number that a layer was given; it outlives the versions. Key: account, region, name."""

    last: int


class LayerPolicyRow(msgspec.Struct, frozen=True):
    """The policy of one version of a layer: statement ids and statements as JSON, in order. Key as the version's."""

    statements: tuple[tuple[str, str], ...]
    revision: str


LAYER_VERSIONS = Table("lambda.layer_versions", LayerVersionRow)
LAYER_NUMBERING = Table("lambda.layer_numbering", LayerNumberingRow)
LAYER_POLICIES = Table("lambda.layer_policies", LayerPolicyRow)


class LayerName(msgspec.Struct, frozen=True):
    """A layer as a whole."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """Without a version."""
        return str(Arn("lambda", self.region, self.account, f"layer:{self.name}"))

    @property
    def key(self) -> tuple[str, str, str]:
        """The beginning of the key of all its rows."""
        return (self.account, self.region, self.name)

    def version_arn(self, version: int) -> str:
        """The ARN of one version."""
        return f"{self.arn}:{version}"

    def key_of(self, version: int) -> tuple[str, ...]:
        """The key of one version; versions sort by number."""
        return (*self.key, f"{version:012d}")


def layer_named(ctx: Context, text: str) -> LayerName:
    """The layer that a name, or the ARN of a layer (which the model checked), stands for."""
    if not text.startswith("arn:"):
        return LayerName(ctx.account, ctx.region, text)
    return layer_version_of(text)[0]


def layer_version_of(arn: str) -> tuple[LayerName, int]:
    """The layer and the version (0 if there is none) in an ARN."""
    try:
        parsed = Arn.parse(arn)
    except MalformedArn as error:  # the model's pattern lets through an ARN without its partition
        raise InvalidParameterValueException(f"{arn} is not the ARN of a layer.") from error
    _, name, version = [*parsed.resource.split(":", 2), "", ""][:3]
    return LayerName(parsed.account, parsed.region, name), int(version) if version.isdecimal() else 0
