"""Many nodes on one PostgreSQL, as clients see them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from outfall.cli.client import ask, wait_until
from tests.cli.test_commands import outfall

from .cut_off import cut_off
from .nodes import LIMIT_S, Cluster, Storm
from .partition import RelayedNetwork
from .road import make_function, make_queue, make_role
from .server import Server, plain_environment

ROOT = Path(__file__).parents[2]
WAIT_S = 20
"""The longest that a long poll may wait."""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path, 3, "--time-scale", "0")
    yield made
    made.stop()


def test_kills_stops_and_a_restart_of_the_database_lose_nothing(cluster: Cluster) -> None:
    storm = Storm(cluster.start())
    storm.rage(["kill", "restart_database", "pause"])
    storm.check()


def test_a_node_cut_off_for_longer_than_its_lease_settles_nothing_twice(tmp_path: Path) -> None:
    cut_off(RelayedNetwork, tmp_path)


def test_the_same_with_a_network_for_each_node(tmp_path: Path) -> None:
    """Where the machine allows it; else once more behind relays. All of it in a network of its own, since browsers let
    go of their connections when the machine's network changes."""
    command = [sys.executable, "-m", "tests.clients.cut_off", str(tmp_path)]
    apart = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if shutil.which("unshare") and subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0:
        command = [*apart, *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_any_node_answers_and_each_knows_the_others(cluster: Cluster) -> None:
    one, two, three = cluster.start().nodes
    url, _ = make_queue(one, "talk")
    got: list[tuple[str, float]] = []

    def receive() -> None:
        answer = two.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=WAIT_S)
        got.extend((message["Body"], time.monotonic()) for message in answer.get("Messages", []))

    waiting, begun = threading.Thread(target=receive), time.monotonic()
    waiting.start()
    assert "talk" in str(three.client("sqs").list_queues())
    three.client("sqs").send_message(QueueUrl=url, MessageBody="across")
    waiting.join()
    ((body, ended),) = got
    assert body == "across"
    assert ended - begun < WAIT_S, "the long poll was not woken"
    command = [sys.executable, "-m", "outfall", "status", "--endpoint", two.endpoint]
    shown = subprocess.run(command, capture_output=True, text=True, env=plain_environment(), check=True).stdout
    assert all(node.endpoint in shown for node in cluster.nodes)
    with pytest.raises(ClientError) as refused:
        one.client("sqs", *keys_of_nobody(one)).list_queues()
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    assert "sqs:ListQueues" in outfall(plain_environment(), "explain", request_id, "--endpoint", two.endpoint)
    assert request_id in outfall(plain_environment(), "explain", "--refused", "--endpoint", three.endpoint)
    three.stop()
    assert wait_until(lambda: len(cluster.listed()) == 2, LIMIT_S)
    one.kill()
    assert wait_until(lambda: len(cluster.listed(1)) == 1, LIMIT_S)


def keys_of_nobody(node: Server) -> tuple[str, str]:
    """The key of a user who may do nothing."""
    iam = node.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


PATIENT = """import os, time

def handler(event, context):
    while not os.path.exists({end!r}):
        time.sleep(0.05)
"""


def test_reserved_concurrency_holds_on_all_nodes(cluster: Cluster, tmp_path: Path) -> None:
    one, two, three = cluster.start().nodes
    role, end = make_role(one, "patient", "logs:*"), tmp_path / "end"
    make_function(one, "patient", PATIENT.format(end=str(end)), role, Timeout=2 * int(LIMIT_S))
    one.client("lambda").put_function_concurrency(FunctionName="patient", ReservedConcurrentExecutions=1)
    running = threading.Thread(target=lambda: one.client("lambda").invoke(FunctionName="patient"))
    running.start()
    try:
        assert wait_until(lambda: any(node["running"] for node in cluster.listed(1)), LIMIT_S)
        with pytest.raises(two.client("lambda").exceptions.TooManyRequestsException):
            two.client("lambda").invoke(FunctionName="patient")
    finally:
        end.touch()
        running.join()
    assert three.client("lambda").invoke(FunctionName="patient")["StatusCode"] == 200


def test_while_the_database_is_away_requests_are_refused_in_each_services_own_form(cluster: Cluster) -> None:
    del cluster.nodes[1:]
    (node,) = cluster.start().nodes
    url, _ = make_queue(node, "kept")
    node.client("sqs").send_message(QueueUrl=url, MessageBody="kept")
    cluster.database.stop()
    for service, operation in (("sqs", "list_queues"), ("s3", "list_buckets"), ("iam", "list_users")):
        with pytest.raises(ClientError) as refused:
            getattr(node.client(service), operation)()
        assert refused.value.response["Error"]["Code"] == "ServiceUnavailable"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    # What probes ask: to start nodes anew would not bring the database back.
    assert ask(node.endpoint, "/_outfall/health")["status"] == "running"
    cluster.database.start()
    assert [message["Body"] for message in node.drain(url, 1, LIMIT_S)] == ["kept"]
    cluster.database.stop()
    node.stop()
    assert "Traceback" not in node.log()
