"""JSON bodies read with msgspec into dicts of the model's types. They are written by `json_out.py`.

A shape that needs nothing done to its values (no timestamp, no renamed member) costs one call of msgspec; any other is
walked by functions compiled once per shape.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import msgspec

from outfall.wire.errors import SerializationException
from outfall.wire.models import ServiceModel, Shape
from outfall.wire.shapes import (
    INTEGER_MAX,
    INTEGER_MIN,
    LONG_MAX,
    LONG_MIN,
    NOT_NUMBERS,
    read_timestamp,
    seconds_to_ms,
)

Walk = Callable[[Any], Any]
SIMPLE_TYPES: dict[str, Any] = {
    "string": str,
    "character": str,
    "boolean": bool,
    "blob": bytes,
    "integer": Annotated[int, msgspec.Meta(ge=INTEGER_MIN, le=INTEGER_MAX)],
    "short": Annotated[int, msgspec.Meta(ge=INTEGER_MIN, le=INTEGER_MAX)],
    "byte": Annotated[int, msgspec.Meta(ge=INTEGER_MIN, le=INTEGER_MAX)],
    "long": Annotated[int, msgspec.Meta(ge=LONG_MIN, le=LONG_MAX)],
    "biginteger": Annotated[int, msgspec.Meta(ge=LONG_MIN, le=LONG_MAX)],
    "float": float | str,
    "double": float | str,
    "bigdecimal": float | str,
    "timestamp": int | float | str,
}
FLOATS = ("float", "double", "bigdecimal")
WIRE_NAMES = {"int": "NUMBER_VALUE", "float": "NUMBER_VALUE", "str": "STRING_VALUE", "bool": "BOOLEAN_VALUE"}
SHAPE_NAMES = {"str": "a String", "int": "an Integer", "float": "a Double", "bool": "a Boolean", "bytes": "a Blob"}
EXPECTED = re.compile(r"Expected `(\w+)[^`]*`, got `(\w+)`")


def wire_name(member: str, shape: Shape) -> str:
    """The key of a member in JSON."""
    name: str = shape.get("locationName", member)
    return name


class Reader:
    """Reads the JSON of one structure: `Reader(service, shape, members)(body)`."""

    def __init__(self, service: ServiceModel, shape: Shape, members: dict[str, Shape] | None = None) -> None:
        types = _Types(service)
        document = shape.get("document")
        self._walk = None if document else Readers(service).top(shape, members, types)
        self._decode = msgspec.json.Decoder(Any if document else types.top(shape, members)).decode

    def __call__(self, body: bytes) -> Any:
        """Members by their names in the model; raises `SerializationException`."""
        try:
            value = self._decode(body)
            if b"null" in body:
                value = without_nulls(value)
            if self._walk is not None:
                value = self._walk(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise SerializationException(_explain(error)) from None
        except RecursionError:
            raise SerializationException("The request is nested too deeply.") from None
        return value


def _explain(error: Exception) -> str:
    said = EXPECTED.search(str(error))
    if not isinstance(error, msgspec.MsgspecError):
        return "A value could not be read as its type."
    if said is None:
        return (
            "Unable to parse the request body as JSON."
            if not isinstance(error, msgspec.ValidationError)
            else str(error)
        )
    expected, got = said.groups()
    if got in ("object", "array"):
        return f"Start of {'structure or map' if got == 'object' else 'list'} found where not expected."
    if expected in ("object", "array"):
        return f"Expected {'map or structure' if expected == 'object' else 'list'} or null"
    return f"{WIRE_NAMES.get(got, got)} can not be converted to {SHAPE_NAMES.get(expected, expected)}"


def without_nulls(value: Any) -> Any:
    """The same value where a null member counts as absent, as it does on AWS."""
    if type(value) is dict:
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if type(value) is list:
        return [without_nulls(one) for one in value if one is not None]
    return value


class _Types:
    """What msgspec is told of the shapes. A shape inside itself is left open; `Readers` checks it."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._open: list[str] = []
        self._known: dict[str, Any] = {}

    def top(self, shape: Shape, members: dict[str, Shape] | None) -> Any:
        if shape["type"] != "structure":
            return self.of(shape)
        if members is None:
            return self.of(shape)
        return self._structure(shape, members)

    def of(self, shape: Shape) -> Any:
        kind, name = shape["type"], shape["shape"]
        if shape.get("document"):
            return Any
        if kind not in ("structure", "list", "map"):
            return SIMPLE_TYPES[kind]
        if name in self._known:
            return self._known[name]
        if name in self._open:
            return Any
        self._open.append(name)
        self._known[name] = made = self._compound(kind, shape)
        self._open.pop()
        return made

    def _compound(self, kind: str, shape: Shape) -> Any:
        if kind == "list":
            return list[self.of(self._service.resolve(shape["member"])) | None]  # type: ignore[misc]
        if kind == "map":
            return dict[str, self.of(self._service.resolve(shape["value"])) | None]  # type: ignore[misc]
        return self._structure(shape, self._service.members(shape))

    def _structure(self, shape: Shape, members: dict[str, Shape]) -> Any:
        fields = {wire_name(name, member): self.of(member) | None for name, member in members.items()}
        return TypedDict(shape["shape"], fields, total=False)  # type: ignore[operator, unused-ignore]


