"""The life of a queue and its attributes. Ids in the tables are those of the collected cases."""

from __future__ import annotations

import json

import pytest

ATTRIBUTE_ORDER = (
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "SqsManagedSseEnabled",
)


def test_a_new_queue_has_awss_defaults_in_awss_order(sqs, url):  # sqs-003
    assert sqs.attributes(url) == {
        "QueueArn": sqs.arn(),
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "CreatedTimestamp": str(sqs.now // 1000),
        "LastModifiedTimestamp": str(sqs.now // 1000),
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }
    assert tuple(sqs.attributes(url)) == ATTRIBUTE_ORDER


def test_a_new_fifo_queue_shows_four_more(sqs):  # sqs-004
    shown = sqs.attributes(sqs.queue("q.fifo", FifoQueue="true"))
    assert {name: value for name, value in shown.items() if name not in ATTRIBUTE_ORDER} == {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    }


@pytest.mark.parametrize(
    "protocol, message",
    [
        pytest.param("json", "The specified queue does not exist.", id="sqs-001"),
        pytest.param("query", "The specified queue does not exist for this wsdl version.", id="sqs-002"),
    ],
)
@pytest.mark.parametrize(
    "operation, request_",
    [
        ("GetQueueUrl", {"QueueName": "none"}),
        ("SendMessage", {"QueueUrl": "http://any/111111111111/none", "MessageBody": "x"}),
        ("ReceiveMessage", {"QueueUrl": "http://any/111111111111/none"}),
        ("DeleteQueue", {"QueueUrl": "http://any/111111111111/none"}),
    ],
)
def test_an_unknown_queue(sqs, protocol, message, operation, request_):
    sqs.protocol = protocol
    code = "AWS.SimpleQueueService.NonExistentQueue"
    assert sqs.refused(operation, **request_) == (400, "QueueDoesNotExist", code, message)


@pytest.mark.parametrize(
    "url",
    [
        "https://sqs.us-east-1.amazonaws.com/111111111111/q",
        "https://queue.amazonaws.com/111111111111/q",
        "http://127.0.0.1:9999/111111111111/q",
    ],
)
def test_a_queue_url_may_name_any_host(sqs, url):
    sqs.queue()
    sqs.send(url)
    assert len(sqs.receive(url)) == 1


def test_a_bare_name_is_a_queue_of_the_callers(sqs, url):
    sqs.send("q", "by name")
    assert sqs.receive(url)[0]["Body"] == "by name"


@pytest.mark.parametrize("address", ["http://whatever-incorrect-queue-address", "http://h/x/y", "", None])
def test_an_address_that_names_no_queue(sqs, address):
    refused = sqs.refused("DeleteQueue", QueueUrl=address)
    assert refused[:2] == (400, "QueueDoesNotExist")


def test_a_query_without_an_address(sqs):
    sqs.protocol = "query"
    status, code, _, message = sqs.refused("DeleteQueue")
    assert (status, code) == (404, "InvalidAddress")
    assert message.endswith("/ is not valid for this endpoint.")


@pytest.mark.parametrize("operation", ["CreateQueue", "GetQueueUrl"])
def test_a_queue_needs_a_name(sqs, operation):
    message = "Value for parameter QueueName is invalid. Reason: Must specify a queue name."
    assert sqs.refused(operation, QueueName="")[2:] == ("InvalidParameterValue", message)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "{}",
        '{"Statement":[]}',
        '{"Version":"4532-10-17","Statement":[{"Effect":"Allow"}]}',
        '{"Statement":[{"Effect":"Allow"}],"Dummy":1}',
        '{"Statement":{"Effect":"Perhaps"}}',
        '{"Statement":{"Effect":"Allow","dummy":"value"}}',
    ],
)
def test_policies_that_are_none(sqs, url, text):
    refused = sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": text})
    message = "Invalid value for the parameter Policy."
    assert refused == (400, "InvalidAttributeValue", "InvalidAttributeValue", message)


