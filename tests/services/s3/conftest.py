"""S3 with one bucket, `bucket`."""

from __future__ import annotations

import pytest

from tests.services.s3.kit import S3


@pytest.fixture
def s3() -> S3:
    server = S3()
    server("CreateBucket", Bucket="bucket")
    return server
