"""The service models, read from botocore's data files and kept as tables. What the formats make of them is elsewhere.

botocore itself is never imported: that would cost 200 ms at start, and only its data is needed.
"""

from __future__ import annotations

import gzip
import importlib.util
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from outfall.wire.legacy import QUERY_NAMES, XML_NAMESPACES

Shape = dict[str, Any]
"""A shape with the traits of the member that refers to it merged over it; `shape` is its name. A `locationName` is the
member's; the shape's own, which names a document's root element, is `rootName`."""


class UnknownService(KeyError):
    """There is no model of that name."""


class OperationModel:
    """One operation: where it lies, what goes in and out, and what the formats compiled for it (`compiled`)."""

    def __init__(self, service: ServiceModel, name: str, document: dict[str, Any]) -> None:
        http = document.get("http", {})
        self.service = service
        self.name = name
        self.method: str = http.get("method", "POST")
        self.uri: str = http.get("requestUri", "/")
        self.status: int = http.get("responseCode", 200)
        self.deprecated: bool = bool(document.get("deprecated"))
        self.input: Shape | None = service.resolve(document["input"]) if "input" in document else None
        self.output: Shape | None = service.resolve(document["output"]) if "output" in document else None
        self.output_wrapper: str | None = self.output.get("resultWrapper") if self.output else None
        self.streams_input = bool(self.input and streams(service, self.input))
        self.compiled: dict[str, Any] = {}


class ServiceModel:
    """One service's model, and its operations by name. `document` is the content of a `service-2.json`."""

    def __init__(self, name: str, document: dict[str, Any]) -> None:
        metadata = document["metadata"]
        self.name = name
        self.metadata: dict[str, Any] = metadata
        self.protocol: str = metadata["protocol"]
        self.protocols: list[str] = metadata.get("protocols", [self.protocol])
        self.json_version: str = metadata.get("jsonVersion", "1.0")
        self.query_compatible = "awsQueryCompatible" in metadata
        self.xml_namespace: str = metadata.get("xmlNamespace") or XML_NAMESPACES.get(name, "")
        self.shapes: dict[str, Shape] = document["shapes"]
        self.declared: dict[str, dict[str, Any]] = document["operations"]
        self.compiled: dict[str, Any] = {}
        self._operations: dict[str, OperationModel] = {}

    def resolve(self, ref: Shape) -> Shape:
        """The shape that a member refers to, with the member's traits over its own."""
        own = self.shapes[ref["shape"]]
        shape = {**own, **ref}
        if "locationName" in own:
            shape["rootName"] = own["locationName"]
            if "locationName" not in ref:
                del shape["locationName"]
        return shape

    def members(self, shape: Shape) -> dict[str, Shape]:
        """The members of a structure, each resolved."""
        return {name: self.resolve(ref) for name, ref in shape.get("members", {}).items()}

    def operation(self, name: str) -> OperationModel | None:
        """The operation of that name; None if the service has none."""
        known = self._operations.get(name)
        if known is None and name in self.declared:
            known = self._operations[name] = OperationModel(self, name, self.declared[name])
        return known

    @cached_property
    def errors(self) -> dict[str, Shape]:
        """Error shapes by their names and by the codes that the wire has for them."""
        found: dict[str, Shape] = {}
        for name, shape in self.shapes.items():
            if shape.get("exception"):
                found.setdefault(shape.get("error", {}).get("code", name), {**shape, "shape": name})
                found[name] = {**shape, "shape": name}
        return found

    @cached_property
    def for_query(self) -> ServiceModel:
        """The same service with the names that its query protocol has, where the model has forgotten them."""
        names = QUERY_NAMES.get(self.name)
        if names is None:
            return self
        shapes = {name: names.rename(name, shape) for name, shape in self.shapes.items()}
        document = {"metadata": self.metadata, "shapes": shapes, "operations": self.declared}
        return ServiceModel(self.name, document)


def streams(service: ServiceModel, shape: Shape) -> bool:
    """Whether the payload of this structure is a blob that may be of any size."""
    payload = shape.get("payload")
    if not payload:
        return False
    member = service.resolve(shape["members"][payload])
    return bool(member["type"] == "blob" and member.get("streaming"))


class Models:
    """The models of all services, each read when it is first asked for (S3 takes 18 ms, most less)."""

    def __init__(self, data_path: Path | None = None) -> None:
        """Reads from `data_path`, by default the data of the installed botocore."""
        self._path = data_path or _installed_data()
        self._services: dict[str, ServiceModel] = {}

    def service(self, name: str) -> ServiceModel:
        """The model of a service by its name in botocore (`s3`, `lambda`); raises `UnknownService`."""
        known = self._services.get(name)
        if known is None:
            known = self._services[name] = self._read(name)
        return known

    def add(self, model: ServiceModel) -> None:
        """Puts a model in place, for tests."""
        self._services[model.name] = model

    def _read(self, name: str) -> ServiceModel:
        folder = self._path / name
        if not name or "/" in name or name.startswith(".") or not folder.is_dir():
            raise UnknownService(name)
        version = max(one for one in folder.iterdir() if one.is_dir())
        packed = version / "service-2.json.gz"
        if packed.exists():
            return ServiceModel(name, msgspec.json.decode(gzip.decompress(packed.read_bytes())))
        return ServiceModel(name, msgspec.json.decode((version / "service-2.json").read_bytes()))


def _installed_data() -> Path:
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore is not installed")
    return Path(spec.origin).parent / "data"
