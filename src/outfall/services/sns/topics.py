"""The life of a topic: create, list, delete, and its attributes.

Rules: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html, API_SetTopicAttributes.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import msgspec

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.sns import fifo, paging, policy, retries, tags
from outfall.services.sns.address import find_topic, parse_arn, require_topic, topic_arn, topic_of_name
from outfall.services.sns.errors import invalid
from outfall.services.sns.model import SUBSCRIPTIONS, TOPICS, Topic
from outfall.services.sns.rows import in_order, remove

_name = re.compile(r"[A-Za-z0-9_\-]{1,256}").fullmatch
_fifo_name = re.compile(r"(?=.{6,256}$)[A-Za-z0-9_\-]+\.fifo").fullmatch

CHOICES: Mapping[str, tuple[str, ...]] = {
    "FifoTopic": ("true", "false"),
    "ContentBasedDeduplication": ("true", "false"),
    "SignatureVersion": ("1", "2"),
    "TracingConfig": ("PassThrough", "Active"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
}
OF_FIFO = ("ContentBasedDeduplication", "FifoThroughputScope")
TEXTS = ("DisplayName", "Policy", "DeliveryPolicy", "KmsMasterKeyId")
SETTABLE = frozenset((*CHOICES, *TEXTS)) - {"FifoTopic"}
_not_served = re.compile(r"ArchivePolicy|(HTTP|Firehose|Lambda|Application|SQS)(Success|Failure)Feedback\w+").fullmatch
DISPLAY_NAME_LENGTH_MAX = 100
SHOWN_FIRST = (
    "Policy",
    "SignatureVersion",
    "Owner",
    "SubscriptionsPending",
    "KmsMasterKeyId",
    "TopicArn",
    "TracingConfig",
    "EffectiveDeliveryPolicy",
    "SubscriptionsConfirmed",
    "DisplayName",
    "DeliveryPolicy",
    "SubscriptionsDeleted",
)
"""The order in which AWS tells attributes. [GH: a recording of 2026-10]"""


def _tags_given(call: Call, request: Request) -> bool:
    return bool(request.get("Tags"))


@operation(
    "CreateTopic",
    action="sns:CreateTopic",
    resource=topic_of_name,
    also=(Permission("sns:TagResource", topic_of_name, when=_tags_given),),
)
def create_topic(call: Call, request: Request) -> Output:
    """A new topic; or the one of that name, if the attributes and tags given are the ones it has."""
    given, name = dict(request.get("Attributes") or {}), request.get("Name") or ""
    if request.get("DataProtectionPolicy"):
        raise NotServed("Data protection policies are not served by this version of Outfall.")
    is_fifo = given.pop("FifoTopic", "false") == "true"
    if not (_fifo_name(name) if is_fifo else _name(name)):
        raise invalid("Topic Name")
    given_tags = tags.parse_tags(request.get("Tags"))
    existing = call.tx.get(TOPICS, (call.account, call.region, name))
    if existing is not None:
        _compare(existing, given, given_tags)
        return {"TopicArn": existing.arn}
    topic = Topic(call.account, call.region, name, call.ids.hex(16), call.now, is_fifo, {}, given_tags)
    for attribute, value in given.items():
        topic = _set(topic, attribute, value, "Attributes Reason: ")
    call.tx.put(TOPICS, topic.key, topic)
    return {"TopicArn": topic.arn}


def _compare(existing: Topic, given: Mapping[str, str], given_tags: Mapping[str, str]) -> None:
    """Raises unless what is given is as it is. [LS:test_create_topic_different_attrs, test_create_duplicate_topic_*]"""
    has = attributes_of(existing)
    if any(has.get(name, "") != value for name, value in given.items()):
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    if any(existing.tags.get(key) != value for key, value in given_tags.items()):
        raise invalid("Tags Reason: Topic already exists with different tags")


def _set(topic: Topic, name: str, value: str, where: str = "") -> Topic:
    """The topic with an attribute set; an empty value resets it. Raises AWS's errors."""
    if _not_served(name):
        raise NotServed(f"The topic attribute {name} is not served by this version of Outfall.")
    if name not in SETTABLE or (name in OF_FIFO and not topic.fifo):
        raise invalid(f"{where}Unknown attribute {name}" if where else "AttributeName")
    if value:
        _check(name, value, where)
        if name == "DeliveryPolicy":
            value = retries.canonical(value, of_topic=True)
    settings = {key: one for key, one in topic.settings.items() if key != name}
    if value:
        settings[name] = value
    return msgspec.structs.replace(topic, settings=settings)


