"""The function's process after the fork: becomes a clean Lambda process, then runs the runtime client or a program.

`descriptors` of the request are the control socket and the log pipe.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import CodeType
from typing import Any

from . import kernel

TASK_ROOT = "/var/task"
LOG_DESCRIPTOR = 62
NOFILE_MAX = 1024
AWS_FAMILY = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"})
_base_modules: set[str] = set()


def note_base_modules() -> None:
    """Remembers what an interpreter has loaded by itself: a function cannot replace these on AWS either."""
    _base_modules.update(name.partition(".")[0] for name in sys.modules)
    _base_modules.update(("json", "logging", "traceback", "importlib", "time", "simplejson", "runtime_client"))


def become(request: dict[str, Any]) -> None:
    """Takes on the environment of the request: descriptors, session, limits, variables, working directory."""
    control_fd, log_fd = request["descriptors"][:2]
    kernel.die_with_parent()
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control = socket.socket(fileno=control_fd)
    control.send(b'{"started":true}')
    control.detach()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for target in (1, 2, LOG_DESCRIPTOR):
        os.dup2(log_fd, target)
    os.closerange(3, LOG_DESCRIPTOR)
    os.closerange(LOG_DESCRIPTOR + 1, 256)
    _limit(resource.RLIMIT_NOFILE, NOFILE_MAX)
    _limit(resource.RLIMIT_CORE, 0)
    if request["data_limit"]:
        _limit(resource.RLIMIT_DATA, request["data_limit"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    if request["isolated"]:
        kernel.drop_capabilities()


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))


def execute(argv: list[str]) -> None:
    """Replaces the process by a program; as a shell does, ends with 127 if there is none and 126 if it cannot run."""
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(LOG_DESCRIPTOR)
    try:
        os.execve(argv[0], argv, os.environ)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def prepare_interpreter(request: dict[str, Any]) -> None:
    """Gives the forked interpreter a function's module path, with the package's own modules before ours."""
    code, library = request["cwd"], request["library"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    layers = [f"{request['opt']}/python/lib/{version}/site-packages", f"{request['opt']}/python"]
    standard = [path for path in sys.path if path != library and "python" in path]
    sys.path[:] = [code, *layers, *standard, library]
    sys.argv[:] = ["bootstrap.py", request["handler"]]
    sys.dont_write_bytecode = True
    if code != TASK_ROOT:
        _name_task_root(code)
    sys.path_importer_cache.clear()
    _forget_replaced([code, *layers])
    for name in [name for name in sys.modules if name == "inside" or name.startswith("inside.")]:
        del sys.modules[name]


def _forget_replaced(roots: list[str]) -> None:
    """Drops modules that were imported ahead and that the package brings in its own version."""
    brought: set[str] = set()
    for root in roots:
        try:
            brought.update(entry.partition(".")[0] for entry in os.listdir(root))
        except OSError:
            continue
    if brought & AWS_FAMILY:
        brought |= AWS_FAMILY
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top in brought and top not in _base_modules:
            del sys.modules[name]


class _TaskLoader(SourceFileLoader):
    """Compiles modules of the package under the names that they have on AWS, so that stack traces read alike."""

    root = ""

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        named = TASK_ROOT + path[len(self.root) :]
        code: CodeType | None = self.source_to_code(self.get_data(path), named)
        return code


def _name_task_root(code: str) -> None:
    _TaskLoader.root = code
    hook = FileFinder.path_hook(
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (_TaskLoader, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )

    def task_hook(path: str) -> Any:
        if path != code and not path.startswith(code + "/"):
            raise ImportError(path)
        return hook(path)

    sys.path_hooks.insert(0, task_hook)
