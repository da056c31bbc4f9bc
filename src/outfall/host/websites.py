"""Requests to the website of a bucket, known by their host: `BUCKET.s3-website.localhost`, and AWS's own names for it.

What a path leads to is S3's (`services/s3/website.py`); errors are pages here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from outfall.core.errors import AwsError, InternalError
from outfall.core.principal import ANONYMOUS
from outfall.core.s3ids import host_id
from outfall.host.admission import Admitted
from outfall.host.config import DEFAULT_REGION
from outfall.host.dispatch import Dispatcher, Visit
from outfall.host.http import HttpRequest
from outfall.services.s3 import errors
from outfall.services.s3.website import VISIT
from outfall.wire import codec, xml_out
from outfall.wire.identify import Route
from outfall.wire.message import WireRequest, WireResponse

HOSTS_MAX = 256
MARK = ".s3-website"
_HOST = re.compile(
    r"(.+)\.s3-website(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?\.(?:localhost|localhost\.localstack\.cloud|amazonaws\.com)(?::\d+)?",
    re.IGNORECASE,
)
TITLES = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
METHODS = ("GET", "HEAD")
NO_PAGE = "An Error Occurred While Attempting to Retrieve a Custom Error Document"
"""[LS:test_website_hosting_404]"""


@lru_cache(maxsize=HOSTS_MAX)
def bucket_of(host: str) -> str | None:
    """The bucket whose website a Host header names, or None if it names none."""
    found = _HOST.fullmatch(host) if MARK in host.lower() else None
    return found[1].lower() if found else None


async def answer(dispatcher: Dispatcher, http: HttpRequest, bucket: str) -> WireResponse:
    """The answer to a browser."""
    front = dispatcher.front
    request = WireRequest(http.method, http.path, http.query, http.headers)
    route = Route("s3", "rest-xml", "GetObject", path_params={"Bucket": bucket, "Key": "-"})
    visit = Visit(route, request, front.ids.hex(16).upper(), http.peer_ip, "s3", None)
    head = http.method == "HEAD"
    try:
        if http.method not in METHODS:
            raise errors.MethodNotAllowed(Method=http.method.upper(), ResourceType="OBJECT")
        visit.admitted = Admitted(ANONYMOUS, DEFAULT_REGION)
        visit.parameters = codec.parse(front.models, route, WireRequest("GET", "/", "", http.headers))
        visit.parameters |= {"Key": unquote(http.path.removeprefix("/"), errors="replace"), "Query": http.query}
        return await dispatcher.perform(VISIT, visit)
    except AwsError as error:
        return _page(visit, error, head=head)
    except Exception as error:
        front.log.failed(f"the website of {bucket}, request {visit.request_id}, failed", error)
        return _page(visit, InternalError(), head=head)


def _page(visit: Visit, error: AwsError, *, head: bool) -> WireResponse:
    """An error as browsers are shown it; its cause is why there is no page of the site's own instead."""
    listed = _list(error, RequestId=visit.request_id, HostId=host_id(visit.request_id))
    if isinstance(error.__cause__, AwsError):
        listed += f"<h3>{NO_PAGE}</h3>\n{_list(error.__cause__)}"
    title = f"{error.status} {TITLES.get(error.status, 'Error')}"
    text = f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{listed}<hr/>\n</body>\n</html>\n"
    headers = [("x-amz-request-id", visit.request_id), ("x-amz-id-2", host_id(visit.request_id)), *error.headers]
    headers.append(("Content-Type", "text/html; charset=utf-8"))
    body = text.encode("utf-8", "replace")
    return WireResponse(error.status, headers, b"" if head else body)


def _list(error: AwsError, **more: str) -> str:
    told = {"Code": error.code, "Message": error.message, **error.fields, **more}
    listed = "\n".join(f"<li>{name}: {xml_out.safe(str(value))}</li>" for name, value in told.items())
    return f"<ul>\n{listed}\n</ul>\n"
