"""A private tritonserver for tests, which they may kill: the real binary, with the python backend, on a copy of a model repository."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from app.adapters.model_repository import Canary, models_in
from deploy import tritonserver
from tests.servers.stopped import wait_stopped
from tests.service import free_port

MODELS = Path(__file__).parents[2] / "triton_models"
PATIENCE = 120.0  # seconds to start


class TritonServer:
    """One server in a process group of its own. `repository` is copied: a test may break it. Ends with the tests, however they end.

    `models`: those that are loaded, by name; "*" is all. A test loads others, or other versions, by `client`.
    """

    def __init__(self, repository: Path = MODELS, models: Sequence[str] = ("*",)) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="is-triton-"))
        atexit.register(self.remove)
        self.repository = self.folder / "models"
        # Weights are many megabytes, and nobody writes into a file of them: a version that a test changes is another file.
        shutil.copytree(repository, self.repository, copy_function=_link)
        self._ports = tritonserver.Ports(free_port(), free_port(), free_port())
        self._models = models
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def port(self) -> int:
        return self._ports.grpc

    @property
    def url(self) -> str:
        return f"triton://127.0.0.1:{self.port}"

    @property
    def metrics_url(self) -> str:
        return f"http://127.0.0.1:{self._ports.metrics}/metrics"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def client(self) -> triton.InferenceServerClient:
        """Blocking, for looking at the server and for loading; to be closed by the caller."""
        return triton.InferenceServerClient(f"127.0.0.1:{self.port}")

    def launch(self) -> None:
        """Returns at once. From the main thread: the kernel ends it with the thread that started it."""
        with open(self.log, "ab") as log:
            self._process = tritonserver.launch(self.repository, self._ports, log.fileno(), self._models)

    def start(self) -> None:
        """Returns once its models are loaded, those that can be, and each that has a canary has answered it rightly."""
        self.launch()
        self.wait_started()
        with self.client() as client:
            for folder in models_in(self.repository):
                if (canary := Canary.of(folder)) is not None and client.is_model_ready(folder.name):
                    wrong = tritonserver.wrong(client, folder.name, canary)
                    assert not wrong, f"{folder.name}: {wrong}\n{self._end_of_log()}"

    def wait_started(self) -> None:
        """Returns once it listens. That is after it has loaded what it was told to, or has given that up."""
        deadline = time.monotonic() + PATIENCE
        assert self._process is not None, "not started"
        with self.client() as client:
            while True:
                with suppress(InferenceServerException):
                    if client.is_server_live(client_timeout=1.0):
                        return
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("the server does not start:\n" + self._end_of_log())
                time.sleep(0.05)

    def stubs(self, model: str) -> list[int]:
        """The processes of the python backend that run `model`: what dies when a model takes its process down."""
        return stubs_in(self.repository / model)

    def stop(self) -> None:
        """Ends it as an operator would, waiting until it has ended."""
        self._signal(signal.SIGTERM)
        self._reap()

    def kill(self) -> None:
        """`kill -9` of the whole group, stubs and all."""
        self._signal(signal.SIGKILL)
        self._reap()

    def restart(self) -> None:
        self.kill()
        self.start()

    def pause(self) -> None:
        """Returns when it stands still. The server alone: a stub that is paused may take the server down when it goes on."""
        assert self._process is not None, "not started"
        os.kill(self._process.pid, signal.SIGSTOP)
        wait_stopped(self._process.pid)

    def resume(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGCONT)

    def right(self) -> None:
        """As a test wants to find it, whatever the one before did to its process."""
        self.resume()
        if self._process is None or self._process.poll() is not None:
            self.start()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self.resume()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait(PATIENCE)
            with suppress(ProcessLookupError):  # stubs that did not end with it
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process = None
            tritonserver.sweep(self._ports)

    def _end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


def stubs_in(model: Path) -> list[int]:
    """The processes of any server's python backend that run the model of this folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"triton_python_backend_stub" in words[0] and f"{model}/".encode() in b" ".join(words) + b"/":
                    found.append(int(folder.name))
    return sorted(found)


@cache
def shared_server() -> TritonServer:
    """One with the project's models for all tests of a process, started at the first use. A test that breaks it calls `right` first."""
    server = TritonServer()
    server.start()
    return server


def _link(source: str, target: str) -> None:
    if source.endswith((".onnx", ".safetensors", ".bin")):
        try:
            return os.link(source, target)
        except OSError:  # another file system
            pass
    shutil.copy2(source, target)
