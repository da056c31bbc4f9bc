"""S3 as browsers use it: pages of other sites (CORS), forms that upload, buckets that are websites."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .s3kit import S3, Answer

ORIGIN = "https://localhost:4200"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
NOT_ALLOWED = "CORSResponse: This CORS request is not allowed."


def cors(s3: S3, **more: Any) -> None:
    rule = {"AllowedOrigins": [ORIGIN], "AllowedMethods": ["GET", "PUT"]} | more
    s3.call("put_bucket_cors", CORSConfiguration={"CORSRules": [rule]})


def told(answer: Answer) -> dict[str, str]:
    return {
        name: value for name, value in answer.headers.items() if name.startswith("access-control") or name == "vary"
    }


def preflight(s3: S3, origin: str = ORIGIN, method: str = "PUT", **more: str) -> Answer:
    return s3.send("OPTIONS", "/k", Origin=origin, Access_Control_Request_Method=method, **more)


def test_without_rules_no_other_origin_may_ask(s3: S3) -> None:
    answer = s3.send("OPTIONS", "/k")
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.xml.findtext("Message") == "Insufficient information. Origin request header needed."
    answer = preflight(s3)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    told_in_order = [one.tag for one in answer.xml]
    assert told_in_order == ["Code", "Message", "Method", "ResourceType", "RequestId", "HostId"]
    assert answer.xml.findtext("Message") == "CORSResponse: CORS is not enabled for this bucket."
    assert (answer.xml.findtext("Method"), answer.xml.findtext("ResourceType")) == ("PUT", "BUCKET")
    answer = s3.send("OPTIONS", "/k", Origin=ORIGIN)
    assert answer.xml.findtext("Method") == "OPTIONS"
    answer = s3.send("OPTIONS", "/no-such-bucket/k", host="localhost", Origin=ORIGIN)
    assert (answer.status, answer.xml.findtext("Message")) == (403, "CORSResponse: Bucket not found")
    assert s3.refused("get_bucket_cors").code == "NoSuchCORSConfiguration"


def test_a_preflight_is_told_what_its_rule_allows(s3: S3) -> None:
    cors(s3, MaxAgeSeconds=3000, AllowedHeaders=["*"])
    answer = preflight(s3)
    assert (answer.status, answer.body) == (200, b"")
    assert told(answer) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, PUT",
        "access-control-max-age": "3000",
        "access-control-allow-credentials": "true",
        "vary": VARY,
    }
    answer = preflight(s3, Access_Control_Request_Headers="X-Amz-Date,content-type")
    assert answer.headers["access-control-allow-headers"] == "x-amz-date, content-type"
    for other in ({"origin": "http://localhost:4200"}, {"method": "DELETE"}):
        answer = preflight(s3, **other)
        assert (answer.status, answer.code, answer.xml.findtext("ResourceType")) == (403, "AccessForbidden", "OBJECT")
        assert (answer.xml.findtext("Message") or "").startswith(NOT_ALLOWED)
        assert told(answer) == {}


def test_everybody_may_ask(s3: S3) -> None:
    cors(s3, AllowedOrigins=["*"], ExposeHeaders=["ETag", "x-amz-request-id"])
    answer = preflight(s3, origin="http://random:1234")
    assert told(answer) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, PUT",
        "access-control-expose-headers": "ETag, x-amz-request-id",
        "vary": VARY,
    }
    assert preflight(s3, Access_Control_Request_Headers="x-a").status == 403


@pytest.mark.parametrize(
    "pattern, origin, good",
    [
        ("*suffix", "foo.suffix", True),
        ("start*end", "startend", True),
        ("start*end", "start1end", True),
        ("start*end", "0start1end", False),
        ("http://*.origin.com", "http://test.origin.com", True),
        ("http://*.origin.com", "http://test.origin.com/", False),
    ],
)
def test_patterns_of_origins(s3: S3, pattern: str, origin: str, good: bool) -> None:
    cors(s3, AllowedOrigins=[pattern])
    assert (preflight(s3, origin=origin).status == 200) is good


def test_answers_that_a_page_may_read(s3: S3) -> None:
    s3.call("delete_public_access_block")
    s3.let("s3:GetObject", "/*")
    s3.put("k", b"data")
    cors(s3)
    answer = s3.send("GET", "/k", Origin=ORIGIN)
    assert (answer.body, answer.headers["access-control-allow-origin"], answer.headers["vary"]) == (
        b"data",
        ORIGIN,
        VARY,
    )
    assert told(s3.send("GET", "/k", Origin="http://other")) == {}
    assert told(s3.send("GET", "/k")) == {}
    assert told(s3.send("GET", "/k", Origin=ORIGIN, Access_Control_Request_Method="DELETE")) == {}
    answer = s3.send("PUT", "/k", b"x", Origin=ORIGIN)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (403, ORIGIN)


@pytest.mark.parametrize(
    "more, code, message",
    [
        (
            {"AllowedMethods": ["MYMETHOD"]},
            "InvalidRequest",
            "Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD",
        ),
        (
            {"AllowedOrigins": ["*example*.com"]},
            "InvalidRequest",
            'AllowedOrigin "*example*.com" can not have more than one wildcard.',
        ),
        ({"AllowedOrigins": []}, "MalformedXML", None),
    ],
)
def test_rules_that_are_none(s3: S3, more: dict[str, Any], code: str, message: str | None) -> None:
    rule = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]} | more
    answer = s3.refused("put_bucket_cors", CORSConfiguration={"CORSRules": [rule]})
    assert (answer.status, answer.code) == (400, code)
    assert message is None or answer.message == message


BOUNDARY = "8d6e9f0a1b2c3d4e"


def form(
    s3: S3, fields: dict[str, str], data: bytes = b"data", *, file: str | None = "photo.jpg", **headers: str
) -> Answer:
    """Posts a form as a browser does."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    named = f'; filename="{file}"' if file is not None else ""
    parts.append(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"{named}\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    body = "".join(parts).encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    return s3.send("POST", "", body, Content_Type=f"multipart/form-data; boundary={BOUNDARY}", **headers)


def presigned(
    s3: S3, key: str = "k", fields: dict[str, str] | None = None, *conditions: Any, expires: int = 600
) -> dict[str, str]:
    every = [*conditions, *({name: value} for name, value in (fields or {}).items())]
    made = s3.client(signature_version="s3v4").generate_presigned_post(s3.bucket, key, fields, every, expires)
    assert made["url"].endswith(f"/{s3.bucket}")
    return dict(made["fields"])


def test_a_form_uploads(s3: S3) -> None:
    answer = form(s3, presigned(s3, fields={"Content-Type": "text/x", "x-amz-meta-a": "1"}))
    assert (answer.status, answer.body) == (204, b"")
    assert s3.get("k") == b"data"
    head = s3.call("head_object", Key="k")
    assert (head["ContentType"], head["Metadata"], head["ETag"]) == ("text/x", {"a": "1"}, answer.headers["etag"])
    assert answer.headers["x-amz-checksum-type"] == "FULL_OBJECT"


def test_metadata_of_a_form_that_no_header_can_carry(s3: S3) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
    form(s3, presigned(s3, fields={"x-amz-meta-a": "é", "x-amz-meta-b": "two\nlines", "x-amz-meta-c": "\x01"}))
    head = s3.call("head_object", Key="k")
    assert (head["Metadata"], head["MissingMeta"]) == ({"a": "=?UTF-8?B?w6k=?="}, 2)


@pytest.mark.parametrize("size", [0, 1, 40_000, 3_000_001])
def test_forms_of_any_size(s3: S3, size: int) -> None:
    data = (b"\r\n--" + BOUNDARY[:-1].encode() + b"x")[: size % 30] + b"\r\n-" * (size // 3)
    assert form(s3, presigned(s3), data).status == 204
    assert s3.get("k") == data


def test_the_name_of_the_file(s3: S3) -> None:
    answer = form(s3, presigned(s3, "up/${filename}", {"success_action_status": "201"}), file="my photo.jpg")
    assert answer.status == 201
    assert [one.tag for one in answer.xml] == ["Location", "Bucket", "Key", "ETag"]
    assert answer.xml.findtext("Key") == "up/my photo.jpg"
    assert (answer.xml.findtext("Location") or "").endswith("/up%2Fmy%20photo.jpg")
    assert answer.headers["location"] == answer.xml.findtext("Location")
    assert s3.get("up/my photo.jpg") == b"data"
    form(s3, presigned(s3, "plain-${filename}"), file=None)
    assert s3.get("plain-${filename}") == b"data"


def test_where_the_browser_goes(s3: S3) -> None:
    answer = form(s3, presigned(s3, fields={"success_action_redirect": "http://example.com/done?x=1"}))
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"http://example.com/done?x=1&bucket={s3.bucket}&key=k&etag=%22")
    assert form(s3, presigned(s3, fields={"success_action_redirect": "/relative"})).status == 204
    assert form(s3, presigned(s3, fields={"success_action_status": "404"})).status == 204


def test_tags_in_a_form(s3: S3) -> None:
    tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    assert form(s3, presigned(s3, fields={"tagging": tagging})).status == 204
    assert s3.call("get_object_tagging", Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}]
    assert form(s3, presigned(s3, fields={"tagging": "not-xml"})).code == "MalformedXML"


