"""Models are read lazily, from data files alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from outfall.wire.models import Models, UnknownService


def test_botocore_is_not_imported() -> None:
    code = "import sys; from outfall.wire.models import Models; Models().service('s3'); exit('botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_newest_version_is_read_once(models: Models) -> None:
    model = models.service("lambda")
    assert model.metadata["apiVersion"] == "2015-03-31"
    assert models.service("lambda") is model
    assert model.operation("Invoke") is model.operation("Invoke")


@pytest.mark.parametrize("name", ["nope", "../data/s3", "", "."])
def test_what_is_no_service_is_told_so(models: Models, name: str) -> None:
    with pytest.raises(UnknownService):
        models.service(name)


def test_errors_are_found_by_name_and_by_code(models: Models) -> None:
    errors = models.service("iam").errors
    assert errors["NoSuchEntity"]["shape"] == errors["NoSuchEntityException"]["shape"] == "NoSuchEntityException"