def test_a_policy_has_at_most_twenty_statements(sqs, url):
    text = json.dumps({"Statement": [{"Effect": "Allow"}] * 22})
    status, code, _, message = sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": text})
    assert (status, code) == (403, "OverLimit")
    assert message == "22 statements were found in the submitted policy, max allowed is 20"


@pytest.mark.parametrize(
    "tags, message",
    [
        ({"": "v"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"k" * 129: "v"}, "Tag keys must be between 1 and 128 characters in length."),
        ({"k": "v" * 257}, "Tag values must be between 0 and 256 characters in length."),
    ],
)
def test_tags_of_the_wrong_length(sqs, url, tags, message):
    assert sqs.refused("TagQueue", QueueUrl=url, Tags=tags)[2:] == ("InvalidParameterValue", message)
    assert sqs.refused("CreateQueue", QueueName="new", tags=tags)[2:] == ("InvalidParameterValue", message)


def test_creating_again_with_the_same_attributes_gives_the_same_queue(sqs):  # sqs-020
    url = sqs.queue(DelaySeconds="5")
    sqs.send(url)
    assert sqs.queue(DelaySeconds="5") == url == sqs.queue()
    assert sqs.attributes(url)["ApproximateNumberOfMessagesDelayed"] == "1"


@pytest.mark.parametrize(
    "name, kept, given, attribute",
    [
        pytest.param("q", {}, {"DelaySeconds": "5"}, "DelaySeconds", id="sqs-019,rec-171"),
        pytest.param(
            "q.fifo",
            {"FifoQueue": "true"},
            {"FifoQueue": "true", "ContentBasedDeduplication": "true"},
            "ContentBasedDeduplication",
            id="rec-170",
        ),
    ],
)
def test_creating_again_with_other_attributes(sqs, name, kept, given, attribute):
    sqs.queue(name, **kept)
    message = f"A queue already exists with the same name and a different value for attribute {attribute}"
    refused = sqs.refused("CreateQueue", QueueName=name, Attributes=given)
    assert refused == (400, "QueueNameExists", "QueueAlreadyExists", message)


