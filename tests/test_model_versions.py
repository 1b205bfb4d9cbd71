"""`invoicestream models`: a new version is used without a restart, a bad one never, and one command goes back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.model_repository import named_versions, with_version
from app.cli import main
from tests.servers.triton import TritonServer

MODELS = Path(__file__).parent / "models"


@pytest.fixture(scope="module")
def server() -> Iterator[TritonServer]:
    started = TritonServer(MODELS)
    started.start()
    for version, mood in (("2", ""), ("3", "values"), ("4", "broken")):
        copied = shutil.copytree(started.repository / "double/1", started.repository / "double" / version)
        (copied / "mood").write_text(mood)
    yield started
    started.remove()


class Run:
    """`invoicestream models ...` at that server: the exit code, and what it said."""

    def __init__(self, server: TritonServer, capsys: pytest.CaptureFixture[str]) -> None:
        self._server, self._capsys = server, capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        code = main(["models", "--repository", str(self._server.repository), *arguments])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def used(self) -> list[str]:
        lines = [line.split() for line in self("status")[1].splitlines()]
        return [version for model, version, state, *_ in lines if model == "double" and state == "used"]


@pytest.fixture
def run(server: TritonServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("INVOICESTREAM_INFERENCE_URL", server.url)
    return Run(server, capsys)


def test_a_bad_version_is_not_taken_by_the_next_start_either(run: Run, server: TritonServer) -> None:
    """Where the configuration names none, a server takes the newest folder."""
    assert run("load", "double", "3")[0] == 1
    server.restart()
    assert run.used() == ["1"]


def test_load_and_roll_back_also_over_a_restart(run: Run, server: TritonServer) -> None:
    assert run("load", "double", "1") == (0, "double 1 is used from now on\n") and run.used() == ["1"]
    assert run("load", "double", "2") == (0, "double 2 is used from now on\n") and run.used() == ["2"]
    server.restart()
    assert run.used() == ["2"]
    assert run("rollback", "double") == (0, "double 1 is used from now on\n") and run.used() == ["1"]
    history = [json.loads(line) for line in (server.repository / "double/versions.jsonl").read_text().splitlines()]
    assert [(entry["before"], entry["used"]) for entry in history[-2:]] == [("1", "2"), ("2", "1")]


@pytest.mark.parametrize(("version", "why"), [("3", "canary wrongly"), ("4", "cannot be loaded")])
def test_a_bad_version_leaves_the_old_one(run: Run, server: TritonServer, version: str, why: str) -> None:
    run("load", "double", "1")
    before = (server.repository / "double/config.pbtxt").read_text()
    code, said = run("load", "double", version)
    assert code == 1 and why in said and "nothing has changed" in said
    assert run.used() == ["1"] and (server.repository / "double/config.pbtxt").read_text() == before


def test_without_a_version_the_newest_is_meant(run: Run) -> None:
    code, said = run("load", "double")
    assert code == 1 and "version 4" in said


def test_verify_asks_what_is_used(run: Run, server: TritonServer) -> None:
    run("load", "double", "1")
    code, said = run("verify")
    assert code == 0 and [line.split() for line in said.splitlines()] == [["counting", "1", "right"], ["double", "1", "right"]]
    (server.repository / "double/1/mood").write_text("values")
    try:
        code, said = run("verify", "double")
        assert code == 1 and "WRONG" in said
    finally:
        (server.repository / "double/1/mood").write_text("")
    assert run("verify", "nobody")[0] == 1


def test_mistakes_and_a_server_that_is_away(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("load", "double", "9")[0] == run("load", "nobody")[0] == run("load", "../double")[0] == run("rollback", "counting")[0] == 2
    monkeypatch.setenv("INVOICESTREAM_INFERENCE_URL", "triton://127.0.0.1:9")
    assert run("status")[0] == 3
    monkeypatch.setenv("INVOICESTREAM_INFERENCE_URL", "local:")
    assert run("status")[0] == 2


@pytest.mark.parametrize(
    "policy",
    ["", "version_policy { latest { num_versions: 2 } }\n", "version_policy: {\n  specific: {\n    versions: [ 1, 3 ]\n  }\n}\n"],
)
def test_the_version_is_written_into_the_configuration_and_nothing_else_is_changed(policy: str) -> None:
    text = f'name: "double"\n{policy}max_batch_size: 8\n'
    assert named_versions(text) == (["1", "3"] if "specific" in policy else [])
    written = with_version(text, "2")
    assert named_versions(written) == ["2"] and named_versions(with_version(written, "1")) == ["1"]
    assert written.replace("version_policy: { specific { versions: [ 2 ] } }", "").split() == text.replace(policy, "").split()