def test_what_the_policy_demands(s3: S3) -> None:
    answer = form(s3, {**presigned(s3), "x-amz-meta-b": "1"})
    assert (answer.status, answer.xml.findtext("Message")) == (
        403,
        "Invalid according to Policy: Extra input fields: x-amz-meta-b",
    )
    answer = form(s3, {**presigned(s3), "key": "other"})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.xml.findtext("Message") == 'Invalid according to Policy: Policy Condition failed: ["eq", "$key", "k"]'
    assert form(s3, {**presigned(s3), "x-ignore-me": "1"}).status == 204
    size = ["content-length-range", 5, 10]
    answer = form(s3, presigned(s3, "k", None, size), b"x" * 12)
    assert (answer.status, answer.code, answer.xml.findtext("MaxSizeAllowed")) == (400, "EntityTooLarge", "10")
    answer = form(s3, presigned(s3, "k", None, size), b"x")
    assert (answer.code, answer.xml.findtext("MinSizeAllowed")) == ("EntityTooSmall", "5")
    assert [form(s3, presigned(s3, "k", None, size), b"x" * count).status for count in (5, 10)] == [204, 204]
    begins = ["starts-with", "$content-type", "image/"]
    assert form(s3, {**presigned(s3, "k", None, begins), "Content-Type": "image/png"}).status == 204
    assert form(s3, {**presigned(s3, "k", None, begins), "Content-Type": "text/plain"}).status == 403
    assert (
        form(s3, presigned(s3, expires=-10)).xml.findtext("Message") == "Invalid according to Policy: Policy expired."
    )


