"""A terminal with the AWS CLI in it, set up as a learner sets it up: environment variables and files in a directory."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from .server import Server, plain_environment


class Terminal:
    """Types commands in a directory of its own, as the root of account 000000000000."""

    def __init__(self, server: Server, directory: Path, key: str = "test", secret: str = "test") -> None:
        self.directory = directory
        self._endpoint = server.endpoint
        self.environment = {
            **plain_environment(),
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "",
            "PYTHONWARNINGS": "ignore",
        }

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """`aws` with these arguments, whatever comes of it."""
        environment = {**self.environment, **more}
        if arguments[0] == "sqs":  # version 1 of the CLI has an endpoint of its own for SQS, and reads no variable
            arguments = (*arguments, "--endpoint-url", self._endpoint)
        return subprocess.run(
            ["aws", *arguments],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def aws(self, *arguments: str) -> Any:
        """What `aws` prints: its JSON read, or its text, or None for nothing. It has to succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"aws {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            return done.stdout

    def refused(self, *arguments: str, **more: str) -> str:
        """The line that `aws` prints when it is refused."""
        done = self.run(*arguments, **more)
        assert done.returncode != 0, f"aws {' '.join(arguments)} was not refused\n{done.stdout}"
        return done.stderr.strip()

    def write(self, name: str, content: str | bytes | dict[str, Any]) -> str:
        """A file in the directory; its name, for `file://`."""
        if isinstance(content, dict):
            content = json.dumps(content)
        (self.directory / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return name
