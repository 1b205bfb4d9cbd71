"""What docker-compose.yml and what it mounts promise. No container is started: the schema and the scripts are `make check`'s."""

from __future__ import annotations

import json
import re
import subprocess
import typing
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.metrics import Metrics
from app.settings import from_environ

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, typing.Any]] = COMPOSE["services"]
LASTING = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
EXAMPLE = dict(line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if line and not line.startswith("#"))
SECRETS = {name for name, value in EXAMPLE.items() if value == "CHANGE_ME"}
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)([^}]*)\}")
every_service = pytest.mark.parametrize("name", SERVICES)


def test_the_services_are_those_of_the_page() -> None:
    assert set(SERVICES) - set(LASTING) == {"migrate"}
    assert set(LASTING) == {"proxy", "app", "mariadb", "rabbitmq", "mongodb", "prometheus", "grafana", "triton-cpu", "triton-gpu"}


@every_service
def test_each_is_confined(name: str) -> None:
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert limits["cpus"] and limits["memory"] and limits["pids"]
    assert int(service["user"].split(":")[0]) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and not service.get("privileged")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    tag = service["image"].partition(":")[2]
    assert tag and tag != "latest"


@pytest.mark.parametrize("name", LASTING)
def test_each_that_lasts_says_whether_it_is_healthy(name: str) -> None:
    check = LASTING[name]["healthcheck"]
    assert check["test"] and check["interval"] and check["timeout"] and check["retries"]


def test_what_others_wait_for_can_be_waited_for() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_healthy" if other in LASTING else "service_completed_successfully"
            assert how["condition"] == wanted


@every_service
def test_ports_are_this_machines_alone(name: str) -> None:
    assert all(re.match(r"127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$", port) for port in SERVICES[name].get("ports", []))


def test_the_stores_and_the_services_reach_nothing_outside() -> None:
    networks = COMPOSE["networks"]
    for name in ("app", "migrate", "mariadb", "rabbitmq", "mongodb", "triton-cpu", "triton-gpu"):
        assert all(networks[network]["internal"] for network in SERVICES[name]["networks"])
        assert "ports" not in SERVICES[name]


def test_every_variable_is_in_the_example_and_a_secret_must_be_set() -> None:
    used = VARIABLE.findall(TEXT)
    assert {name for name, _ in used} == set(EXAMPLE)
    for name, guard in used:
        assert guard.startswith(":?" if name in SECRETS else ":-"), name
        assert name in SECRETS or guard == f":-{EXAMPLE[name]}", "the example says another default"


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASS|KEY|SECRET", name):
                assert VARIABLE.fullmatch(str(value)), name
            for password in re.findall(r"//[^:/@]+:([^@]+)@", str(value)):
                assert VARIABLE.fullmatch(password), name


def test_settings_are_ones_that_are_read_and_accepted() -> None:
    source = (ROOT / "app" / "settings.py").read_text()
    for name in ("app", "migrate"):
        environ = {key: VARIABLE.sub("x", str(value)) for key, value in SERVICES[name]["environment"].items()}
        for key in environ:
            assert key.startswith("INVOICESTREAM_") and f'"{key.removeprefix("INVOICESTREAM_")}"' in source, key
        if name == "app":
            settings = from_environ(environ)
            assert settings.drain_seconds + 5 <= int(SERVICES["app"]["stop_grace_period"].removesuffix("s"))
            assert settings.stores.documents_url == settings.stores.blobs_url


def test_what_is_mounted_is_there_and_volumes_are_declared() -> None:
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source, _, rest = mount.partition(":")
            if source.startswith("./"):
                assert (ROOT / source).exists() and rest.endswith(":ro"), source
            else:
                assert source in COMPOSE["volumes"]


def test_the_rights_are_those_of_the_page() -> None:
    page, script = (ROOT / "docs/deployment.md").read_text(), (ROOT / "deploy/mariadb/init.sh").read_text()
    (block,) = re.findall(r"```sql\n(.*?)```", page, re.S)
    for statement in block.strip().splitlines():
        if "IDENTIFIED" not in statement:
            assert statement in script
    configure, write, _ = re.findall(r"set_permissions -p invoices invoicestream '(.*)' '(.*)' '(.*)'", page)[0]
    broker = (ROOT / "deploy/rabbitmq/invoicestream.conf").read_text()
    for right, pattern in (("configure", configure), ("write", write), ("read", write)):
        assert f"default_permissions.{right} = {pattern}\n" in broker


def exported() -> set[str]:
    """The name of every series, with those that only a running service watches."""
    metrics = Metrics()
    metrics.watch_dropped_lines(lambda: 0)
    names = {"up"}
    for family in text_string_to_metric_families(metrics.render().decode()):
        names |= {family.name, f"{family.name}_total"} if family.type == "counter" else {family.name}
        if family.type == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
    return names


FUNCTIONS = {"histogram_quantile", "sum", "max", "by", "rate", "increase", "absent", "or"}


def asked(expression: str) -> set[str]:
    """The names of series in an expression."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)|\"[^\"]*\"", " ", expression)
    return set(re.findall(r"[a-z_][a-z0-9_]*", bare)) - FUNCTIONS


def test_the_dashboard_and_the_alerts_ask_for_what_is_exported() -> None:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/invoicestream.json").read_text())
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
    (source,) = yaml.safe_load((ROOT / "deploy/grafana/datasources/prometheus.yml").read_text())["datasources"]
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
    names = set().union(*map(asked, expressions))
    assert names <= exported()
    assert {"invoice_end_to_end_seconds_bucket", "queue_depth", "outbox_depth", "dlq_depth"} <= names


def make_env(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "deploy" / "make-env", file], capture_output=True, text=True)


def test_make_env_makes_random_secrets_for_its_owner_alone(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        assert make_env(tmp_path / name).returncode == 0
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        made.append(dict(line.split("=", 1) for line in (tmp_path / name).read_text().splitlines() if line and not line.startswith("#")))
    assert made[0].keys() == EXAMPLE.keys()
    secrets = [each[name] for each in made for name in SECRETS]
    assert len(set(secrets)) == len(secrets) and all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in secrets)
    assert {name: made[0][name] for name in EXAMPLE.keys() - SECRETS} == {name: EXAMPLE[name] for name in EXAMPLE.keys() - SECRETS}
    before = (tmp_path / "one").read_bytes()
    assert make_env(tmp_path / "one").returncode == 1
    assert (tmp_path / "one").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


SCRIPTS = ("up", "down", "logs", "smoke", "backup", "restore", "upgrade", "make-env")


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_can_be_run_and_says_what_it_does(name: str) -> None:
    done = subprocess.run([ROOT / "deploy" / name, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and f"deploy/{name}" in done.stdout.splitlines()[0]
    assert "set -euo" not in done.stdout
