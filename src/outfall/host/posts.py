"""Uploads by browsers' forms: taken in, authenticated by the signature of their policy, done as an upload, answered.

What the fields and the policy mean is S3's (`services/s3/posting.py`).
Rule: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

from msgspec.structs import replace

from outfall.core.body import Body
from outfall.core.ports import Tx
from outfall.core.principal import ANONYMOUS
from outfall.host import declared as declarations
from outfall.host import intake
from outfall.host.admission import Admitted, check_token
from outfall.host.config import DEFAULT_REGION
from outfall.host.dispatch import Dispatcher, Visit
from outfall.host.exchange import HttpRequest
from outfall.host.forms import Form, MalformedForm, Part, boundary_of
from outfall.services.s3 import errors, posting
from outfall.wire import codec, refusals, xml, xml_out
from outfall.wire.message import WireRequest, WireResponse
from outfall.wire.models import Models
from outfall.wire.sigv4 import Verifier

NAMED = {"acl": "x-amz-acl"}
"""Fields that PutObject knows as headers of another name."""


class _File:
    """The file's bytes, as the intake reads a body."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def take(self) -> bytes | None:
        """Never in memory as a whole."""
        return None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._form.content()


class Posts:
    """Answers forms that are posted to a bucket."""

    def __init__(self, dispatcher: Dispatcher, blobs: Any) -> None:
        self._dispatcher = dispatcher
        self._blobs = blobs
        self._verifier = Verifier()

    async def answer(self, http: HttpRequest, visit: Visit, bucket: str) -> WireResponse:
        """The answer to a form. Raises AWS's errors; what was stored for it is in the visit."""
        boundary = boundary_of(http.headers.get("content-type", ""))
        if boundary is None:
            raise errors.PreconditionFailed(Condition="Bucket POST must be of the enclosure-type multipart/form-data")
        form = Form(http.body, boundary)
        try:
            fields, part = await _fields(form)
            if part is None:
                raise errors.InvalidArgument(
                    "POST requires exactly one file upload per request.", ArgumentName="file", ArgumentValue="0"
                )
            key = posting.key_of(fields, part.file_name)
            visit.admitted = await self._admit(fields)
            sizes = posting.Sizes()
            if fields.get("policy") and visit.admitted.principal is not ANONYMOUS:
                now = self._dispatcher.front.clock.wall_ms()
                sizes = posting.check_policy(fields["policy"], {**fields, "key": key}, bucket, now)
            body = await self._take_in(http, form, fields)
            await form.finish()
        except MalformedForm:
            raise MalformedPostRequest from None
        visit.stored = body.segments
        posting.check_size(sizes, body.size)
        return await self._put(visit, fields, bucket, key, body)

    async def _admit(self, fields: dict[str, str]) -> Admitted:
        """Who signed the form's policy; anonymous if nobody did. Raises as `Admission.admit` does."""
        version = posting.signed_how(fields)
        if not version:
            return Admitted(ANONYMOUS, DEFAULT_REGION)
        scope = fields.get("x-amz-credential", "").split("/")
        if version == 4 and len(scope) != 5:
            raise refusals.AuthorizationQueryParametersError()
        name = scope[0] if version == 4 else fields["awsaccesskeyid"]
        front, policy = self._dispatcher.front, fields["policy"]

        def work(tx: Tx) -> Admitted:
            caller = front.admission.find(tx, name, "s3")
            if version == 4:
                key = self._verifier.signing_key(caller.secret, scope[1], scope[2], scope[3])
                made, given = hmac.digest(key, policy.encode(), "sha256").hex(), fields["x-amz-signature"]
            else:
                made = b64encode(hmac.digest(caller.secret.encode(), policy.encode(), "sha1")).decode()
                given = fields["signature"]
            if not hmac.compare_digest(made.encode(), given.encode("utf-8", "replace")):
                raise refusals.S3SignatureDoesNotMatch(
                    AWSAccessKeyId=name,
                    StringToSign=policy,
                    SignatureProvided=given,
                    StringToSignBytes=" ".join(f"{byte:02x}" for byte in policy.encode()),
                )
            check_token(caller, fields.get("x-amz-security-token", ""), "s3", front.clock)
            return Admitted(caller.principal, scope[2] if version == 4 else DEFAULT_REGION)

        return await front.store.run(work, durable=False)

    async def _take_in(self, http: HttpRequest, form: Form, fields: dict[str, str]) -> Body:
        named = (declarations.PREFIX, "content-md5")
        headers = {name: value for name, value in fields.items() if name.startswith(named)}
        said = declarations.declare(headers | {"content-length": "0"}, default=declarations.DEFAULT_CHECKSUM)
        file: Any = _File(form)
        upload = HttpRequest(http.method, http.path, "", {}, http.peer_ip, file, None)
        return await intake.store(upload, self._blobs, replace(said, length=None))

    async def _put(self, visit: Visit, fields: dict[str, str], bucket: str, key: str, body: Body) -> WireResponse:
        route, models = visit.route, self._dispatcher.front.models
        headers = {NAMED.get(name, name): value for name, value in fields.items()}
        if "tagging" in fields:
            headers["x-amz-tagging"] = _tagging(models, fields["tagging"])
        route.operation, route.path_params = "PutObject", {"Bucket": bucket, "Key": key}
        visit.parameters = codec.parse(models, route, WireRequest("PUT", "/", "", headers, body))
        response = await self._dispatcher.perform(posting.POST_OBJECT, visit)
        return _answer(visit, fields, bucket, key, response)


