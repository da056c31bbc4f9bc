"""Every operation that is served, signed by botocore in the header and in the URL: each is accepted as it came, and
refused when one bit of its signature, path or body is another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.wire.test_every_operation import described, sample, serialised

from outfall.core.errors import AwsError
from outfall.host.compose import SERVICES
from outfall.wire.message import WireRequest
from outfall.wire.refusals import Kind, kind_of
from outfall.wire.sigv4 import Verifier, parse_authorization

MOMENT = datetime(2026, 9, 14, 15, 20, 0, tzinfo=UTC)
NOW_MS = int(MOMENT.timestamp() * 1000)
HOST = "127.0.0.1:4566"
WHO = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "FwoG//token==")
LINKS = ("s3", "iam", "sts", "sns")
"""Services whose calls fit into a URL."""
FORMS = {"PostObject"}
"""What no client has an operation for."""


@pytest.fixture(autouse=True)
def _signing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *a, **k: MOMENT.replace(tzinfo=None))


def signed(service: str, operation: str, way: str) -> tuple[WireRequest, Kind]:
    """The request as it goes over the wire, and the dialect of the service."""
    model = described(service)
    shape = model.operation_model(operation).input_shape
    given: dict[str, Any] = sample(shape, full=False)[0] if shape else {}
    if "Bucket" in given:
        given["Bucket"] = "bucket"
    made = serialised(service, operation, given)
    name = model.signing_name or service
    auth: Any
    if way == "header":
        auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(WHO, name, "eu-west-1")
    else:
        auth = (S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth)(WHO, name, "eu-west-1", 600)
    # A client writes a space as %20; the helper that made this request, as forms do.
    query = f"?{made.query.replace('+', '%20')}" if made.query else ""
    headers = {name: text for name, text in made.headers.items() if name != "authorization"}
    if way == "url":
        # What a presigned URL cannot hold is left to whoever follows it: it is a link.
        headers = {name: text for name, text in headers.items() if name.startswith("x-amz-")}
    body = made.body if isinstance(made.body, bytes) else b""
    data: Any = body
    if way == "url":  # a call of the Query protocol becomes a link; of a body that S3 is sent later nothing is signed
        data = dict(parse_qsl(body.decode(), keep_blank_values=True)) if service != "s3" else {}
        body = b"" if service != "s3" else body
    request = AWSRequest(made.method, f"http://{HOST}{made.path}{query}", headers, data)
    auth.add_auth(request)
    url = urlsplit(request.url)
    sent = {"host": HOST, **{name.lower(): text for name, text in request.headers.items()}}
    return WireRequest(made.method, url.path, url.query, sent, body), kind_of(service, model.metadata["protocol"])


def refused(request: WireRequest, kind: Kind) -> bool:
    """Whether the signature is not accepted."""
    try:
        claim = parse_authorization(request, kind)
        assert claim is not None
        Verifier().verify(claim, request, WHO.secret_key, NOW_MS, kind)
    except AwsError:
        return True
    return False


@pytest.mark.parametrize(
    "service, way", [*((one.name, "header") for one in SERVICES), *((one, "url") for one in LINKS)]
)
def test_what_botocore_signs_for_an_operation_is_accepted_and_nothing_else(service: str, way: str) -> None:
    served = next(one for one in SERVICES if one.name == service)
    names = [name for name in served.operations if name not in FORMS]
    assert names
    wrong = []
    for name in names:
        request, kind = signed(service, name, way)
        if refused(request, kind):
            wrong.append(f"{name}: {request.method} {request.path}?{request.query} is refused")
        request.path += "x"
        if not refused(request, kind):
            wrong.append(f"{name}: another path is accepted")
        request.path = request.path[:-1]
        if service != "s3" or way == "header":
            # A body of S3 is compared with its digest when it is taken in, and one of a link is not signed.
            part = "x-amz-content-sha256" if service == "s3" else ""
            if part:
                request.headers[part] = "0" * 64
            else:
                request.body = (request.body or b"") + b" "  # type: ignore[operator]
            if not refused(request, kind):
                wrong.append(f"{name}: another body is accepted")
    assert not wrong, "\n".join(wrong)
