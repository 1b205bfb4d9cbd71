"""`python -m tests.faults.models [ROW ...]`: faults of the tritonserver that reads the pages (matrix rows 17 to 20), one row each.

A service on its embedded parts and a private tritonserver with the project's own models, of which the recognizer can be spoiled by
command. Scans are posted through each fault, one after another or all at once, and after it until the models read again. Exit 1 unless
every row is clean: nothing lost, no page later than it may be, nothing approved that says other things than the same page without a fault.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tritonclient.utils import InferenceServerException

from tests.bench.figures import bucket_percentile
from tests.faults.ledger import Row, heading, line
from tests.scans import jpeg
from tests.scans import scans as made
from tests.servers.triton import MODELS, TritonServer
from tests.service import PATIENCE, SETTLED, Client, ServiceProcess

SCANS = 5  # posted through each fault
PAGES = 3  # different ones, over and over
LATE = 5.0  # seconds after which a page must have gone the other way, beyond what reading it that way takes
BACK = 30.0  # seconds from the repair until the models read again
LAG = 0.02  # seconds
Settled = tuple[float, dict[str, Any]]  # seconds from the POST, and the invoice
TOLD = ("number", "issue_date", "currency", "total_with_tax", "amount_due")
SPOILING = '''

_MOOD = Path(__file__).with_name("mood")
_Whole = TritonPythonModel


class TritonPythonModel(_Whole):
    """As it is, or in the mood that the file beside it names: for tests of who asks it."""

    def initialize(self, args):
        if self._mood() == "broken":
            raise RuntimeError("this version cannot be loaded")
        _Whole.initialize(self, args)

    def execute(self, requests):
        import time

        mood, _, argument = self._mood().partition(" ")
        time.sleep(float(argument or 0))
        return [self._spoiled(response, mood) for response in _Whole.execute(self, requests)]

    def _spoiled(self, response, mood):
        symbols, probabilities = (tensor.as_numpy() for tensor in response.output_tensors())
        if mood == "nan":
            probabilities = np.full_like(probabilities, np.nan)
        if mood == "shape":
            symbols, probabilities = symbols[0], probabilities[0]
        if mood == "type":
            symbols = symbols.astype(np.float32)
        if mood == "garbage":
            symbols = (symbols * 7 + 3) % 1000
        if mood == "alphabet":
            symbols = np.full_like(symbols, 10**9)
        if mood == "huge":
            probabilities = np.zeros((len(symbols), 50_000_000 // len(symbols)), np.float32)
        names = ("symbols", "probabilities")
        return pb_utils.InferenceResponse([pb_utils.Tensor(n, t) for n, t in zip(names, (symbols, probabilities))])

    def _mood(self):
        return _MOOD.read_text() if _MOOD.exists() else ""
'''


@dataclass(slots=True)
class ModelRow(Row):
    """`usual`: seconds of the slowest of the same pages, posted alike and read by the next engine alone; `slowest`: of the slowest through
    the fault. `fell_back`: pages that were read the other way. `back`: seconds from the repair until the models read. `lag`: ms, p99 of
    the event loop's."""

    usual: float = 0.0
    slowest: float = 0.0
    fell_back: int = 0
    approved: int = 0
    back: float = 0.0
    lag: float = 0.0