def test_a_deleted_queues_name_is_free_after_60_seconds_and_its_messages_are_gone(sqs, url):
    sqs.send(url)
    sqs("DeleteQueue", QueueUrl=url)
    sqs.later(seconds=59.999)
    status, _, code, message = sqs.refused("CreateQueue", QueueName="q")
    assert (status, code) == (400, "AWS.SimpleQueueService.QueueDeletedRecently")
    assert message == (
        "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    )
    sqs.later(seconds=0.001)
    assert sqs.queue() == url
    assert sqs.receive(url) == []


def test_a_handle_of_the_queue_before_is_not_one_of_its_successor(sqs, url):
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    sqs("DeleteQueue", QueueUrl=url)
    sqs.later(seconds=60)
    sqs.queue()
    assert sqs.refused("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)[1] == "ReceiptHandleIsInvalid"


def test_purging_removes_all_and_waits_60_seconds(sqs, url):  # sqs-018, rec-181
    for _ in range(3):
        sqs.send(url)
    sqs.receive(url, 1)
    sqs("PurgeQueue", QueueUrl=url)
    assert sqs.attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible") == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
    }
    sqs.later(seconds=59)
    assert sqs.refused("PurgeQueue", QueueUrl=url) == (
        403,
        "PurgeQueueInProgress",
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        "Only one PurgeQueue operation on q is allowed every 60 seconds.",
    )
    sqs.later(seconds=1)
    assert sqs("PurgeQueue", QueueUrl=url) is None


@pytest.mark.parametrize("name", ["", "a b", "x" * 81, "q.fifo", "ü"])
def test_names_that_no_queue_has(sqs, name):
    assert sqs.refused("CreateQueue", QueueName=name)[0] == 400


@pytest.mark.parametrize("name", ["q", ".fifo", "x" * 76 + ".fifo"])
def test_names_that_no_fifo_queue_has(sqs, name):
    refused = sqs.refused("CreateQueue", QueueName=name, Attributes={"FifoQueue": "true"})
    assert refused[2] == "InvalidParameterValue"


@pytest.mark.parametrize(
    "name, given, code, message",
    [
        pytest.param("q", {"FifoQueue": "true"}, "InvalidAttributeName", "Unknown Attribute FifoQueue.", id="sqs-021"),
        pytest.param("q", {"FifoQueue": "true"}, "InvalidAttributeName", "Unknown Attribute FifoQueue.", id="rec-178"),
        pytest.param(
            "q",
            {"ContentBasedDeduplication": "false"},
            "InvalidAttributeName",
            "Unknown Attribute ContentBasedDeduplication.",
            id="rec-186",
        ),
        pytest.param(
            "q",
            {"DeduplicationScope": "queue"},
            "InvalidAttributeName",
            "You can specify the DeduplicationScope only when FifoQueue is set to true.",
            id="rec-187",
        ),
        pytest.param(
            "q",
            {"FifoThroughputLimit": "perQueue"},
            "InvalidAttributeName",
            "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
            id="rec-188",
        ),
        pytest.param(
            "q.fifo",
            {"FifoQueue": "false"},
            "InvalidAttributeValue",
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
            id="rec-179",
        ),
        pytest.param(
            "q",
            {"KmsMasterKeyId": "alias/x", "SqsManagedSseEnabled": "true"},
            "InvalidAttributeName",
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS "
            "SSE.",
            id="sqs-031",
        ),
        pytest.param("q", {"Nonsense": "1"}, "InvalidAttributeName", "Unknown Attribute Nonsense.", id="unknown"),
        pytest.param("q", {"QueueArn": "x"}, "InvalidAttributeName", "Unknown Attribute QueueArn.", id="read-only"),
    ],
)
def test_attributes_that_cannot_be_set(sqs, name, given, code, message):
    url = sqs.queue(name, **({"FifoQueue": "true"} if name.endswith(".fifo") else {}))
    before = sqs.attributes(url)
    assert sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes=given) == (400, code, code, message)
    assert sqs.attributes(url) == before


@pytest.mark.parametrize(
    "name, least, most",
    [
        ("VisibilityTimeout", 0, 43200),
        ("MessageRetentionPeriod", 60, 1209600),
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1024, 1048576),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
    ],
)
def test_numbers_have_their_ranges(sqs, url, name, least, most):
    for value in (least, most):
        assert sqs("SetQueueAttributes", QueueUrl=url, Attributes={name: str(value)}) is None
        assert sqs.attributes(url, name) == {name: str(value)}
    for value in (str(least - 1), str(most + 1), "x", "9" * 5000):
        refused = sqs.refused("SetQueueAttributes", QueueUrl=url, Attributes={name: value})
        assert refused[1::2] == ("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


def test_an_empty_value_resets_to_the_default(sqs):
    url = sqs.queue(DelaySeconds="5", KmsMasterKeyId="alias/k")
    assert sqs.attributes(url, "KmsDataKeyReusePeriodSeconds") == {"KmsDataKeyReusePeriodSeconds": "300"}
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "", "KmsMasterKeyId": ""})
    shown = sqs.attributes(url)
    assert shown["DelaySeconds"] == "0"
    assert "KmsMasterKeyId" not in shown
    assert shown["SqsManagedSseEnabled"] == "false"