class Readers:
    """Compiles the walk of a shape: None where msgspec's value is the value."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._made: dict[str, Walk] = {}

    def top(self, shape: Shape, members: dict[str, Shape] | None, types: _Types) -> Walk | None:
        """The walk of a whole document."""
        if shape["type"] == "structure":
            members = self._service.members(shape) if members is None else members
            if not any(needs_walk(self._service, one, name) for name, one in members.items()):
                return None
            return self._structure(members, {})
        return self.of(shape) if needs_walk(self._service, shape) else None

    def of(self, shape: Shape) -> Walk:
        """A function from what JSON has to what handlers get; raises ValueError or TypeError."""
        kind, name = shape["type"], shape["shape"]
        if shape.get("document"):
            return unchanged
        if kind not in ("structure", "list", "map"):
            return SIMPLE_WALKS.get(kind) or _checked(kind)
        if name not in self._made:
            self._compile(kind, name, shape)
        return self._made[name]

    def _compile(self, kind: str, name: str, shape: Shape) -> None:
        if kind == "structure":
            table: dict[str, tuple[str, Walk]] = {}
            self._made[name] = self._structure({}, table)
            table.update(self._table(self._service.members(shape)))
            return
        inner: list[Walk] = []
        if kind == "list":
            self._made[name] = lambda value: [inner[0](one) for one in _instance(value, list) if one is not None]
            inner.append(self.of(self._service.resolve(shape["member"])))
        else:
            self._made[name] = lambda value: {
                key: inner[0](one) for key, one in _instance(value, dict).items() if one is not None
            }
            inner.append(self.of(self._service.resolve(shape["value"])))

    def _table(self, members: dict[str, Shape]) -> dict[str, tuple[str, Walk]]:
        return {wire_name(name, shape): (name, self.of(shape)) for name, shape in members.items()}

    def _structure(self, members: dict[str, Shape], table: dict[str, tuple[str, Walk]]) -> Walk:
        table.update(self._table(members))

        def walk(value: Any) -> dict[str, Any]:
            found = {}
            for key, one in _instance(value, dict).items():
                entry = table.get(key)
                if entry is not None and one is not None:
                    found[entry[0]] = entry[1](one)
            return found

        return walk


def needs_walk(service: ServiceModel, shape: Shape, member: str = "", above: tuple[str, ...] = ()) -> bool:
    """Whether a value of this shape is not simply what msgspec reads."""
    kind, name = shape["type"], shape["shape"]
    if shape.get("document"):
        return False
    if kind == "timestamp" or kind in FLOATS or name in above:
        return True
    if member and wire_name(member, shape) != member:
        return True
    above = (*above, name)
    if kind == "structure":
        return any(needs_walk(service, one, key, above) for key, one in service.members(shape).items())
    if kind in ("list", "map"):
        return needs_walk(service, service.resolve(shape["member" if kind == "list" else "value"]), "", above)
    return False


def unchanged(value: Any) -> Any:
    return value


def _instance(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}")
    return value


def _checked(kind: str) -> Walk:
    wanted: type = {"string": str, "character": str, "boolean": bool}.get(kind, int)

    def check(value: Any) -> Any:
        if type(value) is not wanted or (isinstance(value, int) and not LONG_MIN <= value <= LONG_MAX):
            raise TypeError(f"expected {kind}")
        return value

    return check


def _read_blob(value: Any) -> bytes:
    return value if isinstance(value, bytes) else base64.b64decode(_instance(value, str), validate=True)


def _read_float(value: Any) -> float:
    if isinstance(value, str):
        if value not in NOT_NUMBERS:
            raise ValueError("not a number")
        return NOT_NUMBERS[value]
    return _instance(value, (int, float))  # type: ignore[arg-type, no-any-return]


def _read_timestamp(value: Any) -> int:
    return read_timestamp(value) if isinstance(value, str) else seconds_to_ms(_instance(value, (int, float)))  # type: ignore[arg-type]


SIMPLE_WALKS: dict[str, Walk] = {
    "blob": _read_blob,
    "timestamp": _read_timestamp,
    **dict.fromkeys(FLOATS, _read_float),
}