def test_who_signed_it(s3: S3) -> None:
    fields = presigned(s3)
    answer = form(s3, {**fields, "x-amz-signature": "0" * 64})
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert answer.xml.findtext("StringToSign") == fields["policy"]
    for name, called in (
        ("x-amz-signature", "X-Amz-Signature"),
        ("x-amz-algorithm", "X-Amz-Algorithm"),
        ("key", "key"),
    ):
        answer = form(s3, {one: value for one, value in fields.items() if one != name})
        assert (answer.status, answer.xml.findtext("ArgumentName")) == (400, called)
        assert answer.xml.findtext("Message") == (
            f"Bucket POST must contain a field named '{called}'.  If it is specified, please check the order of the "
            "fields."
        )
    answer = form(s3, {"key": "k"})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    answer = form(s3, {**fields, "x-amz-credential": fields["x-amz-credential"].replace("test", "nobody")})
    assert answer.code == "InvalidAccessKeyId"
    answer = s3.send("POST", "", b"", Content_Type="text/html")
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    assert answer.xml.findtext("Condition") == "Bucket POST must be of the enclosure-type multipart/form-data"


def old_form(s3: S3, policy: Any, **more: str) -> dict[str, str]:
    """A form with the older signature."""
    text = base64.b64encode(json.dumps(policy).encode()).decode()
    made = base64.b64encode(hmac.digest(b"test", text.encode(), "sha1")).decode()
    return {"key": "foo.txt", "AWSAccessKeyId": "test", "signature": made, "policy": text, **more}


def soon() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    "policy, status",
    [
        ({"expiration": "SOON", "conditions": [{"bUcKeT": "BUCKET"}, ["StArTs-WiTh", "$KeY", "foo"]]}, 204),
        ({"expiration": "SOON", "conditions": [{"bucket": "other"}, ["starts-with", "$key", "foo"]]}, 403),
        ({"expiration": "SOON", "conditions": [["starts-with", "$key", "foo"]]}, 403),
        ({"expiration": "2026-01-01 00:00:00", "conditions": []}, 400),
        ({"expiration": "SOON"}, 400),
        ({"conditions": []}, 400),
        ({"EXPIRATION": "SOON", "conditions": []}, 400),
        ({"expiration": "SOON", "CONDITIONS": []}, 400),
        ({"expiration": "SOON", "conditions": [{}]}, 400),
        ({"expiration": "SOON", "conditions": [["content-length-range", 0]]}, 400),
        ({"expiration": "SOON", "conditions": [["content-length-range", -1, 0]]}, 400),
        ({"expiration": "SOON", "conditions": [["eq", "$x-amz-meta-foo", ""], ["starts-with", "$key", ""]]}, 403),
    ],
)
def test_a_form_keeps_to_the_conditions_of_its_policy(s3: S3, policy: Any, status: int) -> None:
    given = json.loads(json.dumps(policy).replace("SOON", soon()).replace("BUCKET", s3.bucket))
    answer = form(s3, old_form(s3, given))
    assert answer.status == status
    if status == 400:
        assert answer.code == "InvalidPolicyDocument"