def test_setting_answers_nothing_and_moves_last_modified_alone(sqs, url):  # sqs-006
    created = str(sqs.now // 1000)
    sqs.later(seconds=10)
    assert sqs("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "1"}) is None
    shown = sqs.attributes(url, "CreatedTimestamp", "LastModifiedTimestamp")
    assert shown == {"CreatedTimestamp": created, "LastModifiedTimestamp": str(sqs.now // 1000)}


def test_asking_for_no_attribute_or_for_an_unknown_one(sqs, url):
    assert sqs("GetQueueAttributes", QueueUrl=url) == {}
    refused = sqs.refused("GetQueueAttributes", QueueUrl=url, AttributeNames=["Nope"])
    assert refused[2:] == ("InvalidAttributeName", "Unknown Attribute Nope.")


def test_listing_pages_by_name(sqs):
    urls = [sqs.queue(f"a{number}") for number in range(5)]
    sqs.queue("b")
    assert sqs("ListQueues", QueueNamePrefix="a") == {"QueueUrls": urls}
    seen, token = [], {}
    while True:
        page = sqs("ListQueues", QueueNamePrefix="a", MaxResults=2, **token)
        seen += page["QueueUrls"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == urls
    assert sqs("ListQueues", QueueNamePrefix="z") == {}


def test_queues_are_apart_per_account_and_region(sqs, url):
    sqs.send(url)
    sqs.account = "222222222222"
    assert sqs("ListQueues") == {}
    assert sqs("GetQueueUrl", QueueName="q", QueueOwnerAWSAccountId="111111111111") == {"QueueUrl": url}
    sqs.account, sqs.region = "111111111111", "eu-west-1"
    assert sqs.refused("GetQueueUrl", QueueName="q")[1] == "QueueDoesNotExist"


def test_tags(sqs, url):
    assert sqs("ListQueueTags", QueueUrl=url) == {}
    sqs("TagQueue", QueueUrl=url, Tags={"a": "1", "b": "2"})
    sqs("TagQueue", QueueUrl=url, Tags={"b": "3"})
    sqs("UntagQueue", QueueUrl=url, TagKeys=["a", "none"])
    assert sqs("ListQueueTags", QueueUrl=url) == {"Tags": {"b": "3"}}


def test_permissions_are_statements_of_the_policy(sqs, url):
    sqs("AddPermission", QueueUrl=url, Label="L", AWSAccountIds=["668614515564"], Actions=["ReceiveMessage"])
    sqs("AddPermission", QueueUrl=url, Label="M", AWSAccountIds=["1" * 12, "2" * 12], Actions=["*", "SendMessage"])
    policy = json.loads(sqs.attributes(url, "Policy")["Policy"])
    assert policy == {
        "Version": "2008-10-17",
        "Id": f"{sqs.arn()}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "L",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::668614515564:root"},
                "Action": "SQS:ReceiveMessage",
                "Resource": sqs.arn(),
            },
            {
                "Sid": "M",
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws:iam::{digit * 12}:root" for digit in "12"]},
                "Action": ["SQS:*", "SQS:SendMessage"],
                "Resource": sqs.arn(),
            },
        ],
    }
    again = {"QueueUrl": url, "Label": "L", "AWSAccountIds": ["1" * 12], "Actions": ["*"]}
    message = "Value L for parameter Label is invalid. Reason: Already exists."
    assert sqs.refused("AddPermission", **again)[2:] == ("InvalidParameterValue", message)  # sqs-034, rec-182
    message = "Value X for parameter Label is invalid. Reason: can't find label."
    assert sqs.refused("RemovePermission", QueueUrl=url, Label="X")[2:] == ("InvalidParameterValue", message)  # rec-183
    sqs("RemovePermission", QueueUrl=url, Label="L")
    sqs("RemovePermission", QueueUrl=url, Label="M")
    assert "Policy" not in sqs.attributes(url)


def test_a_token_does_not_go_without_a_size(sqs):
    for name in ("a", "b", "c"):
        sqs("CreateQueue", QueueName=name)
    token = sqs("ListQueues", MaxResults=2)["NextToken"]
    assert sqs.refused("ListQueues", NextToken=token)[2:] == (
        "InvalidParameterValue",
        "MaxResults is a mandatory parameter when you provide a value for NextToken.",
    )
    assert len(sqs("ListQueues", MaxResults=2, NextToken=token)["QueueUrls"]) == 1
