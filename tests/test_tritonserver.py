"""`make triton`'s program: it starts a server that died again, and loads a model that does not answer rightly again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tritonclient.grpc as triton

from app.adapters.model_repository import Canary
from deploy import tritonserver
from tests.servers.triton import stubs_in
from tests.service import free_port

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0


class Watched:
    """`python -m deploy.tritonserver` on the models of tests/models, of which `double` has a canary."""

    def __init__(self, folder: Path, models: Path = ROOT / "tests/models") -> None:
        self.repository = folder / "models"
        shutil.copytree(models, self.repository)
        self.port = next(port for port in iter(free_port, 0) if port < 65_000)
        command = [
            sys.executable,
            "-m",
            "deploy.tritonserver",
            "--repository",
            str(self.repository),
            "--port",
            str(self.port),
            "--every",
            "0.2",
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as told:
            for line in told:
                self.said.append(line.decode())

    def says(self, what: str, times: int = 1) -> None:
        """Returns once it has said so, so many times in all."""
        self.until(lambda: sum(f"tritonserver: {what}" in line for line in list(self.said)) >= times)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "".join(self.said)[-3000:]
            time.sleep(0.02)

    @property
    def server(self) -> int:
        (pid,) = (int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split())
        return pid

    @property
    def regions(self) -> list[Path]:
        """The shared memory of its server's stubs."""
        return list(tritonserver.SHARED_MEMORY.glob(f"invoicestream-triton-{self.process.pid}-*"))

    def right(self) -> bool:
        canary = Canary.of(self.repository / "double")
        assert canary is not None
        with triton.InferenceServerClient(f"127.0.0.1:{self.port}") as client:
            return tritonserver.wrong(client, "double", canary) == ""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    started = Watched(tmp_path)
    try:
        yield started
    finally:
        started.process.terminate()
        started.process.wait(PATIENCE)


def test_it_is_ready_when_what_is_known_is_answered_and_comes_back_from_death_and_dead_stubs(watched: Watched) -> None:
    watched.says("ready")
    assert watched.right()
    first, regions = watched.server, len(watched.regions)
    os.kill(first, signal.SIGKILL)
    watched.says("starting again: it ended with -9")
    watched.says("ready", times=2)
    assert watched.server != first and watched.right()
    assert len(watched.regions) == regions > 0

    (stub,) = stubs_in(watched.repository / "double")
    os.kill(stub, signal.SIGKILL)
    watched.says("loading again: double")
    watched.until(watched.right)

    server = watched.server
    watched.process.terminate()
    assert watched.process.wait(PATIENCE) == 0
    assert not Path(f"/proc/{server}").exists() and stubs_in(watched.repository / "double") == []
    assert watched.regions == []


def test_a_version_with_a_canary_of_its_own_is_asked_that_one(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    shutil.copytree(ROOT / "tests/models", folder)
    two = shutil.copytree(folder / "double/1", folder / "double/2")
    (two / "mood").write_text("values")  # it answers one more
    canary = Canary.of(folder / "double")
    assert canary is not None
    Canary(canary.inputs, {name: tensor + 1 for name, tensor in canary.outputs.items()}).save(two)
    started = Watched(tmp_path, folder)
    try:
        started.says("ready")
    finally:
        started.process.terminate()
        started.process.wait(PATIENCE)
    assert not any("again" in line for line in started.said)
