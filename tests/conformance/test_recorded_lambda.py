"""Errors that AWS answered in recorded tests of Lambda; what is expected stands in `cases.json`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.clients.road import package

from .house import ACCOUNT, House, expect_recorded, refusal

PLAIN = "def handler(event, context):\n    return {}\n"
HERE = f"arn:aws:lambda:us-east-1:{ACCOUNT}"


@dataclass(frozen=True)
class Stage:
    """A function with a version and two aliases, a queue, and roles that may poll it or may nothing."""

    house: House
    client: Any
    role: str
    powerless: str
    queue: str


@pytest.fixture(scope="module")
def stage(house: House) -> Stage:
    role = house.role("recorded", "sqs:*", "lambda:*", "logs:*")
    house.function("fn", PLAIN, role)
    client = house.client("lambda")
    client.publish_version(FunctionName="fn")
    client.create_alias(FunctionName="fn", Name="custom", FunctionVersion="1")
    client.create_alias(FunctionName="fn", Name="eventinvokealias", FunctionVersion="1")
    _, queue = house.queue("source")
    client.create_event_source_mapping(EventSourceArn=queue, FunctionName="fn")
    return Stage(house, client, role, house.role("powerless"), queue)


def call(name: str, **given: Any) -> Callable[[Stage], Any]:
    """An operation of Lambda by boto3's name for it."""
    return lambda stage: getattr(stage.client, name)(**given)


def create(**given: Any) -> Callable[[Stage], Any]:
    """CreateFunction with these settings."""

    def made(stage: Stage) -> Any:
        known = {"Runtime": "python3.12", "Role": stage.role, "Handler": "app.handler"}
        code = {"ZipFile": package(PLAIN)}
        return stage.client.create_function(**{"FunctionName": "new", **known, "Code": code, **given})

    return made


def mapping(**given: Any) -> Callable[[Stage], Any]:
    """CreateEventSourceMapping of the queue, with these settings."""
    return lambda stage: stage.client.create_event_source_mapping(
        **{"EventSourceArn": stage.queue, "FunctionName": "fn:custom", **given}
    )


def with_config(name: str, **given: Any) -> Callable[[Stage], Any]:
    """An operation of Lambda on a function that has no EventInvokeConfig."""
    return call(name, FunctionName="fn", **given)


def settings(destination: str = "", **given: Any) -> Callable[[Stage], Any]:
    """PutFunctionEventInvokeConfig, perhaps with a destination."""
    config = {"DestinationConfig": {"OnSuccess": {"Destination": destination}}} if destination else {}
    return call("put_function_event_invoke_config", **{"FunctionName": "fn", **config, **given})


def new_mapping(stage: Stage) -> str:
    _, queue = stage.house.queue("updated")
    made = stage.client.create_event_source_mapping(EventSourceArn=queue, FunctionName="fn", Enabled=False)
    for _ in range(100):
        stage.house.inside.advance(seconds=1)
        if stage.client.get_event_source_mapping(UUID=made["UUID"])["State"] == "Disabled":
            break
    return str(made["UUID"])


def of_other_account(stage: Stage) -> Any:
    return stage.house.client("lambda", "222222222222").get_function(FunctionName=f"{HERE}:function:fn")


