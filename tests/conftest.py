"""What all tests share. Its being here puts the root of the project on the path (`tests.support`)."""

from __future__ import annotations

import hypothesis

# The same examples on every machine, however slow it is: what fails here fails there.
hypothesis.settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("same")
