"""Who is turned away at the door: names that are not this server's, and pages of other sites."""

from __future__ import annotations

import pytest

from outfall.host.guard import Guard, name_of

OURS = [
    "localhost",
    "localhost:4566",
    "LOCALHOST:4566",
    "localhost.",
    "127.0.0.1:4566",
    "[::1]:4566",
    "192.168.1.7:4566",
    "photos.localhost:4566",
    "photos.s3.localhost",
    "my.bucket.s3.eu-west-1.localhost:4566",
    "s3.localhost",
    "s3.us-east-1.localhost:4566",
    "abc.lambda-url.us-east-1.localhost",
    "sqs.us-east-1.localhost.localstack.cloud:4566",
    "localhost.localstack.cloud",
    "photos.s3.amazonaws.com",
    "sqs.eu-west-1.amazonaws.com",
]
FOREIGN = [
    "evil.example",
    "evil.example:4566",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evillocalhost",
    "notlocalhost:4566",
    "evil.example:80:4566",
    "amazonaws.com.evil.example",
    "0x7f000001.evil.example",
    "aws",
    "",
    ":4566",
    "[evil.example]",
    "\u2127localhost",
]


def guard(host: str = "127.0.0.1", *allowed: str) -> Guard:
    return Guard(host, allowed)


@pytest.mark.parametrize("host", OURS)
def test_a_server_goes_by_the_names_of_its_machine(host: str) -> None:
    assert guard().turned_away({"host": host}) is None


@pytest.mark.parametrize("host", FOREIGN)
def test_any_other_name_is_turned_away(host: str) -> None:
    told = guard().turned_away({"host": host})
    assert told is not None
    assert "--allow-host" in told


def test_names_can_be_added() -> None:
    named = guard("127.0.0.1", "box.lan", ".dev.example")
    for host in ("box.lan:4566", "BOX.lan", "dev.example", "photos.dev.example"):
        assert named.turned_away({"host": host}) is None
    for host in ("other.box.lan", "xdev.example", "lan"):
        assert named.turned_away({"host": host}) is not None
    assert guard("box.lan").turned_away({"host": "box.lan:4566"}) is None


def test_neighbours_in_a_network_of_containers_need_no_dot() -> None:
    assert guard("0.0.0.0").turned_away({"host": "outfall:4566"}) is None
    assert guard("0.0.0.0").turned_away({"host": "evil.example:4566"}) is not None


def test_http_1_0_names_no_host() -> None:
    assert guard().turned_away({}) is None


@pytest.mark.parametrize(
    "host, name", [("A.b:1", "a.b"), ("[::1]:1", "::1"), ("::1", "::1"), ("a", "a"), ("a:1:2", "a:1:2")]
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert name_of(host) == name


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "origin, foreign",
    [
        (None, False),
        ("http://127.0.0.1:4566", False),
        ("http://localhost:3000", False),
        ("http://app.localhost:3000", False),
        ("http://[::1]:80", False),
        ("https://box.lan", False),
        ("https://evil.example", True),
        ("http://evil.example:4566", True),
        ("http://localhost.evil.example", True),
        ("null", True),
        ("http://[", True),
        ("file://", True),
    ],
)
def test_what_changes_something_does_not_come_from_another_site(method: str, origin: str | None, foreign: bool) -> None:
    headers = {"host": "127.0.0.1:4566"} | ({} if origin is None else {"origin": origin})
    assert guard("127.0.0.1", "box.lan").from_another_site(method, "", headers) is foreign


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whoever_reads_may_come_from_anywhere(method: str) -> None:
    headers = {"host": "127.0.0.1:4566", "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert not guard().from_another_site(method, "list-type=2", headers)


@pytest.mark.parametrize(
    "query, site, foreign",
    [
        ("Action=DeleteQueue&Version=2012-11-05", "cross-site", True),
        ("Version=2012-11-05&Action=DeleteQueue", "cross-site", True),
        ("Action=DeleteQueue", "same-origin", False),
        ("Action=DeleteQueue", None, False),
        ("Action=ConfirmSubscription&Token=x", "cross-site", False),
        ("Action=Unsubscribe", "cross-site", False),
        ("prefix=Action%3DDeleteQueue", "cross-site", False),
    ],
)
def test_a_call_in_a_get_is_a_call(query: str, site: str | None, foreign: bool) -> None:
    headers = {"host": "127.0.0.1:4566"} | ({} if site is None else {"sec-fetch-site": site})
    assert guard().from_another_site("GET", query, headers) is foreign
