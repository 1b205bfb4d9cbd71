"""The real tritonserver on this machine's CPU, started and watched: `make triton`. It ends with this program.

A server that is alive may be of no use: a dead stub process of the python backend leaves its model READY. So every model is asked, again
and again, what `canary.npz` in its folder, or its version's, knows the answer to. One that answers wrongly or not is unloaded and loaded;
where that does not help, or the server died, it is started again.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from app.adapters.model_repository import Canary, canary_of, models_in

ROOT = Path(__file__).parents[1]
HOME = Path(os.environ.get("INVOICESTREAM_TRITON") or ROOT / ".venv/triton")
"""The environment that holds the server: its own, because its python backend gives wrong tensors with NumPy 2."""
START = 90.0  # seconds
CANARY_DEADLINE = 20.0  # seconds: a canary is small, but waits behind whatever the model is doing
EVERY = 5.0  # seconds between rounds of canaries; so long a failure may go unnoticed
SHARED_MEMORY = Path("/dev/shm")
BACK_OFF = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before start number n of a server that keeps dying
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Ports:
    grpc: int = 8001
    http: int = 8002
    metrics: int = 8003
    address: str = "127.0.0.1"


def launch(
    repository: Path, ports: Ports, log: int | None = None, models: Sequence[str] = ("*",), home: Path = HOME
) -> subprocess.Popen[bytes]:
    """Returns at once. A process group of its own; started from the main thread it ends with this process, however that ends."""
    packages = home / "lib/python3.11/site-packages/pytriton/tritonserver"
    if not (packages / "bin/tritonserver").exists():
        raise FileNotFoundError(f"no tritonserver in {home}: `make triton-server` installs it")
    command = [str(packages / "bin/tritonserver"), f"--model-repository={repository}", f"--backend-directory={packages / 'backends'}"]
    command += ["--model-control-mode=explicit", *(f"--load-model={model}" for model in models), "--exit-on-error=false"]
    for kind, port in (("grpc", ports.grpc), ("http", ports.http), ("metrics", ports.metrics)):
        command += [f"--{kind}-address={ports.address}", f"--{kind}-port={port}"]
    command += ["--allow-gpu-metrics=false", "--exit-timeout-secs=5"]
    sweep(ports)
    command += [f"--backend-config=python,shm-region-prefix-name={_regions(ports)}"]
    environment = {
        "PATH": f"{home.resolve()}/bin:/usr/bin:/bin",  # its python: where the backend's stub finds its packages
        "LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR")),  # where libpython is, unless it is the system's
        "OMP_NUM_THREADS": "1",
    }
    death = _die_with_us if threading.current_thread() is threading.main_thread() else None
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=death
    )


def sweep(ports: Ports) -> None:
    """Gives back the shared memory of a server at these ports that is dead and was started by this process. One that is killed leaves that
    of every model's stub behind, a hundred megabytes and more each after large pages, until the machine has none left."""
    for region in SHARED_MEMORY.glob(f"{_regions(ports)}*"):
        region.unlink(missing_ok=True)


def _regions(ports: Ports) -> str:
    return f"invoicestream-triton-{os.getpid()}-{ports.grpc}-"


def wrong(client: triton.InferenceServerClient, model: str, canary: Canary, version: str = "") -> str:
    """Asks what is known. Returns what is wrong with the answer, or nothing if it is right."""
    inputs = []
    for name, tensor in canary.inputs.items():
        inputs.append(triton.InferInput(name, list(tensor.shape), np_to_triton_dtype(tensor.dtype)))
        inputs[-1].set_data_from_numpy(tensor)
    try:
        result = client.infer(model, inputs, version, client_timeout=CANARY_DEADLINE)
    except InferenceServerException as exc:
        return str(exc.message())
    return canary.wrong({name: result.as_numpy(name) for name in canary.outputs})


class Server:
    """Started and watched until `ended` is set."""

    def __init__(self, repository: Path, ports: Ports, every: float = EVERY) -> None:
        self._repository, self._ports, self._every = repository, ports, every
        self._models = [folder.name for folder in models_in(repository) if Canary.of(folder) is not None]
        self._process: subprocess.Popen[bytes] | None = None
        self._client = triton.InferenceServerClient(f"127.0.0.1:{ports.grpc}")
        self.ended = threading.Event()

    def run(self) -> None:
        """Until `ended` is set."""
        deaths = 0
        try:
            while not self.ended.is_set():
                self._start()
                if (why := self._ready()) == "":
                    say(f"ready: {', '.join(self._models)} answer rightly on 127.0.0.1:{self._ports.grpc} (gRPC)")
                    deaths, why = 0, self._watch()
                if self.ended.is_set():
                    return
                say(f"starting again: {why}")
                self._end(signal.SIGKILL)
                self.ended.wait(BACK_OFF[min(deaths, len(BACK_OFF) - 1)])
                deaths += 1
        finally:
            self._end(signal.SIGTERM)

    def _start(self) -> None:
        self._process = launch(self._repository, self._ports)

    def _ready(self) -> str:
        """Waits until every model answers rightly. Returns why they do not."""
        until = time.monotonic() + START
        failing = "it did not start in time"
        while time.monotonic() < until and not self.ended.wait(0.2):
            if self._died:
                return self._died
            with suppress(InferenceServerException):
                if self._client.is_server_ready(client_timeout=1.0):
                    failing = self._failing(self._models)
                    if not failing:
                        return ""
        return failing

    def _watch(self) -> str:
        """Returns why the server is of no use any more."""
        while not self.ended.wait(self._every):
            if self._died:
                return self._died
            for model in self._models:
                if (failing := self._failing([model])) and not self._reloaded(model, failing):
                    return failing
        return ""

    def _reloaded(self, model: str, failing: str) -> bool:
        say(f"loading again: {failing}")
        try:
            self._client.unload_model(model, client_timeout=CANARY_DEADLINE)
            self._client.load_model(model, client_timeout=START)
        except InferenceServerException as exc:
            say(f"{model}: {exc.message()}")
            return False
        return not self._failing([model])

    def _failing(self, models: Sequence[str]) -> str:
        for model in models:
            try:
                version = max(self._client.get_model_metadata(model, client_timeout=CANARY_DEADLINE).versions, key=int)
                canary = canary_of(self._repository, model, version)
                why = wrong(self._client, model, canary, version) if canary else ""
            except InferenceServerException as exc:
                why = str(exc.message())
            if why:
                return f"{model}: {why}"
        return ""

    @property
    def _died(self) -> str:
        assert self._process is not None
        return "" if self._process.poll() is None else f"it ended with {self._process.returncode}"

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        with suppress(ProcessLookupError):  # a stub outlives a server that was killed
            os.killpg(self._process.pid, signal.SIGKILL)
        sweep(self._ports)


def say(what: str) -> None:
    sys.stderr.write(f"tritonserver: {what}\n")
    sys.stderr.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.tritonserver", description=__doc__.partition("\n")[0])
    parser.add_argument("--repository", type=Path, default=ROOT / "triton_models")
    parser.add_argument(
        "--port", type=int, default=Ports().grpc, help="of gRPC; HTTP and metrics are on the next two (default: %(default)s)"
    )
    parser.add_argument("--address", default=Ports().address, help="anything else than %(default)s is for a container's own network")
    parser.add_argument("--every", type=float, default=EVERY, help="seconds between canaries (default: %(default)s)")
    arguments = parser.parse_args()
    ports = Ports(arguments.port, arguments.port + 1, arguments.port + 2, arguments.address)
    server = Server(arguments.repository.resolve(), ports, arguments.every)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.ended.set())
    server.run()


def _die_with_us() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main()