class Trial:
    """`scans` of so many different `pages` are posted through each fault."""

    def __init__(self, folder: Path, stack: ExitStack, scans: int = SCANS, pages: int = PAGES) -> None:
        self._scans = scans
        self.server = TritonServer(MODELS, ["text_detection", "text_recognition"])
        stack.callback(self.server.remove)
        self._model = self.server.repository / "text_recognition/1"
        with open(self._model / "model.py", "a") as model:
            model.write(SPOILING)
        self.server.start()
        self._pages = [scan.jpeg for scan in made(pages, seed=3)]
        self._numbers = itertools.count(1)
        alone = ServiceProcess(folder / "alone", {"INVOICESTREAM_INFERENCE_URL": "none"})
        stack.enter_context(alone)
        self._alone = alone.client()
        stack.callback(self._alone.close)
        self._read(self._alone, range(pages))  # for warming up
        environ = {"INVOICESTREAM_INFERENCE_URL": self.server.url, "INVOICESTREAM_OCR_ENGINES": "ppocr,tesseract"}
        self.service = ServiceProcess(folder / "data", environ)
        stack.enter_context(self.service)
        self.client = self.service.client()
        stack.callback(self.client.close)
        self.until_models_read()
        self._truth = {page: _told(self.read(page)) for page in range(pages)}

    def mood(self, mood: str) -> None:
        (self._model / "mood").write_text(mood)

    def read(self, page: int = 0) -> dict[str, Any]:
        """The invoice, as the service with the models tells it."""
        ((_, invoice),) = self._read(self.client, [page])
        return invoice

    def through(self, fault: str, repair: Callable[[], None], *, fell_back: bool = True, at_once: bool = False) -> ModelRow:
        """The fault is there already."""
        row = ModelRow(fault)
        before = self.client.metrics()
        for number, (seconds, invoice) in enumerate(self._posted(self.client, at_once)):
            row.attempts += 1
            row.acknowledged += 1
            row.settled += invoice["status"] in SETTLED
            row.lost += invoice["status"] not in SETTLED
            row.slowest = max(row.slowest, seconds)
            if invoice["status"] == "approved":
                row.approved += 1
                if _told(invoice) != self._truth[number % len(self._pages)]:
                    row.surprise(f"approved with other values than without the fault: {_told(invoice)}")
            if invoice["status"] == "quarantined":
                row.surprise(f"quarantined: {invoice['reason']}")
        after = self.client.metrics()
        row.fell_back = int(_sum(after, "fallback_total{reason=engine_") - _sum(before, "fallback_total{reason=engine_"))
        row.lag = 1000 * bucket_percentile(before, after, "event_loop_lag_seconds", 0.99)
        # Now, for the machine may be doing other things, too.
        alone = self._posted(self._alone, at_once=True) if at_once else [self._read(self._alone, [page])[0] for page in self._truth]
        row.usual = max(seconds for seconds, _ in alone)
        repair()
        row.back = self.until_models_read()
        for late, wanted, what in (
            (row.slowest, row.usual + LATE, "s for a page"),
            (row.back, BACK, "s until the models read again"),
            (row.lag, 1000 * LAG, "ms event-loop lag"),
        ):
            if not late <= wanted:
                row.surprise(f"{late:.1f} {what}, wanted {wanted:.1f}")
        if bool(row.fell_back) != fell_back:
            row.surprise(f"{row.fell_back} pages were read the other way")
        return row

    def until_models_read(self) -> float:
        began, before = time.monotonic(), _models_read(self.client.metrics())
        while time.monotonic() - began < 2 * BACK:
            self.read()
            if _models_read(self.client.metrics()) > before:
                return time.monotonic() - began
        return float("inf")

    def until_read_by(self, engine: str) -> dict[str, Any]:
        """The first invoice of which this engine has read a field. TimeoutError after `BACK`."""
        ends = time.monotonic() + BACK
        while time.monotonic() < ends:
            invoice = self.read()
            if any(field["engine"] == engine for field in invoice["fields"].values()):
                return invoice
        raise TimeoutError(f"{engine} reads nothing")

    def _posted(self, client: Client, at_once: bool) -> list[Settled]:
        pages = [number % len(self._pages) for number in range(self._scans)]
        return self._read(client, pages) if at_once else [self._read(client, [page])[0] for page in pages]

    def _read(self, client: Client, pages: Iterable[int]) -> list[Settled]:
        """Posts these pages at once and waits until all are settled."""
        posted = []
        for page in pages:
            number = next(self._numbers)
            (invoice,) = client.post({f"scan-{number}.jpg": jpeg(self._pages[page], number)}).json()["invoices"]
            posted.append((time.monotonic(), str(invoice["id"])))
        ends = time.monotonic() + PATIENCE
        settled: dict[str, Settled] = {}
        while len(settled) < len(posted):
            for began, each in posted:
                invoice = client.invoice(each)
                if each not in settled and (invoice["status"] in SETTLED or time.monotonic() > ends):
                    settled[each] = time.monotonic() - began, invoice
            time.sleep(0.05)
        return [settled[each] for _, each in posted]


