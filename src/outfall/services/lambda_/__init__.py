"""Lambda: functions and their life cycle, versions, aliases, policies, asynchronous settings, and Invoke.

What happens to an accepted event afterwards is told in `flow`; how a function runs, in `sandbox`.
"""

from __future__ import annotations

from outfall.core.service import Service
from outfall.services.lambda_ import (
    aliases,
    concurrency,
    event_invoke,
    invoke,
    layer_permissions,
    layers,
    lifecycle,
    mappings,
    permissions,
    provisioned,
    reading,
    recursion,
    tags,
    upkeep,
    urls,
    versions,
)

SERVICE = Service.of(
    "lambda",
    lifecycle.OPERATIONS,
    reading.OPERATIONS,
    versions.OPERATIONS,
    aliases.OPERATIONS,
    permissions.OPERATIONS,
    event_invoke.OPERATIONS,
    concurrency.OPERATIONS,
    provisioned.OPERATIONS,
    tags.OPERATIONS,
    recursion.OPERATIONS,
    upkeep.OPERATIONS,
    mappings.OPERATIONS,
    layers.OPERATIONS,
    layer_permissions.OPERATIONS,
    urls.OPERATIONS,
    invoke.OPERATIONS,
)
