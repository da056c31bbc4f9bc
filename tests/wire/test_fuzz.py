"""Whatever bytes arrive, the wire answers with parameters or with an error of AWS's kind that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.core.errors import AwsError
from outfall.wire import xml
from outfall.wire.codec import parse
from outfall.wire.constraints import validate
from outfall.wire.faults import render_fault
from outfall.wire.identify import finish, route
from outfall.wire.message import WireRequest, WireResponse
from outfall.wire.models import Models

SERVED = frozenset({"s3", "sqs", "lambda", "iam", "sts", "logs"})
MODELS = Models()


def answer(request: WireRequest) -> WireResponse | None:
    """What the wire says to a request, up to where a handler would begin; None if it would."""
    body = request.body
    assert isinstance(body, bytes)
    made = finish(route(MODELS, request, SERVED), body)
    try:
        validate(MODELS, made, parse(MODELS, made, request))
    except AwsError as error:
        return render_fault(MODELS, made, error, "id")
    return None


json_like = st.recursive(
    st.sampled_from(
        ["null", "true", '""', '"\\ud800"', "1e999", "-0", "9" * 400, "1.5", '"MjA="', '"2020-01-01T00:00:00Z"']
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda some: f"[{','.join(some)}]")
        | st.dictionaries(
            st.sampled_from(
                ["QueueUrl", "MessageBody", "MessageAttributes", "Entries", "a", "DataType", "BinaryValue", "logEvents"]
            ),
            inner,
            max_size=4,
        ).map(lambda some: "{" + ",".join(f'"{key}":{value}' for key, value in some.items()) + "}")
    ),
    max_leaves=12,
)
TARGETS = ["AmazonSQS.SendMessage", "AmazonSQS.SendMessageBatch", "Logs_20140328.PutLogEvents", "AmazonSQS.TagQueue"]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TARGETS), json_like.map(str.encode) | st.binary(max_size=200))
def test_json(target: str, body: bytes) -> None:
    answer(WireRequest("POST", "/", "", {"x-amz-target": target}, body))


names = st.lists(
    st.sampled_from(
        ["Tags", "member", "entry", "1", "2", "x", "", "Key", "MessageAttribute", "Value", "9" * 30, "Attribute"]
    ),
    min_size=1,
    max_size=6,
).map(".".join)
forms = st.lists(st.tuples(names, st.text(max_size=8)), max_size=6).map(
    lambda some: "&".join(f"{name}={value}" for name, value in some)
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        ["CreateRole&Version=2010-05-08", "SendMessage&Version=2012-11-05", "AssumeRole&Version=2011-06-15"]
    ),
    forms.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=100),
)
def test_query(action: str, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer(WireRequest("POST", "/", "", headers, f"Action={action}&".encode() + body))


elements = st.recursive(
    st.text(max_size=6) | st.sampled_from(["&amp;", "&x;", "<!DOCTYPE a>", "<![CDATA[x]]>", "<!--c-->", "\x00"]),
    lambda inner: st.tuples(
        st.sampled_from(
            ["NotificationConfiguration", "QueueConfiguration", "Event", "Queue", "Filter", "Delete", "Object", "x:y"]
        ),
        st.lists(inner, max_size=3),
    ).map(lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["PUT /b?notification", "POST /b?delete", "PUT /b/k?tagging", "POST /b/k?uploadId=u"]),
    elements.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=100),
)
def test_xml(line: str, body: bytes) -> None:
    method, _, uri = line.partition(" ")
    path, _, query = uri.partition("?")
    response = answer(WireRequest(method, path, query, {}, body))
    if response is not None:
        assert isinstance(response.body, bytes)
        assert xml.parse(response.body).tag == "Error"


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "X"]),
    st.text(max_size=20),
    st.text(max_size=30),
    st.dictionaries(
        st.sampled_from(
            ["host", "authorization", "x-amz-target", "content-type", "x-amz-copy-source", "expires", "range"]
        ),
        st.text(max_size=30),
    ),
)
def test_heads(method: str, path: str, query: str, headers: dict[str, str]) -> None:
    response = answer(WireRequest(method, "/" + path, query, headers, b""))
    if response is not None:
        assert 400 <= response.status <= 501


BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><Delete>&c;</Delete>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b"<Delete>" * 100_000,
        b"<a/>" * 3,
        b"",
        b"\xff\xfe<",
        "<Delete/>".encode("utf-16"),
        b'<?xml version="1.0" encoding="nope"?><a/>',
    ],
    ids=["bomb", "deep", "rootless", "empty", "not-text", "incomplete", "encoding"],
)
def test_dangerous_xml_is_refused(body: bytes) -> None:
    response = answer(WireRequest("POST", "/b", "delete", {}, body))
    assert response is not None
    assert response.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"QueueUrl":' * 50_000,
        b'{"a":' + b"9" * 1_000_000 + b"}1",
        b'{"DelaySeconds":1e400}',
        b'{"DelaySeconds":99999999999}',
    ],
    ids=["deep", "deep-objects", "trailing", "huge-float", "out-of-range"],
)
def test_dangerous_json_is_refused(body: bytes) -> None:
    response = answer(WireRequest("POST", "/", "", {"x-amz-target": "AmazonSQS.SendMessage"}, body))
    assert response is not None
    assert response.status == 400
    assert b"SerializationException" in response.body  # type: ignore[operator]
