"""The files in `deploy/`: valid by the validators of their formats, and true to the command line and the project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import compose_spec
import kubernetes_validate
import pytest
import yaml

from outfall.cli import group
from outfall.host.guard import Guard

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def objects() -> list[Any]:
    return [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text()) if one]


def dockerfile(instruction: str) -> list[str]:
    """The arguments of an instruction, wherever it stands."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    return [line.removeprefix(instruction).strip() for line in lines if line.startswith(f"{instruction} ")]


def up() -> click.Command:
    command = group.get_command(click.Context(group), "up")
    assert command is not None
    return command


def up_options() -> set[str]:
    return {name for option in up().params for name in option.opts}


def up_variables() -> set[str]:
    return {str(option.envvar) for option in up().params if isinstance(option, click.Option) and option.envvar}


def test_the_dockerfile_has_no_findings() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or "hadolint"
    found = subprocess.run([hadolint, str(DEPLOY / "Dockerfile")], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_dockerfile_copies_what_the_build_reads() -> None:
    for line in dockerfile("COPY"):
        if not line.startswith("--from"):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), source


def test_the_entry_point_is_the_command_line_as_it_is() -> None:
    (entry,) = dockerfile("ENTRYPOINT")
    program, command, *arguments = yaml.safe_load(entry)
    assert (program, command) == ("outfall", "up")
    assert {one for one in arguments if one.startswith("--")} <= up_options()


def test_compose_has_postgresql_and_two_nodes() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    project = compose_spec.PyCompose.from_json(json.dumps(composed))
    project.validate()
    project.validate_volumes()
    services = composed["services"]
    nodes = [services[name] for name in ("node-1", "node-2")]
    assert services["postgres"]["image"].startswith("postgres:")
    assert len({str(node["ports"]) for node in nodes}) == 2
    for node in nodes:
        assert set(node["environment"]) <= up_variables()
        assert (DEPLOY / node["build"]["context"] / node["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("manifest", objects(), ids=lambda one: one["kind"])
def test_each_manifest_is_valid(manifest: Any) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_the_manifests_fit_together() -> None:
    by_kind = {one["kind"]: one for one in objects()}
    pod = by_kind["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert by_kind["Service"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
    assert container["envFrom"] == [{"secretRef": {"name": by_kind["Secret"]["metadata"]["name"]}}]
    assert set(by_kind["Secret"]["stringData"]) <= up_variables()
    assert by_kind["Service"]["spec"]["ports"][0]["targetPort"] in {port["name"] for port in container["ports"]}


def test_nodes_answer_to_the_names_that_neighbours_and_probes_use() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    by_kind = {one["kind"]: one for one in objects()}
    told = {
        "compose": composed["services"]["node-1"]["environment"]["OUTFALL_ALLOW_HOST"],
        "kubernetes": by_kind["Secret"]["stringData"]["OUTFALL_ALLOW_HOST"],
    }
    service = by_kind["Service"]["metadata"]["name"]
    asked = {
        "compose": ["node-1", "node-2", "127.0.0.1", "localhost"],
        "kubernetes": [service, f"{service}.default", f"{service}.default.svc", f"{service}.default.svc.cluster.local"],
    }
    for where, names in told.items():
        guard = Guard("0.0.0.0", tuple(names.split()))
        assert [name for name in asked[where] if not guard.is_ours(name)] == []
        assert not guard.is_ours("evil.example")


def test_probes_ask_for_the_health_of_a_node() -> None:
    (container,) = {one["kind"]: one for one in objects()}["Deployment"]["spec"]["template"]["spec"]["containers"]
    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/_outfall/health"
        assert container[probe]["httpGet"]["port"] in {port["name"] for port in container["ports"]}
    (check,) = dockerfile("HEALTHCHECK")
    assert json.loads(check[check.index("[") :])[:2] == ["outfall", "status"]


def test_the_commands_on_the_page_are_those_of_the_command_line() -> None:
    page = (ROOT / "docs" / "many-machines.md").read_text()
    lines = [line.split() for line in page.splitlines() if line.startswith("    outfall ")]
    assert len(lines) >= 4
    for _, name, *arguments in lines:
        command = group.get_command(click.Context(group), name)
        assert command is not None, name
        options = {option for parameter in command.params for option in parameter.opts}
        assert {one for one in arguments if one.startswith("--")} <= options, name
