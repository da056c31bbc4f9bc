"""What a hostile page, client, archive or function tries against the real server, and what it gets."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import stat
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import jwt
import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa

from outfall.cli.client import wait_until

from .road import make_function, make_role, package
from .server import SOON_S, Server, has_namespaces

pytestmark = pytest.mark.usefixtures("goes_on")

ISSUER = "issuer.example/realm"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a further name and an identity provider."""
    directory = tmp_path_factory.mktemp("server")
    told = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    keys = directory / "keys.json"
    keys.write_text(json.dumps({"keys": [{**told, "kid": "k"}]}))
    given = ("--time-scale", "0", "--allow-host", "box.lan", "--oidc", f"https://{ISSUER}={keys}")
    running = Server(directory, *given).start()
    yield running
    running.stop()


def send(
    server: Server, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def signed(
    server: Server, method: str, path: str, body: bytes = b"", service: str = "s3", **headers: str
) -> tuple[int, bytes]:
    """Status and body of a request whose path goes over the wire as it is."""
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, f"{server.endpoint}{path}", given, body)
    signer(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    return send(server, method, path, dict(request.headers.items()), body)


def raw(server: Server, data: bytes) -> bytes:
    """What comes back for these bytes, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        got = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                got += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return got


# Pages of other sites.


@pytest.mark.parametrize(
    "path", ["/", "/bucket/key", "/_outfall/health", "/_outfall/console/", "/2015-03-31/functions"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_somebody_pointed_here_gets_nothing(server: Server, method: str, path: str) -> None:
    status, body = send(server, method, path, {"Host": f"evil.example:{server.port}", "x-outfall": "1"})
    assert status == 403
    assert "--allow-host" in json.loads(body)["message"]


@pytest.mark.parametrize(
    "host", ["localhost", "photos.s3.localhost", "box.lan:80", "[::1]:9", "s3.us-east-1.localhost"]
)
def test_a_name_of_its_own_is_heard(server: Server, host: str) -> None:
    assert send(server, "GET", "/_outfall/health", {"Host": host})[0] == 200


def form(server: Server, origin: str) -> tuple[int, bytes]:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"Content_Type": "application/x-www-form-urlencoded", "Origin": origin}
    return signed(server, "POST", "/", body, "sts", **headers)


def test_a_page_of_another_site_calls_nothing_even_with_the_right_key(server: Server) -> None:
    status, body = form(server, "https://evil.example")
    assert (status, json.loads(body)) == (403, {"message": "this came from a page of another site"})
    assert form(server, "http://localhost:3000")[0] == 200
    assert form(server, server.endpoint)[0] == 200


def test_an_image_on_another_site_calls_nothing(server: Server) -> None:
    url = server.client("sqs").meta.endpoint_url
    assert url == server.endpoint
    path = "/?Action=ListQueues&Version=2012-11-05"
    assert signed(server, "GET", path, b"", "sqs", Sec_Fetch_Site="cross-site")[0] == 403
    assert signed(server, "GET", path, b"", "sqs", Sec_Fetch_Site="same-origin")[0] == 200


# Secrets.


def test_the_data_is_its_owner_s_alone(server: Server) -> None:
    server.client("s3").create_bucket(Bucket="private-files")
    server.client("s3").put_object(Bucket="private-files", Key="large", Body=bytes(200_000))
    data = server.directory / "data"
    found = [data, *data.rglob("*")]
    assert len(found) > 4
    assert [str(path) for path in found if stat.S_IMODE(path.lstat().st_mode) & 0o077] == []


def test_a_directory_that_was_open_is_closed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    (data / "outfall.db").touch(mode=0o644)
    one = Server(tmp_path).start()
    try:
        assert [stat.S_IMODE(path.stat().st_mode) for path in (data, data / "outfall.db")] == [0o700, 0o600]
    finally:
        one.stop()


def test_it_listens_on_this_machine_alone_unless_asked() -> None:
    from outfall.cli.up import up

    defaults = {parameter.name: parameter.default for parameter in up.params}
    assert defaults["host"] == "127.0.0.1"


def test_credentials_are_never_in_the_log(server: Server) -> None:
    iam, sts = server.client("iam"), server.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="quiet", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.create_user(UserName="quiet")
    key = iam.create_access_key(UserName="quiet")["AccessKey"]
    given = [
        sts.assume_role(RoleArn=arn, RoleSessionName="quiet")["Credentials"],
        sts.get_session_token()["Credentials"],
        sts.get_federation_token(Name="quiet")["Credentials"],
        {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"], "SessionToken": None},
    ]
    secrets = []
    for one in given:
        id_, secret, token = one["AccessKeyId"], one["SecretAccessKey"], one["SessionToken"]
        secrets += [secret, *([token] if token else [])]
        for service, call in (("sqs", "list_queues"), ("s3", "list_buckets"), ("iam", "list_roles")):
            for name, wrong in ((secret, token), ("wrong", token), (secret, f"{token}x")):
                with contextlib.suppress(ClientError):
                    getattr(server.client(service, id_, name, wrong), call)()
    log = server.log()
    assert "denied" in log
    assert [secret for secret in secrets if secret in log or quote(secret, safe="") in log] == []


# Names that lead elsewhere.


@pytest.mark.parametrize(
    "key", ["../../x", "/etc/passwd", "a/../../../b", "..", ".", "%2e%2e/%2e%2e/y", "..\\..\\z", "a\0b", "%00", "//x"]
)
def test_a_key_of_an_object_is_a_name_and_no_path(server: Server, key: str) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="traversal")
    data = server.directory / "data"
    before = {path for path in server.directory.rglob("*") if data not in path.parents}
    for size in (3, 100_000):
        body = b"x" * size
        status, _ = signed(server, "PUT", f"/traversal/{quote(key, safe='/')}", body)
        assert status == 200
        listed = s3.list_objects_v2(Bucket="traversal", EncodingType="url")["Contents"]
        assert [one["Key"] for one in listed] == [quote(key, safe="/")] or len(listed) == 1
        assert signed(server, "GET", f"/traversal/{quote(key, safe='/')}") == (200, body)
    names = {path.name for path in (data / "blobs").rglob("*") if path.is_file()}
    assert all(name.replace("-", "").isalnum() for name in names)
    assert {path for path in server.directory.rglob("*") if data not in path.parents} == before
    assert signed(server, "DELETE", f"/traversal/{quote(key, safe='/')}")[0] == 204


@pytest.mark.parametrize("climb", ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//"])
@pytest.mark.parametrize("root", ["/_outfall/console/", "/_outfall/console/assets/", "/_outfall/code/", "/_outfall/"])
def test_no_path_leads_to_a_file_of_the_machine(server: Server, root: str, climb: str) -> None:
    for target in ("etc/passwd", "proc/self/environ"):
        _, body = send(server, "GET", root + climb * 12 + target)
        assert b"root:" not in body
        assert b"PATH=" not in body


def archive(name: str, data: bytes, mode: int) -> bytes:
    """A package with one entry more."""
    buffer = BytesIO(package("def handler(event, context):\n    return open('stolen').read()\n"))
    with zipfile.ZipFile(buffer, "a") as opened:
        entry = zipfile.ZipInfo(name)
        entry.create_system, entry.external_attr = 3, mode << 16
        opened.writestr(entry, data)
    return buffer.getvalue()


ESCAPES = {
    "up": ("../../../../tmp/outfall-escaped", b"x", 0o100644),
    "absolute": ("/tmp/outfall-escaped", b"x", 0o100644),
}
LINKS = {
    "absolute": ("stolen", b"/etc/passwd", 0o120777),
    "up": ("stolen", b"../../../../../../etc/passwd", 0o120777),
}


def create(server: Server, name: str, data: bytes) -> None:
    role = make_role(server, name)
    server.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": data},
    )


@pytest.mark.parametrize("escape", ESCAPES)
def test_an_archive_that_leads_out_is_refused(server: Server, escape: str) -> None:
    with pytest.raises(ClientError) as refused:
        create(server, f"escape-{escape}", archive(*ESCAPES[escape]))
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert not Path("/tmp/outfall-escaped").exists()


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_leads_out_of_its_archive_is_not_made(server: Server, link: str) -> None:
    create(server, f"link-{link}", archive(*LINKS[link]))
    client = server.client("lambda")

    def state() -> Any:
        return client.get_function_configuration(FunctionName=f"link-{link}")["State"]

    assert wait_until(lambda: state() != "Pending", SOON_S)
    assert state() == "Failed"


THIEF = """
import os, pathlib

def handler(event, context):
    data, seen = event["data"], []
    for path in (data, data + "/outfall.db", "/proc/1/root" + data, "/proc/self/root" + data, event["home"]):
        try:
            seen.append([path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(16).hex()])
        except OSError as error:
            seen.append([path, type(error).__name__])
    found = []
    for pid in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            found.append((pid / "cmdline").read_bytes().decode())
        except OSError:
            pass
    return {"seen": seen, "servers": [one for one in found if "outfall\\0up" in one], "uid": os.getuid()}
"""


def test_a_function_sees_nothing_of_the_server(server: Server) -> None:
    health = json.loads(send(server, "GET", "/_outfall/health")[1])
    if not has_namespaces():
        assert health["environments"]["kind"] == "process"
        assert "Functions run as plain processes: bubblewrap does not work here" in server.log()
        return
    assert health["environments"]["kind"] == "bubblewrap"
    make_function(server, "thief", THIEF, make_role(server, "thief"))
    event = {"data": str(server.directory / "data"), "home": str(Path.home())}
    answer = server.client("lambda").invoke(FunctionName="thief", Payload=json.dumps(event))
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    assert told["servers"] == []
    refused = ("FileNotFoundError", "PermissionError", "NotADirectoryError")
    assert [(path, found) for path, found in told["seen"] if found not in refused] == []


# What two readers could read differently, on the road's own port.

CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"POST /_outfall/api/stop HTTP/1.1\r\nHost: localhost\r\nx-outfall: 1\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b"FFFFFFFFFFFFFFFFF\r\n",
        CHUNKED + b"10000000000000000\r\n" + SMUGGLED,
        CHUNKED + b"-1\r\n",
        CHUNKED + b"+1\r\na\r\n0\r\n\r\n",
        CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
        CHUNKED + b" 1\r\na\r\n0\r\n\r\n",
        CHUNKED + b"1\na\n0\n\n",
        CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
        CHUNKED + b"0\r\nContent-Length: 5\nX: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length : 1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\na",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n Content-Length: 1\r\n\r\na",
        b"POST / HTTP/1.1\nHost: localhost\n\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\x00: x\r\n\r\n",
    ],
)
def test_a_second_request_cannot_hide_in_a_first(server: Server, data: bytes) -> None:
    answer = raw(server, data + SMUGGLED)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert b"stopping" not in answer


def test_what_is_pipelined_is_answered_one_by_one(server: Server) -> None:
    one = b"GET /_outfall/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    foreign = b"GET /_outfall/health HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    answer = raw(server, one + foreign + one)
    assert [answer.count(b"HTTP/1.1 200 "), answer.count(b"HTTP/1.1 403 ")] == [2, 1]


# Documents that are deeper than anybody means.

DEEP = 100_000
NESTED = {
    "an array": "[" * DEEP,
    "closed": "[" * DEEP + "]" * DEEP,
    "objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "a statement": '{"Version":"2012-10-17","Statement":' + "[" * DEEP + "]" * DEEP + "}",
}


@pytest.mark.parametrize("document", NESTED.values(), ids=NESTED)
def test_a_policy_without_end(server: Server, document: str) -> None:
    iam, s3, sqs = server.client("iam"), server.client("s3"), server.client("sqs")
    s3.create_bucket(Bucket="deep")
    queue = sqs.create_queue(QueueName="deep")["QueueUrl"]
    events = server.client("events")
    short = document[:120_000] if len(document) > 131_072 else document
    for call in (
        lambda: iam.create_role(RoleName="deep", AssumeRolePolicyDocument=short),
        lambda: iam.create_policy(PolicyName="deep", PolicyDocument=short),
        lambda: iam.simulate_custom_policy(PolicyInputList=[short], ActionNames=["s3:GetObject"]),
        lambda: s3.put_bucket_policy(Bucket="deep", Policy=document),
        lambda: sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document}),
        lambda: events.test_event_pattern(EventPattern=document[:4000], Event="{}"),
        lambda: events.put_rule(Name="deep", EventPattern=document[:4000]),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert 400 <= refused.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500


@pytest.mark.parametrize("depth", [60, 5_000, 100_000])
def test_a_query_without_end(server: Server, depth: int) -> None:
    body = b"Action=CreateRole&Version=2010-05-08&Tags" + b".member.1" * depth + b".Key=x"
    headers = {"Content_Type": "application/x-www-form-urlencoded"}
    assert 400 <= signed(server, "POST", "/", body, "iam", **headers)[0] < 500


ENTITIES = [
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Tagging><TagSet><Tag><Key>&x;</Key></Tag></TagSet></Tagging>',
    '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/evil.dtd"><Tagging/>',
    '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><Tagging/>',
]


@pytest.mark.parametrize("document", ENTITIES, ids=["file", "network", "parameter"])
@pytest.mark.parametrize("subresource", ["tagging", "versioning", "notification"])
def test_no_entity_is_defined_let_alone_read(server: Server, subresource: str, document: str) -> None:
    server.client("s3").create_bucket(Bucket="entities")
    status, body = signed(server, "PUT", f"/entities?{subresource}", document.encode())
    assert status == 400
    assert b"root:" not in body


# Sessions by a provider's token, and the last use of a key, end to end.


def test_a_provider_s_token_is_traded_for_a_session(server: Server) -> None:
    iam, now = server.client("iam"), int(time.time())
    provider = iam.create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=["app"], ThumbprintList=["a" * 40]
    )["OpenIDConnectProviderArn"]
    trust = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    condition = {"StringEquals": {f"{ISSUER}:aud": "app"}, "StringLike": {f"{ISSUER}:sub": "repo:o/*"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust | {"Condition": condition}]})
    role = iam.create_role(RoleName="web", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    claims: dict[str, Any] = {"iss": f"https://{ISSUER}", "sub": "repo:o/r", "aud": "app", "iat": now, "exp": now + 600}
    token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "k"})
    sts = boto3.client(
        "sts", endpoint_url=server.endpoint, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    told = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="ci", WebIdentityToken=token)
    given = told["Credentials"]
    mine = server.client("sts", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert mine.get_caller_identity()["Arn"].endswith(":assumed-role/web/ci")
    assert (told["Provider"], told["Audience"]) == (provider, "app")
    assert iam.get_role(RoleName="web")["Role"]["RoleLastUsed"]["Region"] == "us-east-1"
    other = jwt.encode(claims | {"sub": "repo:p/r"}, KEY, algorithm="RS256", headers={"kid": "k"})
    with pytest.raises(ClientError) as refused:
        sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="ci", WebIdentityToken=other)
    assert refused.value.response["Error"]["Message"] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert token not in server.log()


def test_the_last_use_of_a_key_is_told(server: Server) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="used")
    key = iam.create_access_key(UserName="used")["AccessKey"]
    assert "LastUsedDate" not in iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    server.client("sts", key["AccessKeyId"], key["SecretAccessKey"], region="eu-west-1").get_caller_identity()
    told = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert (told["UserName"], told["AccessKeyLastUsed"]["ServiceName"]) == ("used", "sts")
    assert told["AccessKeyLastUsed"]["Region"] == "eu-west-1"


def test_sessions_of_users_do_not_call_iam(server: Server) -> None:
    sts = server.client("sts")
    for made in (sts.get_session_token(), sts.get_federation_token(Name="guest")):
        given = made["Credentials"]
        mine = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        assert server.client("sts", *mine).get_caller_identity()["Account"] == "000000000000"
        with pytest.raises(ClientError) as refused:
            server.client("iam", *mine).list_roles()
        assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
