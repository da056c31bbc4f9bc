"""Draws `docs/compatibility.md` from the operations that are registered and those that the models have.

    python -m tests.docs.compatibility

An operation keeps the version since which it is served; one that is new gets the version of today.
"""

from __future__ import annotations

import re
from pathlib import Path

from outfall import __version__
from outfall.host.compose import SERVICES
from outfall.wire.models import Models

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
NAMES = {
    "cloudwatch": "CloudWatch",
    "events": "EventBridge",
    "iam": "IAM",
    "lambda": "Lambda",
    "logs": "CloudWatch Logs",
    "s3": "S3",
    "sns": "SNS",
    "sqs": "SQS",
    "sts": "STS",
}
HEAD = """# Operations

Every operation of each service, as botocore's models have them: served since which version, or 501. What an operation
does not do of what AWS does answers 501 as well, and names itself. A test draws this page from the code.

| service | served | of |
|---|---|---|
"""
_row = re.compile(r"^\| (\w+) \| since ([\d.]+) \|$", re.MULTILINE)
_section = re.compile(r"^## (.+)$", re.MULTILINE)


def known(text: str) -> dict[tuple[str, str], str]:
    """The versions that a page tells, by service and operation."""
    parts = _section.split(text)
    return {
        (service, operation): version
        for service, rows in zip(parts[1::2], parts[2::2], strict=True)
        for operation, version in _row.findall(rows)
    }


def draw(text: str) -> str:
    """The page as it should be; `text` is the page as it is."""
    since, models = known(text), Models()
    totals, sections = [], []
    for service in sorted(SERVICES, key=lambda one: NAMES.get(one.name, one.name)):
        name = NAMES.get(service.name, service.name)
        declared = sorted(models.service(service.name).declared)
        totals.append(f"| [{name}](#{name.lower().replace(' ', '-')}) | {len(service.operations)} | {len(declared)} |")
        rows = [
            f"| {one} | since {since.get((name, one), __version__)} |"
            if one in service.operations
            else f"| {one} | 501 |"
            for one in declared
        ]
        sections.append("\n".join([f"## {name}", "", "| operation | |", "|---|---|", *rows]))
    return HEAD + "\n".join(totals) + "\n\n" + "\n\n".join(sections) + "\n"


if __name__ == "__main__":
    PAGE.write_text(draw(PAGE.read_text("utf-8") if PAGE.exists() else ""), "utf-8")