class MalformedPostRequest(errors.MalformedXML):
    """The body of your POST request is not well-formed multipart/form-data."""

    code = "MalformedPOSTRequest"


async def _fields(form: Form) -> tuple[dict[str, str], Part | None]:
    """The fields before the file, by name in lower case, and the file's head."""
    fields: dict[str, str] = {}
    left = posting.FIELDS_SIZE_MAX
    while (part := await form.next()) is not None:
        if part.name.lower() == "file":
            return fields, part
        value = await form.value(left)
        if value is None:
            raise errors.MaxPostPreDataLengthExceededError
        left -= len(value) + len(part.name)
        fields.setdefault(part.name.lower(), value.decode("utf-8", "replace"))
    return fields, None


def _tagging(models: Models, text: str) -> str:
    """The tags of a form, as the header of an upload has them. Errors: MalformedXML."""
    service = models.service("s3")
    try:
        found = xml.Reader(service, service.resolve({"shape": "Tagging"}))(xml.parse(text.encode()))
    except ValueError:
        raise errors.MalformedXML from None
    return urlencode([(tag.get("Key", ""), tag.get("Value", "")) for tag in found.get("TagSet") or ()])


def _answer(visit: Visit, fields: dict[str, str], bucket: str, key: str, response: WireResponse) -> WireResponse:
    host = visit.request.headers.get("host", "localhost")
    place = f"http://{host}/{quote(key, safe='')}"
    if not visit.route.bucket_host:
        place = f"http://{host}/{bucket}/{quote(key, safe='')}"
    etag = next((value for name, value in response.headers if name == "ETag"), "")
    redirect = posting.redirect_of(fields, bucket, key, etag)
    status = 303 if redirect else posting.status_of(fields)
    body = b""
    headers = [pair for pair in response.headers if pair[0].lower() not in ("content-type", "content-length")]
    headers.append(("Location", redirect or place))
    if status == 201:
        told = {"Location": place, "Bucket": bucket, "Key": key, "ETag": etag}
        inner = "".join(f"<{name}>{xml_out.safe(text)}</{name}>" for name, text in told.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{inner}</PostResponse>'.encode()
        headers.append(("Content-Type", "application/xml"))
    return WireResponse(status, headers, body)
