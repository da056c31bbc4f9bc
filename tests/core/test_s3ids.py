"""What S3 derives."""

from __future__ import annotations

import re

from outfall.core.s3ids import canonical_user_id, host_id, short_owner_id


def test_a_request_has_one_host_id() -> None:
    assert host_id("C3D13FE58DE4C810") == host_id("C3D13FE58DE4C810") != host_id("C3D13FE58DE4C811")
    assert re.fullmatch("[A-Za-z0-9+/]{64}", host_id("C3D13FE58DE4C810"))


def test_an_account_has_two_names() -> None:
    assert re.fullmatch("[0-9a-f]{64}", canonical_user_id("000000000000"))
    assert re.fullmatch("A[A-Z0-9]{13}", short_owner_id("000000000000"))
    assert short_owner_id("000000000000") != short_owner_id("000000000001")
