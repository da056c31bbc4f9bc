"""Which operation of a REST service a method, a path and a query string mean, from the model's URIs alone."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from outfall.wire.models import OperationModel, ServiceModel
from outfall.wire.rest import Params, percent_decoded


class Pattern(msgspec.Struct, frozen=True):
    """An operation's URI: segments (a label as `{Name}`), markers in the query, and what else a request must have."""

    operation: str
    segments: tuple[str, ...]
    greedy: bool
    markers: tuple[tuple[str, str], ...]
    queries: tuple[str, ...]
    headers: tuple[str, ...]
    known: frozenset[str]

    def may_have(self, count: int) -> bool:
        """Whether a path of so many segments may be of this pattern."""
        return count == len(self.segments) or (self.greedy and count > len(self.segments))

    def labels(self, parts: list[str]) -> dict[str, str] | None:
        """The labels' values (decoded) if the path is of this pattern; ValueError if it is not UTF-8."""
        count = len(self.segments)
        if len(parts) < count or (len(parts) > count and not self.greedy):
            return None
        found: dict[str, str] = {}
        last = count - 1
        for at, segment in enumerate(self.segments):
            part = "/".join(parts[at:]) if self.greedy and at == last else parts[at]
            if segment[:1] != "{":
                if part != segment:
                    return None
            elif not part:
                return None
            else:
                found[segment[1:-1]] = percent_decoded(part)
        return found

    def marked(self, params: Params) -> bool:
        """Whether the query string has this pattern's markers."""
        for name, value in self.markers:
            given = params.get(name)
            if given is None or (value and value not in given):
                return False
        return True

    def complete(self, params: Params, headers: Mapping[str, str]) -> bool:
        """Whether the request has what else tells this operation from its neighbours."""
        for name in self.queries:
            if name not in params:
                return False
        return not self.headers or all(name in headers for name in self.headers)


class Paths:
    """The patterns of a service by method, the most particular first."""

    def __init__(self, service: ServiceModel) -> None:
        patterns: dict[str, list[tuple[tuple[int, ...], Pattern]]] = {}
        for name in service.declared:
            operation = service.operation(name)
            if operation is not None:
                pattern = compile_pattern(service, operation)
                patterns.setdefault(operation.method, []).append((_rank(operation, pattern), pattern))
        self.methods: dict[str, tuple[Pattern, ...]] = {
            method: tuple(one for _, one in sorted(ranked, key=lambda pair: pair[0]))
            for method, ranked in patterns.items()
        }
        self._longest = 1 + max((len(one.segments) for group in self.methods.values() for one in group), default=0)
        self._plain = {
            (method, count): tuple(one for one in group if not one.markers and one.may_have(count))
            for method, group in self.methods.items()
            for count in range(1, self._longest + 1)
        }
        every = [one for group in self.methods.values() for one in group]
        self.markers = frozenset(name for one in every for name, _ in one.markers)
        self.markers |= frozenset(name for one in every if one.greedy and not one.markers for name in one.queries)

    def find(
        self, method: str, path: str, params: Params, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, str]] | None:
        """The operation and its path labels; None if there is none, or if the query string asks for another one."""
        parts = path[1:].split("/")
        asked = [name for name in params if name in self.markers] if params else []
        if not asked:
            return self._plainly(method, parts, params, headers)
        lacking: tuple[str, dict[str, str]] | None = None
        for pattern in self.methods.get(method, ()):
            if not pattern.marked(params):
                continue
            labels = pattern.labels(parts)
            if labels is None:
                continue
            understood = all(name in pattern.known for name in asked)
            if understood and pattern.complete(params, headers):
                return pattern.operation, labels
            if understood and pattern.markers and lacking is None:
                lacking = pattern.operation, labels
        return lacking

    def _plainly(
        self, method: str, parts: list[str], params: Params, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, str]] | None:
        """The same where no parameter marks an operation: nearly all requests."""
        for pattern in self._plain.get((method, min(len(parts), self._longest)), ()):
            if (pattern.queries or pattern.headers) and not pattern.complete(params, headers):
                continue
            labels = pattern.labels(parts)
            if labels is not None:
                return pattern.operation, labels
        return None


def compile_pattern(service: ServiceModel, operation: OperationModel) -> Pattern:
    """The pattern of an operation's `requestUri` and of the members that it requires outside the body."""
    path, _, query = operation.uri.partition("?")
    segments = tuple(path.strip("/").split("/"))
    greedy = segments[-1].endswith("+}")
    segments = tuple(one.replace("+}", "}") for one in segments)
    markers = tuple((name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part))
    members = service.members(operation.input) if operation.input else {}
    required = set(operation.input.get("required", ())) if operation.input else set()

    def named(location: str, wanted: set[str]) -> list[str]:
        return [
            one.get("locationName", name)
            for name, one in members.items()
            if one.get("location") == location and name in wanted
        ]

    discriminates = service.protocol == "rest-xml"
    queries = tuple(named("querystring", required)) if discriminates else ()
    headers = tuple(one.lower() for one in named("header", required)) if discriminates else ()
    known = frozenset(named("querystring", set(members))) | {name for name, _ in markers}
    return Pattern(operation.name, segments, greedy, markers, queries, headers, known)


def _rank(operation: OperationModel, pattern: Pattern) -> tuple[int, ...]:
    literals = sum(1 for one in pattern.segments if one[:1] != "{")
    wanted = len(pattern.queries) + len(pattern.headers)
    return (
        -literals,
        int(pattern.greedy),
        -len(pattern.segments),
        -len(pattern.markers),
        -wanted,
        operation.deprecated,
    )