def _check(name: str, value: str, where: str) -> None:
    if name in CHOICES and value not in CHOICES[name]:
        raise invalid(f"{where}{name}")
    if name == "Policy":
        policy.check(value)
    elif name == "DisplayName" and len(value) > DISPLAY_NAME_LENGTH_MAX:
        raise invalid(f"{where}DisplayName")


def attributes_of(topic: Topic) -> dict[str, str]:
    """The attributes that do not depend on subscriptions."""
    shown = {
        "Policy": policy.policy_of(topic),
        "Owner": topic.account,
        "TopicArn": topic.arn,
        "DisplayName": topic.settings.get("DisplayName", ""),
        "EffectiveDeliveryPolicy": json.dumps(retries.effective(topic), separators=(",", ":")),
    }
    if topic.fifo:
        shown |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    return shown | topic.settings


@operation("GetTopicAttributes", action="sns:GetTopicAttributes", resource=topic_arn)
def get_topic_attributes(call: Call, request: Request) -> Output:
    """All attributes; the counts of subscriptions are exact here, and deleted ones are gone at once. [SD raw]"""
    topic = require_topic(call, request)
    confirmed = [one.confirmed for _, one in call.tx.scan(SUBSCRIPTIONS, topic.key)]
    counts = {
        "SubscriptionsPending": str(confirmed.count(False)),
        "SubscriptionsConfirmed": str(confirmed.count(True)),
        "SubscriptionsDeleted": "0",
    }
    return {"Attributes": in_order(attributes_of(topic) | counts, SHOWN_FIRST)}


@operation("SetTopicAttributes", action="sns:SetTopicAttributes", resource=topic_arn)
def set_topic_attributes(call: Call, request: Request) -> Output:
    """Sets one attribute; an empty value resets it."""
    topic = require_topic(call, request)
    changed = _set(topic, request.get("AttributeName") or "", request.get("AttributeValue") or "")
    call.tx.put(TOPICS, topic.key, changed)


@operation("ListTopics", action="sns:ListTopics")
def list_topics(call: Call, request: Request) -> Output:
    """The account's topics, a hundred a page."""
    limit = paging.PAGE_SIZE + 1
    place = (call.account, call.region)
    found = [one for _, one in call.tx.scan(TOPICS, place, start=paging.start_of(request), limit=limit)]
    page = [{"TopicArn": one.arn} for one in found[: paging.PAGE_SIZE]]
    return {"Topics": page} | paging.token_after([one.name for one in found])


@operation("DeleteTopic", action="sns:DeleteTopic", resource=topic_arn)
def delete_topic(call: Call, request: Request) -> Output:
    """Removes a topic and its subscriptions; one that is not there is no error."""
    arn = parse_arn("TopicArn", request.get("TopicArn"))
    if arn.region != call.region:
        raise invalid("TopicArn")
    topic = find_topic(call, arn)
    if topic is None:
        return
    for _, subscription in list(call.tx.scan(SUBSCRIPTIONS, topic.key)):
        remove(call, subscription)
    fifo.forget(call, topic)
    call.tx.delete(TOPICS, topic.key)


OPERATIONS = (
    create_topic,
    get_topic_attributes,
    set_topic_attributes,
    list_topics,
    delete_topic,
)
