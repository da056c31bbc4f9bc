"""What subscribers get, to the byte: the notification, the event of a function, the requests to confirm.

Key orders: [LS:sns/test_sns.snapshot.json]; layout of the JSON, and what is signed:
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html and sns-verify-signature-of-message.html
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import msgspec

from outfall.core.context import Context
from outfall.core.parcel import Attribute
from outfall.core.record import timestamp
from outfall.services.sns.message import Publication
from outfall.services.sns.model import Subscription, Topic

TO_CONFIRM = (
    "You have chosen to subscribe to the topic {topic}.\n"
    "To confirm the subscription, visit the SubscribeURL included in this message."
)
TO_CONFIRM_AGAIN = (
    "You have chosen to deactivate subscription {subscription}.\n"
    "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
)
CERTIFICATES = "/_outfall/sns/"
"""Where the host serves the certificate."""


class Seal(msgspec.Struct, frozen=True):
    """What shows that a message is from SNS; empty texts where this house signs nothing."""

    version: str
    signature: str
    certificate_url: str


def seal(ctx: Context, topic: Topic, endpoint: str, fields: dict[str, str]) -> Seal | None:
    """The signature of a message: name and value, line by line, in the order of the names."""
    if ctx.house.signer is None:
        return None
    text = "".join(f"{name}\n{fields[name]}\n" for name in sorted(fields))
    version = topic.settings.get("SignatureVersion") or "1"
    signed = ctx.house.signer.sign(ctx, version, text.encode("utf-8", "replace"))
    return Seal(version, signed.signature, f"{endpoint}{CERTIFICATES}{signed.certificate}")


class Envelope:
    """The forms of one publication; each text is signed and laid out once, however many subscribers get it."""

    def __init__(self, ctx: Context, topic: Topic, publication: Publication, endpoint: str) -> None:
        self._ctx = ctx
        self._topic = topic
        self._publication = publication
        self._endpoint = endpoint
        self._seals: dict[str, Seal | None] = {}
        self._around: dict[str, tuple[bytes, bytes]] = {}
        self._at = timestamp(ctx.now)

    def notification(self, subscription: Subscription) -> bytes:
        """The JSON that queues and HTTP endpoints get. But for one member it is the same for all subscribers."""
        text = self._publication.text_for(subscription.protocol)
        if text not in self._around:
            self._around[text] = self._around_url(text)
        before, after = self._around[text]
        return before + _text(self._unsubscribe_url(subscription)).encode("utf-8", "replace") + after

    def _around_url(self, text: str) -> tuple[bytes, bytes]:
        """What stands before the value of UnsubscribeURL, and after it."""
        told = self._publication
        body: dict[str, Any] = {"Type": "Notification", "MessageId": told.id}
        if self._topic.fifo:
            body["SequenceNumber"] = told.sequence_number
        body["TopicArn"] = self._topic.arn
        if told.subject is not None:
            body["Subject"] = told.subject
        body |= {"Message": text, "Timestamp": self._at}
        if not self._topic.fifo:
            _put_seal(body, self._seal(text))
        before = f'{{\n{_lines(body)},\n  "UnsubscribeURL" : '
        after = f",\n{_lines({'MessageAttributes': _attributes(told)})}\n}}" if told.attributes else "\n}"
        return before.encode("utf-8", "replace"), after.encode("utf-8", "replace")

    def function_event(self, subscription: Subscription) -> bytes:
        """The event of a function; its names of URLs end in lower case. [LS:test_python_lambda_subscribe_sns_topic]"""
        told, text = self._publication, self._publication.text_for(subscription.protocol)
        body: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": told.id,
            "TopicArn": self._topic.arn,
            "Subject": told.subject,
            "Message": text,
            "Timestamp": self._at,
        }
        sealed = self._seal(text)
        if sealed is not None:
            body |= {"SignatureVersion": sealed.version, "Signature": sealed.signature}
            body["SigningCertUrl"] = sealed.certificate_url
        body["UnsubscribeUrl"] = self._unsubscribe_url(subscription)
        body["MessageAttributes"] = _attributes(told)
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": body,
        }
        return msgspec.json.encode({"Records": [record]})

    def _unsubscribe_url(self, subscription: Subscription) -> str:
        return f"{self._endpoint}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"

    def _seal(self, text: str) -> Seal | None:
        if text not in self._seals:
            told = self._publication
            fields = {"Message": text, "MessageId": told.id, "Timestamp": self._at}
            fields |= {"TopicArn": self._topic.arn, "Type": "Notification"}
            if told.subject is not None:
                fields["Subject"] = told.subject
            self._seals[text] = seal(self._ctx, self._topic, self._endpoint, fields)
        return self._seals[text]


def to_confirm(
    ctx: Context, topic: Topic, subscription: Subscription, token: str, endpoint: str, kind: str
) -> tuple[str, bytes]:
    """Message id and JSON of a SubscriptionConfirmation or UnsubscribeConfirmation (`kind`)."""
    said = TO_CONFIRM if kind == "SubscriptionConfirmation" else TO_CONFIRM_AGAIN
    url = f"{endpoint}/?Action=ConfirmSubscription&TopicArn={quote(topic.arn, safe=':')}&Token={token}"
    fields = {
        "Type": kind,
        "MessageId": ctx.ids.uuid(),
        "Token": token,
        "TopicArn": topic.arn,
        "Message": said.format(topic=topic.arn, subscription=subscription.arn),
        "SubscribeURL": url,
        "Timestamp": timestamp(ctx.now),
    }
    body: dict[str, Any] = dict(fields)
    _put_seal(body, seal(ctx, topic, endpoint, fields))
    return fields["MessageId"], _laid_out(body)


def _put_seal(body: dict[str, Any], sealed: Seal | None) -> None:
    if sealed is not None:
        body |= {"SignatureVersion": sealed.version, "Signature": sealed.signature}
        body["SigningCertURL"] = sealed.certificate_url


def _attributes(publication: Publication) -> dict[str, dict[str, str]]:
    return {name: _attribute(one) for name, one in publication.attributes.items()}


def _attribute(one: Attribute) -> dict[str, str]:
    return {"Type": one.type, "Value": one.value}


_text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _laid_out(body: dict[str, Any]) -> bytes:
    """JSON as SNS writes it."""
    return f"{{\n{_lines(body)}\n}}".encode("utf-8", "replace")


def _lines(body: dict[str, Any]) -> str:
    """A member a line, a space before the colon."""
    return ",\n".join(f'  "{name}" : {_value(value)}' for name, value in body.items())


def _value(value: str | dict[str, dict[str, str]]) -> str:
    if isinstance(value, str):
        return _text(value)
    lines = ",\n".join(f"    {json.dumps(name)} : {_text(one)}" for name, one in value.items())
    return f"{{\n{lines}\n  }}"
