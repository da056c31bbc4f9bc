"""Every paginator and waiter that botocore has for an operation that is served: pages are the whole, in order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, WaiterError

from outfall.core.service import Service
from outfall.host.compose import SERVICES
from outfall.testing.inside import Inside, running

from .road import GOOD, package, wait_active

NAMES = ("p1", "p2", "p3")
ACCOUNT = "000000000000"
BUCKET = "pages"
TAGS = [{"Key": name, "Value": "x"} for name in NAMES]
TRUSTED = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [TRUSTED]})
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:p1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/p1"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/p1"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:p1"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/p1.example"
LAYER = "p1"


def _people(iam: Any) -> None:
    """Three of everything in IAM, and everything of the first three times."""
    for name in NAMES:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        iam.create_user(UserName=name)
        iam.create_group(GroupName=name)
        arn = iam.create_policy(PolicyName=name, PolicyDocument=ALLOW)["Policy"]["Arn"]
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName="p1")
        iam.put_role_policy(RoleName="p1", PolicyName=name, PolicyDocument=ALLOW)
        iam.attach_role_policy(RoleName="p1", PolicyArn=arn)
        iam.attach_role_policy(RoleName=name, PolicyArn=f"{POLICY}")
    for name in NAMES:
        arn = POLICY[:-2] + name
        iam.put_user_policy(UserName="p1", PolicyName=name, PolicyDocument=ALLOW)
        iam.attach_user_policy(UserName="p1", PolicyArn=arn)
        iam.put_group_policy(GroupName="p1", PolicyName=name, PolicyDocument=ALLOW)
        iam.attach_group_policy(GroupName="p1", PolicyArn=arn)
        iam.add_user_to_group(GroupName="p1", UserName=name)
    for name in NAMES[1:]:
        iam.add_user_to_group(GroupName=name, UserName="p1")
        iam.create_policy_version(PolicyArn=POLICY, PolicyDocument=ALLOW)
        iam.create_access_key(UserName="p1")
    iam.create_account_alias(AccountAlias="p1-alias")
    iam.create_open_id_connect_provider(Url="https://p1.example", ClientIDList=["a"], ThumbprintList=["0" * 40])
    iam.tag_role(RoleName="p1", Tags=TAGS)
    iam.tag_user(UserName="p1", Tags=TAGS)
    iam.tag_policy(PolicyArn=POLICY, Tags=TAGS)
    iam.tag_instance_profile(InstanceProfileName="p1", Tags=TAGS)
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER, Tags=TAGS)


def _functions(functions: Any) -> None:
    role = {"Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler"}
    for name in NAMES:
        functions.create_function(FunctionName=name, **role, Code={"ZipFile": package(GOOD)})
    wait_active(functions, "p1")
    for name in NAMES:
        functions.update_function_code(FunctionName="p1", ZipFile=package(GOOD + f"# {name}\n"))
        wait_active(functions, "p1")
        version = functions.publish_version(FunctionName="p1")["Version"]
        functions.create_alias(FunctionName="p1", Name=name, FunctionVersion=version)
        functions.put_function_event_invoke_config(FunctionName="p1", Qualifier=name, MaximumRetryAttempts=0)
        functions.create_function_url_config(FunctionName="p1", Qualifier=name, AuthType="NONE")
        functions.put_provisioned_concurrency_config(
            FunctionName="p1", Qualifier=version, ProvisionedConcurrentExecutions=1
        )
        functions.create_event_source_mapping(
            FunctionName=name, EventSourceArn=QUEUE[:-2] + name, BatchSize=1, Enabled=False
        )
        functions.publish_layer_version(LayerName=LAYER, Content={"ZipFile": package(GOOD)})
        functions.publish_layer_version(LayerName=f"other-{name}", Content={"ZipFile": package(GOOD)})


def _events(sns: Any, events: Any) -> None:
    for name in NAMES:
        sns.create_topic(Name=name)
    for name in NAMES:
        sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE[:-2] + name)
        events.put_rule(Name=name, EventPattern='{"source": ["pages"]}')
        events.put_targets(Rule=name, Targets=[{"Id": "same", "Arn": QUEUE}])
        events.put_targets(Rule="p1", Targets=[{"Id": name, "Arn": QUEUE[:-2] + name}])


def _observed(logs: Any, cloudwatch: Any, now_s: float) -> None:
    for name in NAMES:
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName="p1", logStreamName=name)
        lines = [{"timestamp": int(now_s * 1000) + place, "message": f"{name} {place}"} for place in range(2)]
        logs.put_log_events(logGroupName="p1", logStreamName=name, logEvents=lines)
        metric = {"metricName": name, "metricNamespace": "pages", "metricValue": "1"}
        logs.put_metric_filter(logGroupName="p1", filterName=name, filterPattern="", metricTransformations=[metric])
        cloudwatch.put_metric_data(Namespace="pages", MetricData=[{"MetricName": name, "Value": 1.0}])
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="pages",
            MetricName=name,
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
        )
    stream = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:p1"
    for name in NAMES[:2]:
        logs.put_subscription_filter(logGroupName="p1", filterName=name, filterPattern="", destinationArn=stream)


def _objects(s3: Any) -> None:
    for name in (BUCKET, "pages-2", "pages-3"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for name in NAMES:
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"1")
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"2")
        s3.put_object(Bucket=BUCKET, Key=f"{name}/inner", Body=b"")
        s3.create_multipart_upload(Bucket=BUCKET, Key=name)
    s3.delete_object(Bucket=BUCKET, Key="p2")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    for number in (1, 2, 3):
        s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=number, Body=b"x")


@pytest.fixture(scope="module")
def furnished() -> Iterator[Inside]:
    """A server that holds three of everything that can be listed."""
    with running(environments="process") as inside:
        sqs, dead = inside.client("sqs"), json.dumps({"deadLetterTargetArn": QUEUE, "maxReceiveCount": "3"})
        for name in NAMES:
            sqs.create_queue(QueueName=name)
            sqs.create_queue(QueueName=f"source-{name}", Attributes={"RedrivePolicy": dead})
        _people(inside.client("iam"))
        _functions(inside.client("lambda"))
        _events(inside.client("sns"), inside.client("events"))
        inside.client("lambda").add_permission(
            FunctionName="p1", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com"
        )
        _observed(inside.client("logs"), inside.client("cloudwatch"), time.time())
        _objects(inside.client("s3"))
        yield inside


def client(inside: Inside, service: str) -> Any:
    """A client, made once."""
    made = _clients.setdefault(inside.endpoint, {})
    if service not in made:
        made[service] = inside.client(service)
    return made[service]


_clients: dict[str, dict[str, Any]] = {}


class Row(NamedTuple):
    """An operation that pages, what it is asked, how many there are, and what AWS says to a token that is none.

    `bad` is empty where any text is a place to begin at.
    """

    service: str
    operation: str
    asked: dict[str, Any]
    total: int
    bad: str = ""


WHEN = {"StartTime": time.time() - 3600, "EndTime": time.time() + 3600}
QUERIES = [
    {
        "Id": name,
        "MetricStat": {"Metric": {"Namespace": "pages", "MetricName": name}, "Period": 60, "Stat": "Sum"},
    }
    for name in NAMES
]
SIMULATED = {"ActionNames": ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]}

ROWS = (
    Row("cloudwatch", "DescribeAlarmHistory", {"AlarmName": "p1"}, 1, "InvalidNextToken"),
    Row("cloudwatch", "DescribeAlarms", {}, 3, "InvalidNextToken"),
    Row("cloudwatch", "GetMetricData", WHEN | {"MetricDataQueries": QUERIES}, 3, "InvalidNextToken"),
    Row("cloudwatch", "ListMetrics", {"Namespace": "pages"}, 3, "InvalidParameterValue"),
    Row("logs", "DescribeLogGroups", {}, 3, "InvalidParameterException"),
    Row("logs", "DescribeLogStreams", {"logGroupName": "p1"}, 3, "InvalidParameterException"),
    Row("logs", "DescribeMetricFilters", {"logGroupName": "p1"}, 3, "InvalidParameterException"),
    Row("logs", "DescribeSubscriptionFilters", {"logGroupName": "p1"}, 2, "InvalidParameterException"),
    Row("logs", "FilterLogEvents", {"logGroupName": "p1"}, 6, "InvalidParameterException"),
    Row("events", "ListRuleNamesByTarget", {"TargetArn": QUEUE}, 3, "ValidationException"),
    Row("events", "ListRules", {}, 3, "ValidationException"),
    Row("events", "ListTargetsByRule", {"Rule": "p1"}, 4, "ValidationException"),
    Row("iam", "GetAccountAuthorizationDetails", {}, 12, "ValidationError"),
    Row("iam", "GetGroup", {"GroupName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListAccessKeys", {"UserName": "p1"}, 2, "ValidationError"),
    Row("iam", "ListAccountAliases", {}, 1, "ValidationError"),
    Row("iam", "ListAttachedGroupPolicies", {"GroupName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListAttachedRolePolicies", {"RoleName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListAttachedUserPolicies", {"UserName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListEntitiesForPolicy", {"PolicyArn": POLICY}, 5, "ValidationError"),
    Row("iam", "ListGroupPolicies", {"GroupName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListGroups", {}, 3, "ValidationError"),
    Row("iam", "ListGroupsForUser", {"UserName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListInstanceProfileTags", {"InstanceProfileName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListInstanceProfiles", {}, 3, "ValidationError"),
    Row("iam", "ListInstanceProfilesForRole", {"RoleName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListMFADevices", {"UserName": "p1"}, 0, "ValidationError"),
    Row("iam", "ListOpenIDConnectProviderTags", {"OpenIDConnectProviderArn": PROVIDER}, 3, "ValidationError"),
    Row("iam", "ListPolicies", {"Scope": "Local"}, 3, "ValidationError"),
    Row("iam", "ListPolicyTags", {"PolicyArn": POLICY}, 3, "ValidationError"),
    Row("iam", "ListPolicyVersions", {"PolicyArn": POLICY}, 3, "ValidationError"),
    Row("iam", "ListRolePolicies", {"RoleName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListRoles", {"PathPrefix": "/"}, 3, "ValidationError"),
    Row("iam", "ListRoleTags", {"RoleName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListServerCertificates", {}, 0, "ValidationError"),
    Row("iam", "ListSigningCertificates", {"UserName": "p1"}, 0, "ValidationError"),
    Row("iam", "ListSSHPublicKeys", {"UserName": "p1"}, 0, "ValidationError"),
    Row("iam", "ListUserPolicies", {"UserName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListUsers", {}, 3, "ValidationError"),
    Row("iam", "ListUserTags", {"UserName": "p1"}, 3, "ValidationError"),
    Row("iam", "ListVirtualMFADevices", {}, 0, "ValidationError"),
    Row("iam", "SimulateCustomPolicy", SIMULATED | {"PolicyInputList": [ALLOW]}, 3, "ValidationError"),
    Row("iam", "SimulatePrincipalPolicy", SIMULATED | {"PolicySourceArn": ROLE}, 3, "ValidationError"),
    Row("lambda", "ListAliases", {"FunctionName": "p1"}, 3, "InvalidParameterValueException"),
    Row("lambda", "ListEventSourceMappings", {}, 3, "InvalidParameterValueException"),
    Row("lambda", "ListFunctionEventInvokeConfigs", {"FunctionName": "p1"}, 3, "InvalidParameterValueException"),
    Row("lambda", "ListFunctionUrlConfigs", {"FunctionName": "p1"}, 3, "InvalidParameterValueException"),
    Row("lambda", "ListFunctions", {}, 3, "InvalidParameterValueException"),
    Row("lambda", "ListLayers", {}, 4, "InvalidParameterValueException"),
    Row("lambda", "ListLayerVersions", {"LayerName": LAYER}, 3, "InvalidParameterValueException"),
    Row("lambda", "ListProvisionedConcurrencyConfigs", {"FunctionName": "p1"}, 3, "InvalidParameterValueException"),
    Row("lambda", "ListVersionsByFunction", {"FunctionName": "p1"}, 4, "InvalidParameterValueException"),
    Row("s3", "ListBuckets", {"BucketRegion": "us-east-1"}, 3, "InvalidArgument"),
    Row("s3", "ListMultipartUploads", {"Bucket": BUCKET}, 4),
    Row("s3", "ListObjects", {"Bucket": BUCKET}, 5),
    Row("s3", "ListObjects", {"Bucket": BUCKET, "Delimiter": "/"}, 5),
    Row("s3", "ListObjectsV2", {"Bucket": BUCKET}, 5, "InvalidArgument"),
    Row("s3", "ListObjectsV2", {"Bucket": BUCKET, "Delimiter": "/"}, 5, "InvalidArgument"),
    Row("s3", "ListObjectVersions", {"Bucket": BUCKET}, 10),
    Row("s3", "ListObjectVersions", {"Bucket": BUCKET, "Delimiter": "/"}, 10),
    Row("s3", "ListParts", {"Bucket": BUCKET, "Key": "parts"}, 3, "InvalidArgument"),
    Row("sns", "ListSubscriptions", {}, 3, "InvalidParameter"),
    Row("sns", "ListSubscriptionsByTopic", {"TopicArn": TOPIC}, 3, "InvalidParameter"),
    Row("sns", "ListTopics", {}, 3, "InvalidParameter"),
    Row("sqs", "ListDeadLetterSourceQueues", {"QueueUrl": QUEUE}, 3, "InvalidParameterValue"),
    Row("sqs", "ListQueues", {}, 6, "InvalidParameterValue"),
)
"""`total` is over all the members that the paginator joins."""


def _asked(inside: Inside, row: Row) -> dict[str, Any]:
    if "QueueUrl" in row.asked:
        return {"QueueUrl": client(inside, "sqs").get_queue_url(QueueName="p1")["QueueUrl"]}
    if row.operation == "ListParts":
        (upload,) = client(inside, "s3").list_multipart_uploads(Bucket=BUCKET, Prefix="parts")["Uploads"]
        return row.asked | {"UploadId": upload["UploadId"]}
    return row.asked


def _paginator(inside: Inside, row: Row) -> Any:
    return client(inside, row.service).get_paginator(xform_name(row.operation))


def _members(paginator: Any, answer: dict[str, Any]) -> dict[str, list[Any]]:
    """What an answer holds of what the paginator joins."""
    joined = {key.expression: key.search(answer) or [] for key in paginator.result_keys}
    return {name: list(value.items()) if isinstance(value, dict) else value for name, value in joined.items()}


def _id(row: Row) -> str:
    return f"{row.operation}-{row.asked.get('Delimiter', '')}".rstrip("-")


def _summed(pages: Any) -> dict[str, list[Any]]:
    whole: dict[str, list[Any]] = {}
    for page in pages:
        for name, members in page.items():
            whole.setdefault(name, []).extend(members)
    return whole


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_pages_are_the_whole(furnished: Inside, row: Row, size: int) -> None:
    paginator, asked = _paginator(furnished, row), _asked(furnished, row)
    whole = _members(paginator, getattr(client(furnished, row.service), xform_name(row.operation))(**asked))
    sized = {"PageSize": size} if paginator._limit_key else {}
    pages = [_members(paginator, page) for page in paginator.paginate(**asked, PaginationConfig=sized)]
    assert _summed(pages) == whole
    assert sum(map(len, whole.values())) == row.total
    if sized:
        assert all(sum(map(len, page.values())) <= size for page in pages)


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_a_token_that_is_none(furnished: Inside, row: Row) -> None:
    paginator, asked = _paginator(furnished, row), _asked(furnished, row)
    (token, *_), result = paginator._input_token, {"MaxResults": 2} if row.service == "sqs" else {}
    ask = getattr(client(furnished, row.service), xform_name(row.operation))
    try:
        answer = ask(**asked, **result, **{token: -1 if token == "PartNumberMarker" else "no token"})
    except ClientError as refused:
        said = refused.response
        assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == (row.bad, 400)
        assert said["Error"]["Message"]
    else:
        assert not row.bad, answer


class Wait(NamedTuple):
    """A waiter, what it waits for, and what there is none of."""

    service: str
    waiter: str
    asked: dict[str, Any]
    missing: dict[str, Any]


WAITS = (
    Wait("cloudwatch", "alarm_exists", {"AlarmNames": ["p1"]}, {"AlarmNames": ["none"]}),
    Wait("iam", "instance_profile_exists", {"InstanceProfileName": "p1"}, {"InstanceProfileName": "none"}),
    Wait("iam", "user_exists", {"UserName": "p1"}, {"UserName": "none"}),
    Wait("iam", "role_exists", {"RoleName": "p1"}, {"RoleName": "none"}),
    Wait("iam", "policy_exists", {"PolicyArn": POLICY}, {"PolicyArn": POLICY + "-none"}),
    Wait("lambda", "function_active", {"FunctionName": "p1"}, {"FunctionName": "none"}),
    Wait("lambda", "function_active_v2", {"FunctionName": "p1"}, {"FunctionName": "none"}),
    Wait("lambda", "function_exists", {"FunctionName": "p1"}, {"FunctionName": "none"}),
    Wait("lambda", "function_updated", {"FunctionName": "p1"}, {"FunctionName": "none"}),
    Wait("lambda", "function_updated_v2", {"FunctionName": "p1"}, {"FunctionName": "none"}),
    Wait("lambda", "published_version_active", {"FunctionName": "p1"}, {"FunctionName": "none"}),
    Wait("s3", "bucket_exists", {"Bucket": BUCKET}, {"Bucket": "no-pages"}),
    Wait("s3", "bucket_not_exists", {"Bucket": "no-pages"}, {"Bucket": BUCKET}),
    Wait("s3", "object_exists", {"Bucket": BUCKET, "Key": "p1"}, {"Bucket": BUCKET, "Key": "none"}),
    Wait("s3", "object_not_exists", {"Bucket": BUCKET, "Key": "none"}, {"Bucket": BUCKET, "Key": "p1"}),
)


@pytest.mark.parametrize("row", WAITS, ids=lambda row: row.waiter)
def test_waiters_end(furnished: Inside, row: Wait) -> None:
    waiter = client(furnished, row.service).get_waiter(row.waiter)
    once = {"Delay": 0, "MaxAttempts": 1}
    waiter.wait(**row.asked, WaiterConfig=once)
    with pytest.raises(WaiterError):
        waiter.wait(**row.missing, WaiterConfig=once)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_paginator_and_waiter_is_here(furnished: Inside, service: Service) -> None:
    api = client(furnished, service.name)
    pages = {name for name in service.operations if api.can_paginate(xform_name(name))}
    assert pages == {row.operation for row in ROWS if row.service == service.name}
    waiters = {name for name in api.waiter_names if _asked_by(api, name) in service.operations}
    assert waiters - NOT_SERVED == {row.waiter for row in WAITS if row.service == service.name}


NOT_SERVED = {"composite_alarm_exists", "log_alarm_exists"}
"""Alarms of a kind that cannot be made."""


def _asked_by(api: Any, waiter: str) -> str:
    return str(api.get_waiter(waiter).config.operation)