def site(s3: S3, path: str = "/", method: str = "GET") -> Answer:
    return s3.send(method, path, host=f"{s3.bucket}.s3-website.localhost")


@pytest.fixture
def website(s3: S3) -> S3:
    s3.call("delete_public_access_block")
    s3.let(["s3:GetObject", "s3:ListBucket"], "", "/*")
    configuration = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    s3.call("put_bucket_website", WebsiteConfiguration=configuration)
    for key in ("index.html", "docs/index.html", "page.html"):
        s3.put(key, key.encode(), ContentType="text/html")
    return s3


def test_a_website_serves_its_pages_and_its_error_document(website: S3) -> None:
    assert (site(website).body, site(website).headers["content-type"]) == (b"index.html", "text/html")
    assert site(website, "/docs/").body == b"docs/index.html"
    answer = site(website, "/docs")
    assert (answer.status, answer.headers["location"]) == (302, "/docs/")
    assert site(website, "/page.html", "HEAD").status == 200
    answer = site(website, "/none")
    assert (answer.status, answer.headers["x-amz-error-code"]) == (404, "NoSuchKey")
    assert b"<ul>\n<li>Code: NoSuchKey</li>" in answer.body
    why = b"An Error Occurred While Attempting to Retrieve a Custom Error Document"  # [LS:test_website_hosting_404]
    assert b"<h3>" + why + b"</h3>\n<ul>\n<li>Code: NoSuchKey</li>" in answer.body
    website.put("error.html", WebsiteRedirectLocation="/page.html")
    answer = site(website, "/none")
    assert (answer.status, answer.headers["location"]) == (301, "/page.html")
    website.put("error.html", b"sorry")
    answer = site(website, "/none")
    assert (answer.status, answer.body) == (404, b"sorry")
    website.put("moved", WebsiteRedirectLocation="/page.html")
    answer = site(website, "/moved")
    assert (answer.status, answer.headers["location"]) == (301, "/page.html")
    assert site(website, "/", "POST").status == 405


def test_redirects_of_a_website(website: S3) -> None:
    rules = [
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}},
        {
            "Condition": {"HttpErrorCodeReturnedEquals": "404"},
            "Redirect": {
                "HostName": "example.com",
                "ReplaceKeyWith": "gone",
                "Protocol": "https",
                "HttpRedirectCode": "307",
            },
        },
    ]
    website.call("put_bucket_website", WebsiteConfiguration={"IndexDocument": {"Suffix": "i"}, "RoutingRules": rules})
    answer = site(website, "/old/a")
    assert (answer.status, answer.headers["location"]) == (301, f"http://{website.bucket}.s3-website.localhost/new/a")
    answer = site(website, "/none")
    assert (answer.status, answer.headers["location"]) == (307, "https://example.com/gone")
    website.call("put_bucket_website", WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "example.com"}})
    answer = site(website, "/a%20b?c=d")
    assert (answer.status, answer.headers["location"]) == (301, "http://example.com/a%20b?c=d")
    website.call("delete_bucket_website")
    answer = site(website)
    assert (answer.status, b"NoSuchWebsiteConfiguration" in answer.body) == (404, True)


def test_a_website_that_is_closed(s3: S3) -> None:
    s3.call("put_bucket_website", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put("index.html")
    answer = site(s3)
    assert (answer.status, b"<li>Code: AccessDenied</li>" in answer.body) == (403, True)


@pytest.mark.parametrize(
    "configuration, code",
    [
        ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument"),
        ({"IndexDocument": {"Suffix": ""}}, "InvalidArgument"),
        ({"ErrorDocument": {"Key": "e"}}, "InvalidArgument"),
        ({"RedirectAllRequestsTo": {"HostName": "h", "Protocol": "ftp"}}, "InvalidRequest"),
        ({"RedirectAllRequestsTo": {"HostName": "h"}, "IndexDocument": {"Suffix": "a"}}, "InvalidArgument"),
        (
            {
                "IndexDocument": {"Suffix": "a"},
                "RoutingRules": [{"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}],
            },
            "InvalidRequest",
        ),
        (
            {"IndexDocument": {"Suffix": "a"}, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "300"}}]},
            "InvalidRequest",
        ),
    ],
)
def test_websites_that_are_none(s3: S3, configuration: dict[str, Any], code: str) -> None:
    assert s3.refused("put_bucket_website", WebsiteConfiguration=configuration).code == code