def permit(**given: Any) -> Callable[[Stage], Any]:
    return call(
        "add_permission",
        **{"FunctionName": "fn", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*", **given},
    )


def alias(name: str = "new", **given: Any) -> Callable[[Stage], Any]:
    return call("create_alias", **{"FunctionName": "fn", "Name": name, "FunctionVersion": "1", **given})


def url(**given: Any) -> Callable[[Stage], Any]:
    return call("create_function_url_config", **{"FunctionName": "fn", "AuthType": "NONE", **given})


def layer_permit(stage: Stage) -> Any:
    layer = {"LayerName": "l", "Content": {"ZipFile": package("")}}
    version = stage.client.publish_layer_version(**layer)["Version"]
    return stage.client.add_layer_version_permission(
        LayerName="l", VersionNumber=version, StatementId="s", Action="*", Principal="*"
    )


def with_version_and_no_provisioning(stage: Stage) -> Any:
    return stage.client.get_provisioned_concurrency_config(FunctionName="fn", Qualifier="custom")


def tag(arn: str) -> Callable[[Stage], Any]:
    return call("tag_resource", Resource=arn, Tags={"a": "b"})


UUID = "11111111-1111-4111-8111-111111111111"
LONG = f"{HERE}:function:{'a' * 120}"

RECORDED: dict[str, Callable[[Stage], Any]] = {
    "rec-007": call("delete_function", FunctionName="no-such"),
    "rec-009": call("get_function_url_config", FunctionName="no-such"),
    "rec-010": call("get_function_event_invoke_config", FunctionName="no-such"),
    "rec-011": call("get_function", FunctionName=f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:fn"),
    "rec-017": alias(RoutingConfig={"AdditionalVersionWeights": {"2": -1.0}}),
    "rec-023": alias("custom"),
    "rec-024": call("get_alias", FunctionName="fn", Name="non-existent"),
    "rec-025": settings(FunctionName="no-such", MaximumRetryAttempts=1),
    "rec-026": settings(),
    "rec-027": settings(f"{HERE}:function:doesnotexist"),
    "rec-028": settings(f"{HERE}:function:fn"),
    "rec-029": settings(f"arn:aws:iam:us-east-1:{ACCOUNT}:function:fn"),
    "rec-031": with_config("delete_function_event_invoke_config"),
    "rec-032": call("delete_function_event_invoke_config", FunctionName="doesnotexist"),
    "rec-033": with_config("get_function_event_invoke_config", Qualifier="doesnotexist"),
    "rec-034": with_config("get_function_event_invoke_config", Qualifier="eventinvokealias"),
    "rec-041": create(Environment={"Variables": {"SMALL_VAR": "ok", "LARGE_VAR": "x" * 4064}}),
    "rec-045": call("create_event_source_mapping", FunctionName="fn"),
    "rec-046": mapping(FunctionName="doesnotexist"),
    "rec-047": mapping(DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dlq"}}),
    "rec-048": tag("arn:aws:something"),
    "rec-059": call(
        "put_provisioned_concurrency_config", FunctionName="fn", Qualifier="1", ProvisionedConcurrentExecutions=0
    ),
    "rec-065": create(Code={"ZipFile": bytes(52_700_000)}),
    "rec-066": call("list_function_url_configs", FunctionName="no-such"),
    "rec-067": url(FunctionName="doesnotexist", Qualifier="1"),
    "rec-068": url(Qualifier="2"),
    "rec-069": url(Qualifier="$LATEST"),
    "rec-076": permit(Qualifier="invalid-qualifier-with-?-char"),
    "rec-080": create(Role="r1"),
    "rec-083": create(Architectures=["x86_64", "arm64"]),
    "rec-084": create(Architectures=["X86_64"]),
    "rec-088": call("list_layers", CompatibleArchitecture="archdoesnotexist"),
    "rec-090": call("get_layer_version_by_arn", Arn=f"{HERE}:layer:l"),
    "rec-093": layer_permit,
    "rec-107": with_config("get_function_event_invoke_config", Qualifier="1"),
    "rec-113": create(SnapStart={"ApplyOn": "invalidOption"}),
    "rec-114": call("publish_version", FunctionName="fn", CodeSha256="a" * 64),
    "rec-117": call("put_function_concurrency", FunctionName="fn", ReservedConcurrentExecutions=2000),
    "rec-119": create(FunctionName="invalid:function:name"),
    "rec-121": create(FunctionName=LONG),
    "rec-124": alias("2024"),
    "rec-125": call("invoke", FunctionName="arn:aws:lambda:us-east-1:123400000000@function:myfn"),
    "rec-128": create(Runtime="go1.x"),
    "rec-129": create(Runtime="provided"),
    "rec-130": create(Runtime="ruby2.7"),
    "rec-131": create(Runtime="nodejs14.x"),
    "rec-132": create(Runtime="python3.7"),
    "rec-133": create(Runtime="dotnetcore3.1"),
    "rec-134": create(Runtime="nodejs12.x"),
    "rec-138": call("put_function_recursion_config", FunctionName="fn", RecursiveLoop="InvalidValue"),
    "rec-139": tag(f"{HERE}:function:no-such"),
    "rec-140": tag(f"{HERE}:foobar:no-such"),
    "rec-141": tag(f"{HERE}:event-source-mapping:{UUID}"),
    "rec-142": tag(f"{HERE}:event-source-mapping:{UUID}:alias"),
    "rec-154": with_version_and_no_provisioning,
    "rec-161": url(InvokeMode="UNKNOWN"),
    "rec-162": lambda stage: stage.client.update_event_source_mapping(UUID=new_mapping(stage), BatchSize=11),
    "rec-163": mapping(FilterCriteria={"Filters": [{"Pattern": "None"}]}),
    "rec-164": mapping(FunctionName="fn"),
    "rec-165": mapping(EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:no-such"),
}


@pytest.mark.parametrize("row", RECORDED)
def test_lambda_refuses_as_recorded(stage: Stage, row: str) -> None:
    expect_recorded(row, refusal(lambda: RECORDED[row](stage)))


def test_rec_123_a_function_of_another_account_is_denied(stage: Stage) -> None:
    """The recorded message is a placeholder."""
    assert refusal(lambda: of_other_account(stage))[:2] == (403, "AccessDeniedException")
