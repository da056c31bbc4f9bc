"""Layers: publishing, reading and deleting their versions.

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html; texts [LS:TestLambdaLayer]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outfall.core.context import Context
from outfall.core.errors import ValidationException
from outfall.core.ports import Key, Tx
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import code, paging, render, runtimes, sources
from outfall.services.lambda_.code import UploadedCode
from outfall.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from outfall.services.lambda_.layer_model import (
    LAYER_NUMBERING,
    LAYER_POLICIES,
    LAYER_VERSIONS,
    LayerName,
    LayerNumberingRow,
    LayerVersionRow,
    layer_named,
    layer_version_of,
)


def _layer(call: Call, request: Request) -> LayerName:
    return layer_named(call, request["LayerName"])


def _layer_arn(call: Call, request: Request) -> str:
    return _layer(call, request).arn


def version_arn(call: Call, request: Request) -> str:
    """For authorisation: the ARN of the version that a request is about."""
    return _layer(call, request).version_arn(request["VersionNumber"])


def _given_arn(call: Call, request: Request) -> str:
    return str(request["Arn"])


@operation("PublishLayerVersion", action="lambda:PublishLayerVersion", resource=_layer_arn, also=sources.GET_OBJECT)
def publish_layer_version(call: Call, request: Request) -> Output:
    """A new version of a layer, which is made with its first one."""
    _require_runtimes("compatibleRuntimes", request.get("CompatibleRuntimes") or [], shown="[{}]")
    return sources.with_archive(call, request, lambda later, archive: _publish(later, request, archive))


def _require_runtimes(path: str, names: list[str], *, shown: str = "{}") -> None:
    if any(name not in runtimes.KINDS and name not in runtimes.RETIRED for name in names):
        raise ValidationException(
            f"1 validation error detected: Value '{shown.format(', '.join(names))}' at '{path}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(runtimes.KINDS)}]"
        )


def _publish(call: Call, request: Request, archive: UploadedCode) -> Output:
    layer = _layer(call, request)
    known = call.tx.get(LAYER_NUMBERING, layer.key)
    number = (known.last if known else 0) + 1
    row = LayerVersionRow(
        number,
        call.now,
        archive.sha256,
        archive.size,
        request.get("Description") or "",
        request.get("LicenseInfo") or "",
        tuple(request.get("CompatibleRuntimes") or ()),
        tuple(request.get("CompatibleArchitectures") or ()),
    )
    code.keep(call, archive)
    call.tx.put(LAYER_NUMBERING, layer.key, LayerNumberingRow(number))
    call.tx.put(LAYER_VERSIONS, layer.key_of(number), row)
    return _render(call, layer, row)


def _listed(layer: LayerName, row: LayerVersionRow) -> dict[str, Any]:
    output: dict[str, Any] = {
        "LayerVersionArn": layer.version_arn(row.version),
        "Version": row.version,
        "Description": row.description,
        "CreatedDate": render.modified(row.created_ms),
    }
    if row.architectures:
        output["CompatibleArchitectures"] = list(row.architectures)
    if row.runtimes:
        output["CompatibleRuntimes"] = list(row.runtimes)
    if row.license:
        output["LicenseInfo"] = row.license
    return output


def _render(call: Call, layer: LayerName, row: LayerVersionRow) -> dict[str, Any]:
    content = {
        "Location": f"{call.endpoint}/_outfall/code/{row.code_sha256}",
        "CodeSha256": code.base64_digest(row.code_sha256),
        "CodeSize": row.code_size,
    }
    return {"Content": content, "LayerArn": layer.arn, **_listed(layer, row)}


def find(tx: Tx, layer: LayerName, version: int) -> LayerVersionRow | None:
    """One version of a layer."""
    return tx.get(LAYER_VERSIONS, layer.key_of(version))


def _require_number(version: int) -> None:
    if version < 1:
        raise InvalidParameterValueException("Layer Version Cannot be less than 1")


@operation("GetLayerVersion", action="lambda:GetLayerVersion", resource=version_arn)
def get_layer_version(call: Call, request: Request) -> Output:
    """A version of a layer, with the address of its archive."""
    return _get(call, _layer(call, request), request["VersionNumber"])


@operation("GetLayerVersionByArn", action="lambda:GetLayerVersion", resource=_given_arn)
def get_layer_version_by_arn(call: Call, request: Request) -> Output:
    """The same, by the version's ARN."""
    return _get(call, *layer_version_of(request["Arn"]))


def _get(call: Call, layer: LayerName, version: int) -> Output:
    _require_number(version)
    row = find(call.tx, layer, version)
    if row is None:
        raise ResourceNotFoundException
    return _render(call, layer, row)


@operation("DeleteLayerVersion", action="lambda:DeleteLayerVersion", resource=version_arn)
def delete_layer_version(call: Call, request: Request) -> Output:
    """Deletes a version; functions that use it keep it. One that is not there is deleted already."""
    layer, version = _layer(call, request), request["VersionNumber"]
    _require_number(version)
    row = find(call.tx, layer, version)
    if row is not None:
        call.tx.delete(LAYER_VERSIONS, layer.key_of(version))
        call.tx.delete(LAYER_POLICIES, layer.key_of(version))
        code.drop(call, row.code_sha256)
    return None


def _matches(request: Request, row: LayerVersionRow) -> bool:
    runtime, architecture = request.get("CompatibleRuntime"), request.get("CompatibleArchitecture")
    return (not runtime or runtime in row.runtimes) and (not architecture or architecture in row.architectures)


@operation("ListLayerVersions", action="lambda:ListLayerVersions")
def list_layer_versions(call: Call, request: Request) -> Output:
    """The versions of a layer, the newest first; none for a layer that is not there."""
    _require_runtimes("compatibleRuntime", [request["CompatibleRuntime"]] if request.get("CompatibleRuntime") else [])
    layer = _layer(call, request)
    start = paging.start_of(request.get("Marker"))
    scan = call.tx.scan(LAYER_VERSIONS, layer.key, start=start, reverse=True)
    found = ((key, row) for key, row in scan if _matches(request, row))
    versions, marker = paging.page(found, layer.key, request.get("MaxItems"))
    return paging.with_marker({"LayerVersions": [_listed(layer, row) for row in versions]}, marker)


@operation("ListLayers", action="lambda:ListLayers")
def list_layers(call: Call, request: Request) -> Output:
    """The layers of the account in the region, each with the newest version that the filters let through."""
    _require_runtimes("compatibleRuntime", [request["CompatibleRuntime"]] if request.get("CompatibleRuntime") else [])
    here = (call.account, call.region)
    found = _newest(call, request, here, paging.start_of(request.get("Marker")))
    layers, marker = paging.page(found, here, request.get("MaxItems"))
    listed = [
        {"LayerName": layer.name, "LayerArn": layer.arn, "LatestMatchingVersion": _listed(layer, row)}
        for layer, row in layers
    ]
    return paging.with_marker({"Layers": listed}, marker)


def _newest(
    ctx: Context, request: Request, here: tuple[str, str], start: Key
) -> Iterator[tuple[Key, tuple[LayerName, LayerVersionRow]]]:
    for key, _ in ctx.tx.scan(LAYER_NUMBERING, here, start=start):
        layer = LayerName(*here, key[2])
        for _, row in ctx.tx.scan(LAYER_VERSIONS, layer.key, reverse=True):
            if _matches(request, row):
                yield key, (layer, row)
                break


OPERATIONS = (
    publish_layer_version,
    get_layer_version,
    get_layer_version_by_arn,
    delete_layer_version,
    list_layer_versions,
    list_layers,
)
