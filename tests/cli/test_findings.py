"""What `doctor` finds in what a server holds."""

from __future__ import annotations

import json

from outfall.cli.findings import findings
from outfall.testing import Inside
from tests.clients.road import package
from tests.testing.test_inside import ALLOW, TRUST

GOOD = "def handler(event, context):\n    return event\n"


def seen(outfall: Inside) -> dict[str, list[str]]:
    """Warnings, by what was looked at."""
    told: dict[str, list[str]] = {}
    for level, what, text in findings(outfall.client):
        if level == "warn":
            told.setdefault(what, []).append(text)
    return told


def make(outfall: Inside, name: str, policy: str | None = None, timeout_s: int = 3) -> str:
    iam, client = outfall.client("iam"), outfall.client("lambda")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    if policy:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    arn = client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": package(GOOD)},
        Timeout=timeout_s,
    )["FunctionArn"]
    outfall.run_until_idle()
    return str(arn)


def test_a_function_without_a_failure_target(outfall: Inside) -> None:
    make(outfall, "careless")
    assert seen(outfall) == {
        "function": ["careless has no failure destination and no dead-letter queue: failures vanish"]
    }


def test_a_role_that_cannot_reach_its_destination_any_more(outfall: Inside) -> None:
    make(outfall, "fn", ALLOW)
    sqs = outfall.client("sqs")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    outfall.client("lambda").put_function_event_invoke_config(
        FunctionName="fn", DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    assert seen(outfall) == {}
    outfall.client("iam").delete_role_policy(RoleName="fn", PolicyName="p")
    [text] = seen(outfall)["destination"]
    assert "may not sqs:SendMessage" in text


def test_a_loop_from_a_bucket_back_to_itself(outfall: Inside) -> None:
    arn = make(outfall, "fn", ALLOW)
    s3 = outfall.client("s3")
    s3.create_bucket(Bucket="round")
    outfall.client("lambda").add_permission(
        FunctionName="fn", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    rule = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="round", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    assert "round invokes fn" in seen(outfall)["bucket"][0]
    reader = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [reader]})
    outfall.client("iam").put_role_policy(RoleName="fn", PolicyName="p", PolicyDocument=policy)
    assert "bucket" not in seen(outfall)


def test_a_queue_that_aws_would_deliver_nothing_to(outfall: Inside) -> None:
    sqs, sns = outfall.client("sqs"), outfall.client("sns")
    url = sqs.create_queue(QueueName="open")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert "AWS would deliver nothing" in seen(outfall)["queue"][0]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert "queue" not in seen(outfall)
