"""Amazon SNS: topics, their subscriptions, and the way of a message from one publisher to all who want it.

`topics` and `subscriptions` hold their lives, `confirm` what a link can do; `publish` takes a message in and `deliver`
gives it on in the forms of `render`; `http` is what the host does for endpoints of the web; `target` the door for other
services.
"""

from outfall.core.service import Service
from outfall.services.sns import confirm, policy, publish, subscription_attributes, subscriptions, tags, topics

SERVICE = Service.of(
    "sns",
    topics.OPERATIONS,
    policy.OPERATIONS,
    tags.OPERATIONS,
    subscriptions.OPERATIONS,
    subscription_attributes.OPERATIONS,
    confirm.OPERATIONS,
    publish.OPERATIONS,
)
