"""Every page of the console: where it is, and what is seen on it when `fill` made one of everything."""

from __future__ import annotations

import json
import re

from outfall.cli.lesson import LOGGING_POLICY, TRUST, package
from tests.clients.server import Server

CODE = "def lambda_handler(event, context):\n    print('one line')\n    return {'statusCode': 200}\n"

PAGES: dict[str, tuple[str, str | re.Pattern[str]]] = {
    "home": ("/", re.compile(r"\d+ of 12 steps")),
    "events": ("/events", "Every asynchronous event this server has accepted, newest first."),
    "queues": ("/sqs/queues", "jobs"),
    "create-queue": ("/sqs/create-queue", "Visibility timeout"),
    "queue": ("/sqs/queues/jobs", "Looked at, not received: nothing changes by it."),
    "edit-queue": ("/sqs/queues/jobs/edit", "Visibility timeout"),
    "send-receive": ("/sqs/queues/jobs/send-receive", "Polling progress"),
    "functions": ("/lambda/functions", "thumbs"),
    "create-function": ("/lambda/create", "Author from scratch"),
    "create-from-blueprint": ("/lambda/create?way=blueprint", "S3 trigger"),
    "function-code": ("/lambda/functions/thumbs", "Code source"),
    "function-test": ("/lambda/functions/thumbs?tab=test", "Invocation type"),
    "function-monitor": ("/lambda/functions/thumbs?tab=monitor", "CloudWatch metrics"),
    "function-aliases": ("/lambda/functions/thumbs?tab=aliases", "There are no aliases."),
    "function-versions": ("/lambda/functions/thumbs?tab=versions", "Publish new version"),
    "function-general": ("/lambda/functions/thumbs?tab=configuration", "Ephemeral storage"),
    "function-triggers": ("/lambda/functions/thumbs?tab=configuration&panel=triggers", "Nothing invokes this function"),
    "function-permissions": (
        "/lambda/functions/thumbs?tab=configuration&panel=permissions",
        "Resource-based policy statements",
    ),
    "function-destinations": ("/lambda/functions/thumbs?tab=configuration&panel=destinations", "On failure"),
    "function-environment": ("/lambda/functions/thumbs?tab=configuration&panel=environment", "STAGE"),
    "function-async": ("/lambda/functions/thumbs?tab=configuration&panel=async", "Maximum age of event"),
    "add-trigger": ("/lambda/functions/thumbs/add/trigger", "Trigger configuration"),
    "add-destination": ("/lambda/functions/thumbs/add/destination", "Destination configuration"),
    "roles": ("/iam/roles", "thumbs-role"),
    "role": ("/iam/roles/thumbs-role", "Permissions policies"),
    "buckets": ("/s3/buckets", "album"),
    "bucket": ("/s3/buckets/album", "hut.txt"),
    "upload": ("/s3/upload/album", "You have not chosen any files."),
    "nothing": ("/there/is/none", "There is no such page"),
    "event": ("/events/EVENT", "Ended: Success"),
    "role-may-it": ("/iam/roles/thumbs-role?tab=may", "May it do X on Y?"),
    "role-last-used": ("/iam/roles/thumbs-role?tab=least", "What it did"),
    "log-groups": ("/logs", "/aws/lambda/thumbs"),
    "log-group": ("/logs/%2Faws%2Flambda%2Fthumbs", "Log group details"),
    "log-events": ("/logs/%2Faws%2Flambda%2Fthumbs?tab=lines", re.compile("one line")),
    "topics": ("/sns", "news"),
    "topic": ("/sns/topics/news", "Confirmed"),
    "topic-publish": ("/sns/topics/news?tab=publish", "Message body"),
    "rules": ("/eventbridge", '{"source":["shop"]}'),
    "schedules": ("/eventbridge?tab=schedules", "rate(1 day)"),
    "buses": ("/eventbridge?tab=buses", "event-bus/default"),
    "archives": ("/eventbridge?tab=archives", "keeps"),
    "send-events": ("/eventbridge?tab=send", "Event detail"),
    "rule": ("/eventbridge/default/shop", "Matched event"),
    "settings": ("/settings", "Start from nothing"),
}


def fill(server: Server) -> None:
    """Makes one of everything."""
    iam, sqs, functions, s3 = (server.client(name) for name in ("iam", "sqs", "lambda", "s3"))
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.send_message(QueueUrl=url, MessageBody='{"job": 1}')
    role = iam.create_role(RoleName="thumbs-role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="thumbs-role", PolicyArn=LOGGING_POLICY)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="thumbs-role", PolicyName="send", PolicyDocument=document)
    functions.create_function(
        FunctionName="thumbs",
        Runtime="python3.12",
        Role=role,
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": package(CODE)},
        Environment={"Variables": {"STAGE": "test"}},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="thumbs", WaiterConfig={"Delay": 1})
    functions.put_function_event_invoke_config(
        FunctionName="thumbs", DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    functions.invoke(FunctionName="thumbs", InvocationType="Event", Payload=b"{}")
    s3.create_bucket(Bucket="album")
    s3.put_object(Bucket="album", Key="hut.txt", Body=b"a hut")
    s3.put_object(Bucket="album", Key="alps/peak.txt", Body=b"a peak")
    _fill_more(server)


def _fill_more(server: Server) -> None:
    sns, events, sqs = server.client("sns"), server.client("events"), server.client("sqs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    events.put_rule(Name="shop", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="shop", Targets=[{"Id": "1", "Arn": queue}])
    events.put_rule(Name="daily", ScheduleExpression="rate(1 day)")
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="kept", EventSourceArn=bus)
    server.client("lambda").invoke(FunctionName="thumbs", Payload=b"{}")
