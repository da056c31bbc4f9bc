"""Which members of the requests of served operations no code reads: found in the source, without running it.

A member counts as read when its name stands as a text in the handler, or in anything that the handler names, and so on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import outfall
from outfall.core.service import Operation

SOURCE = Path(outfall.__file__).parent
Name = tuple[str, str]
"""Module and name of what a module defines."""


@cache
def _defined() -> dict[Name, ast.AST]:
    """Everything that modules define: functions, classes, values."""
    found: dict[Name, ast.AST] = {}
    for module, tree in _trees().items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[module, node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
                found |= {(module, name): node for name in names}
    return found


@cache
def _trees() -> dict[str, ast.Module]:
    found = {}
    for file in SOURCE.rglob("*.py"):
        parts = file.relative_to(SOURCE.parent).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[module] = ast.parse(file.read_text("utf-8"))
    return found


@cache
def _imported() -> dict[Name, Name]:
    """What modules import from each other; the second name is empty for a whole module."""
    found: dict[Name, Name] = {}
    for module, tree in _trees().items():
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    found[module, alias.asname or alias.name] = (
                        (whole, "") if whole in _trees() else (node.module, alias.name)
                    )
    return found


def _places(module: str, node: ast.AST) -> Iterator[Name]:
    """What the code at `node` names."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield _imported().get((module, one.id), (module, one.id))
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name):
            whole, name = _imported().get((module, one.value.id), ("", ""))
            if whole and not name:
                yield whole, one.attr


@cache
def _texts_at(place: Name) -> tuple[frozenset[str], tuple[Name, ...]]:
    """The texts in a definition, and what else it names."""
    node = _defined()[place]
    texts = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return frozenset(texts), tuple(_places(place[0], node))


def _texts(start: Name) -> set[str]:
    """The texts in a definition and in all that it leads to."""
    seen: set[Name] = set()
    texts: set[str] = set()
    waiting = [start]
    while waiting:
        place = waiting.pop()
        place = _imported().get(place, place)
        if place in _defined() and place not in seen:
            seen.add(place)
            found, named = _texts_at(place)
            texts |= found
            waiting += named
    return texts


def unread(request: Any, operation: Operation) -> Iterator[str]:
    """The members that no code of the operation reads, as paths from its request (`Targets.EcsParameters`); `request`
    is the shape that botocore has of it. What lies within a member that is not read is not told."""
    texts = _texts((operation.handler.__module__, operation.handler.__name__))
    return _unread(request, texts, (), frozenset()) if request is not None else iter(())


def _unread(shape: Any, texts: set[str], path: tuple[str, ...], within: frozenset[str]) -> Iterator[str]:
    inner = within | {shape.name}
    if shape.name in within:
        return
    if shape.type_name == "list":
        yield from _unread(shape.member, texts, path, inner)
    elif shape.type_name == "map":
        yield from _unread(shape.value, texts, path, inner)
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            if name in texts:
                yield from _unread(member, texts, (*path, name), inner)
            else:
                yield ".".join((*path, name))
