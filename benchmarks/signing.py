"""Requests as bytes, signed with Signature Version 4 by a signer of their own, nothing of what is measured."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

REGION = "us-east-1"


@lru_cache
def _key(secret: str, date: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, REGION, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class Signer:
    """Signs requests to one server with one key."""

    def __init__(self, port: int, key: str = "test", secret: str = "test") -> None:
        self.port = port
        self._access_key = key
        self._secret = secret

    def request(
        self,
        service: str,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Iterable[tuple[str, str]] = (),
        query: str = "",
        *,
        unsigned_body: bool = False,
    ) -> bytes:
        """The bytes of a request. `path` and `query` are percent-encoded, `query` sorted by name."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        digest = "UNSIGNED-PAYLOAD" if unsigned_body else hashlib.sha256(body).hexdigest()
        told = {"host": f"127.0.0.1:{self.port}", "x-amz-content-sha256": digest, "x-amz-date": moment, **dict(headers)}
        names = sorted(told)
        lines = "".join(f"{name}:{told[name]}\n" for name in names)
        canonical = f"{method}\n{path}\n{query}\n{lines}\n{';'.join(names)}\n{digest}"
        scope = f"{moment[:8]}/{REGION}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(_key(self._secret, moment[:8], service), text.encode(), "sha256").hex()
        told["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._access_key}/{scope}, SignedHeaders={';'.join(names)}, "
            f"Signature={signature}"
        )
        told["content-length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"{method} {path}{'?' + query if query else ''} HTTP/1.1\r\n{head}\r\n".encode() + body

    def sqs(self, operation: str, **parameters: Any) -> bytes:
        """A call of SQS in its JSON protocol."""
        headers = (("content-type", "application/x-amz-json-1.0"), ("x-amz-target", f"AmazonSQS.{operation}"))
        return self.request("sqs", "POST", "/", json.dumps(parameters).encode(), headers)

    def s3(self, method: str, path: str, body: bytes = b"", query: str = "", *, unsigned_body: bool = False) -> bytes:
        """A call of S3, path style."""
        return self.request("s3", method, path, body, (), query, unsigned_body=unsigned_body)

    def functions(self, method: str, path: str, parameters: dict[str, Any] | None = None) -> bytes:
        """A call of Lambda."""
        body = b"" if parameters is None else json.dumps(parameters).encode()
        return self.request("lambda", method, path, body, (("content-type", "application/json"),))

    def iam(self, body: bytes) -> bytes:
        """A call of IAM in its query protocol; `body` is the form."""
        return self.request("iam", "POST", "/", body, (("content-type", "application/x-www-form-urlencoded"),))
