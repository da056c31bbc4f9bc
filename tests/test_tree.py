"""The source tree itself: what the house rules say of files, lists and state, looked at rather than trusted.

What is imported by whom is import-linter's part, in pyproject.toml; what the docs have to tell is `docs/test_told.py`.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import cast

from outfall.host.compose import SERVICES

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "outfall"
TESTS = ROOT / "tests"
MODULES = {str(path.relative_to(SOURCE)): ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}

LINES_MAX = 300
FUNCTION_LINES_MAX = 60
LONG_FUNCTIONS = {("host/compose.py", "compose"): "all the wiring, to be read on one page"}

OWN_PROCESS = ("sandbox/inside/*",)
"""Scripts of a process that is one function's own: what they keep in the module is that process's state."""

TESTED_BY = {
    "__main__.py": "cli/test_commands.py",
    "authz/*": "authz/test_authorize.py",
    "cli/doctor.py": "cli/test_findings.py",
    "cli/moving.py": "clients/test_import.py",
    "cli/*": "cli/test_commands.py",
    "core/pattern_reader.py": "core/test_event_pattern.py",
    "core/*": "core/test_pattern.py",
    "flow/bridge.py": "services/s3/test_event_bridge.py",
    "flow/*": "simulation/test_road.py",
    "host/function_urls.py": "services/lambda_/test_urls.py",
    "host/private_*": "clients/test_private_api.py",
    "host/websites.py": "clients/test_s3_browsers.py",
    "host/*": "clients",
    "sandbox/*": "sandbox/test_environment.py",
    "services/*/*": "services/{1}",
    "store/*": "contracts",
    "testing/plugin.py": "testing/test_inside.py",
    "wire/*": "wire/test_protocols.py",
}
"""Which tests go through the modules that no test file is named after and none imports: a file, or a folder of tests by
topic. The first pattern that fits counts; `{1}` is the second part of the module's path."""

CHANGING = frozenset(
    "add append clear discard extend insert move_to_end pop popitem remove setdefault update".split()  # noqa: SIM905
)
CONTAINERS = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
MAKERS = frozenset({"bytearray", "defaultdict", "deque", "dict", "list", "set", "Counter", "OrderedDict"})


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def bound(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The names that a module gives to values, and the values."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((ast.unparse(target), node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield ast.unparse(node.target), node.value


def is_container(value: ast.expr) -> bool:
    made = isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in MAKERS
    return made or isinstance(value, CONTAINERS)


def changes(tree: ast.Module) -> Iterator[str]:
    """Where functions change what belongs to their module."""
    names = {name for name, _ in bound(tree)}
    for function in functions(tree):
        used = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        own = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
        own |= {name.id for name in used if isinstance(name.ctx, ast.Store)}
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield f"line {node.lineno}: global {', '.join(node.names)}"
            written = isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
            if written or (isinstance(node, ast.Attribute) and node.attr in CHANGING):
                changed = cast(ast.Subscript | ast.Attribute, node).value
                if isinstance(changed, ast.Name) and changed.id in names - own:
                    yield f"line {node.lineno}: {changed.id}"


def test_a_module_says_what_belongs_in_it_and_fits_on_a_few_screens() -> None:
    wrong = []
    for module, tree in MODULES.items():
        lines = len((SOURCE / module).read_text().splitlines())
        if not ast.get_docstring(tree):
            wrong.append(f"{module} does not open with what belongs in it")
        if lines > LINES_MAX:
            wrong.append(f"{module} has {lines} lines: split it by topic")
        for function in functions(tree):
            long = (function.end_lineno or 0) - function.lineno + 1
            if long > FUNCTION_LINES_MAX and (module, function.name) not in LONG_FUNCTIONS:
                wrong.append(f"{module}: {function.name} has {long} lines")
    assert not wrong


def test_no_module_keeps_state() -> None:
    wrong = []
    for module, tree in MODULES.items():
        if any(fnmatch(module, room) for room in OWN_PROCESS):
            continue
        lower = {name for name, value in bound(tree) if is_container(value) and name.upper() != name} - {"__all__"}
        wrong += [f"{module}: {name} is a constant and not in capitals" for name in sorted(lower)]
        wrong += [f"{module}, {change}" for change in changes(tree)]
    assert not wrong


def test_what_changes_a_module_is_found() -> None:
    tree = ast.parse("A = []\ndef f():\n  global B\n  A.append(1)\n  A[0] = 2\ndef g(A):\n  A.append(1)\n")
    assert sorted(changes(tree)) == ["line 3: global B", "line 4: A", "line 5: A"]


def test_every_module_has_its_tests() -> None:
    imported = set()
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    needed = set()
    for module in MODULES:
        path = Path(module)
        name = ".".join(("outfall", *path.with_suffix("").parts))
        if path.name == "__init__.py" or name in imported or (TESTS / path.parent / f"test_{path.name}").exists():
            continue
        pattern = next((one for one in TESTED_BY if fnmatch(module, one)), None)
        assert pattern, f"{module} is tested by nothing that is known"
        where = TESTS / TESTED_BY[pattern].replace("{1}", path.parts[min(1, len(path.parts) - 1)])
        assert where.is_file() or any(where.glob("test_*.py")), f"{module} is tested by {where}, which is not there"
        needed.add(pattern)
    assert needed == set(TESTED_BY), "a line of the table has become needless"


def test_every_folder_of_services_is_served_and_held_apart() -> None:
    folders = {path.parent.name for path in (SOURCE / "services").glob("*/__init__.py")}
    assert {service.name for service in SERVICES} == {folder.rstrip("_") for folder in folders}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    apart = next(one for one in contracts if one["type"] == "independence")
    assert set(apart["modules"]) == {f"outfall.services.{folder}" for folder in folders}


def test_nothing_is_left_to_be_done_in_a_comment() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX")
    for folder, pattern in ((SOURCE, "*.py"), (ROOT / "console" / "src", "*.ts*"), (ROOT / "docs", "*.md")):
        for path in folder.rglob(pattern):
            assert not [mark for mark in marks if mark in path.read_text()], path
