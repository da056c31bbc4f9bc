"""The warm parent: an interpreter that has imported what functions commonly import, and forks an environment a request.

It reads requests (JSON, with descriptors beside it) from a socket and ends when that socket closes, which is how it
learns that the server is gone. Started as `main(channel_fd, isolated, with_boto3)`; see `launcher.py` for the requests.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from . import function, keeper, kernel

REQUEST_SIZE_MAX = 256 * 1024
# fmt: off
PREIMPORTED = (
    "argparse", "ast", "asyncio", "base64", "bisect", "calendar", "collections", "concurrent.futures", "contextlib",
    "copy", "csv", "ctypes", "dataclasses", "datetime", "decimal", "email.message", "email.parser", "enum",
    "functools", "hashlib", "hmac", "html", "http.client", "http.cookies", "inspect", "io", "ipaddress", "itertools",
    "json", "logging", "logging.handlers", "math", "mimetypes", "multiprocessing", "numbers", "operator", "pathlib",
    "pickle", "platform", "queue", "random", "re", "secrets", "shutil", "signal", "simplejson", "snapshot_restore_py",
    "socket", "ssl", "statistics", "string", "subprocess", "tempfile", "textwrap", "threading", "time", "traceback",
    "typing", "unittest.mock", "urllib.error", "urllib.parse", "urllib.request", "uuid", "xml.etree.ElementTree",
    "zipfile", "zlib", "zoneinfo", "awslambdaric.lambda_context", "awslambdaric.lambda_literals",
    "awslambdaric.lambda_runtime_exception", "awslambdaric.lambda_runtime_log_utils",
    "awslambdaric.lambda_runtime_marshaller",
)
# fmt: on
"""What functions and the runtime client commonly import. The client itself is imported after the fork: it takes its
endpoint and formats from the environment at import."""
BOTO3 = ("boto3", "botocore.client", "botocore.httpsession", "boto3.s3.transfer", "boto3.dynamodb.conditions")


def main(channel_fd: int, isolated: bool, with_boto3: bool) -> dict[str, Any]:
    """Serves until the channel closes. Returns in forked functions only, with the request that they are to run."""
    channel = socket.socket(fileno=channel_fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.die_with_parent()
    if isolated:
        keeper.try_isolation()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    channel.send(b'{"ready":true}')
    _import_ahead(with_boto3)
    gc.collect()
    gc.freeze()
    own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY) if isolated else -1
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, REQUEST_SIZE_MAX, 4)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if isolated:
            kernel.unshare(kernel.NEWPID)
        child = os.fork()
        if child == 0:
            channel.close()
            return keeper.keep(request, descriptors, isolated)
        if isolated:
            kernel.enter(own_pids, kernel.NEWPID)
        for descriptor in descriptors:
            os.close(descriptor)


def _import_ahead(with_boto3: bool) -> None:
    function.note_base_modules()
    for name in PREIMPORTED + (BOTO3 if with_boto3 else ()):
        try:
            __import__(name)
        except ImportError:
            continue
    if with_boto3:
        try:
            _warm_boto3()
        except Exception as error:  # a boto3 of another build may differ; functions then load its data themselves
            print(f"boto3 could not be warmed: {error!r}", file=sys.stderr)


def _warm_boto3() -> None:
    """Loads the data of common services into boto3's default session. It holds no credentials and no region yet: the
    session reads both from the environment when the first client is made."""
    import boto3

    boto3.setup_default_session()
    loader = boto3.DEFAULT_SESSION._session.get_component("data_loader")
    for name in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        loader.load_data(name)
    for service in ("s3", "sqs", "sts"):
        loader.load_service_model(service, "service-2")
        loader.load_service_model(service, "endpoint-rule-set-1")