def no_fault(trial: Trial) -> ModelRow:
    return trial.through("none", lambda: None, fell_back=False)


def killed(trial: Trial) -> ModelRow:
    trial.server.kill()
    return trial.through("tritonserver killed (-9), restarted", trial.server.start)


def stopped(trial: Trial) -> ModelRow:
    trial.server.pause()
    return trial.through("tritonserver stopped (SIGSTOP)", trial.server.resume)


def stopped_at_once(trial: Trial) -> ModelRow:
    """Who waits behind another page must not wait for the server once that one has found out."""
    trial.server.pause()
    return trial.through("the same, scans all at once", trial.server.resume, at_once=True)


def dead_stub(trial: Trial) -> ModelRow:
    """Nobody repairs it but the client."""
    for stub in trial.server.stubs("text_recognition"):
        os.kill(stub, signal.SIGKILL)
    return trial.through("python stub dead, model READY", lambda: None)


def slow(trial: Trial) -> ModelRow:
    trial.mood("slow 10")
    return trial.through("each answer 10 s late", lambda: trial.mood(""))


def broken_version(trial: Trial) -> ModelRow:
    """A version that cannot be loaded is put beside and loaded: the old one goes on."""
    new = trial.server.repository / "text_recognition/2"
    shutil.copytree(trial.server.repository / "text_recognition/1", new)
    (new / "mood").write_text("broken")
    with trial.server.client() as client:
        try:
            client.load_model("text_recognition")
        except InferenceServerException as refused:
            assert "cannot be loaded" in str(refused)
        row = trial.through("broken new version", lambda: shutil.rmtree(new), fell_back=False)
    return row


def _spoiled(mood: str, what: str) -> Callable[[Trial], ModelRow]:
    def row(trial: Trial) -> ModelRow:
        trial.mood(mood)
        return trial.through(f"wrong answers: {what}", lambda: trial.mood(""))

    row.__name__ = f"wrong_{mood}"
    return row


SPOILED = [
    _spoiled("nan", "NaN"),
    _spoiled("shape", "other shapes"),
    _spoiled("type", "other types"),
    _spoiled("garbage", "other symbols"),
    _spoiled("alphabet", "symbols of no alphabet"),
    _spoiled("huge", "200 MB"),
]
ROWS = {row.__name__: row for row in (no_fault, killed, stopped, stopped_at_once, dead_stub, slow, broken_version, *SPOILED)}


def suite(names: Sequence[str] = tuple(ROWS)) -> list[ModelRow]:
    """Prints what it finds as it goes."""
    print(heading(ModelRow), flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="invoicestream-models-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        trial = Trial(Path(folder), stack)
        for name in names:
            rows.append(row := ROWS[name](trial))
            print(line(row), *(f"    {text}" for text in row.surprises), sep="\n", flush=True)
    return rows


def _told(invoice: dict[str, Any]) -> dict[str, object]:
    said = invoice["invoice"]
    return {name: said.get(name) for name in TOLD} if isinstance(said, dict) else {}


def _models_read(metrics: dict[str, float]) -> float:
    read = {name: value for name, value in metrics.items() if name.startswith("ocr_pages_total{") and "outcome=read" in name}
    return sum(value for name, value in read.items() if "tesseract" not in name.lower())


def _sum(metrics: dict[str, float], prefix: str) -> float:
    return sum(value for name, value in metrics.items() if name.startswith(prefix))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.models", description="Faults of the tritonserver that reads pages.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"all by default: {', '.join(ROWS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return 0 if all(row.clean for row in suite(arguments.rows or list(ROWS))) else 1


if __name__ == "__main__":
    sys.exit(main())
