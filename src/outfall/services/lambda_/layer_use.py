"""Layers of a function: which it names, whether it may use them, and that their archives stay as long as it does.

https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html; texts [LS:test_layer_function_exceptions]
"""

from __future__ import annotations

from msgspec.structs import replace

from outfall.authz import Ask, authorize, denial
from outfall.core.context import Context
from outfall.core.invocation import Package
from outfall.core.ports import Tx
from outfall.core.service import Call, Request
from outfall.services.lambda_ import code, layers
from outfall.services.lambda_.code import UNZIPPED_SIZE_MAX
from outfall.services.lambda_.errors import InvalidParameterValueException
from outfall.services.lambda_.layer_model import LayerName, layer_version_of
from outfall.services.lambda_.layer_permissions import layer_policy
from outfall.services.lambda_.model import LayerUse, VersionRow

LAYERS_MAX = 5


def applied(call: Call, row: VersionRow, request: Request) -> VersionRow:
    """The row with the layers that the request names; it keeps its own if the request says nothing of them. `[]` takes
    them all away. Raises AWS's errors for layers that cannot be used."""
    arns = request.get("Layers")
    if arns is None:
        return row
    if len(arns) > LAYERS_MAX:
        raise InvalidParameterValueException(f"Cannot reference more than {LAYERS_MAX} layers.")
    used: dict[LayerName, str] = {}
    found = []
    for arn in arns:
        layer, version = layer_version_of(arn)
        found.append(_use(call, row, layer, version, arn))
        if layer in used:
            raise InvalidParameterValueException(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{used[layer]} and {arn} are versions of the same layer."
            )
        used[layer] = arn
    return replace(row, layers=tuple(found))


def _use(call: Call, row: VersionRow, layer: LayerName, version: int, arn: str) -> LayerUse:
    if layer.region != row.region:
        raise InvalidParameterValueException(
            f"Layers are not in the same region as the function. Layers are expected to be in region {row.region}."
        )
    policy = layer_policy(call, layer, version)
    ask = Ask(call.principal, "lambda:GetLayerVersion", arn, {}, resource_policy=policy, resource_account=layer.account)
    decision = authorize(call, ask)
    if not decision.allowed:
        raise denial(decision, "lambda")
    known = layers.find(call.tx, layer, version)
    if known is None:
        raise InvalidParameterValueException(f"Layer version {arn} does not exist.")
    return LayerUse(arn, known.code_sha256, known.code_size)


def require_size(tx: Tx, row: VersionRow, code_size: int | None = None) -> None:
    """Raises when code (of `code_size` bytes unzipped, if it is not kept yet) and layers are too large together."""
    if not row.layers:
        return
    of_layers = sum(code.unzipped_size(tx, use.sha256) for use in row.layers)
    if of_layers > UNZIPPED_SIZE_MAX:
        raise InvalidParameterValueException(
            f"Layers consume more than the available size of {UNZIPPED_SIZE_MAX} bytes"
        )
    total = of_layers + (code.unzipped_size(tx, row.code_sha256) if code_size is None else code_size)
    if total > UNZIPPED_SIZE_MAX:
        raise InvalidParameterValueException(
            f"Function code combined with layers exceeds the maximum allowed size of {UNZIPPED_SIZE_MAX} bytes. "
            f"The actual size is {total} bytes."
        )


def share(ctx: Context, row: VersionRow) -> None:
    """One more version of a function uses these layers: a layer that is deleted stays with those that use it."""
    for use in row.layers:
        code.share(ctx, use.sha256)


def drop(ctx: Context, row: VersionRow) -> None:
    """One version of a function less uses these layers."""
    for use in row.layers:
        code.drop(ctx, use.sha256)


def packages(tx: Tx, row: VersionRow) -> tuple[Package, ...]:
    """The archives of the layers, in the order in which they are laid over each other."""
    found = (code.package(tx, use.sha256) for use in row.layers)
    return tuple(one for one in found if one is not None)
