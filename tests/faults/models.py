"""`python -m tests.faults.models [ROW ...]`: faults of the tritonserver that reads the pages (matrix rows 17 to 20), one row each.

A service on its embedded parts and a private tritonserver with the project's own models, of which the recognizer can be spoiled by
command. Scans are posted one after another through each fault, and after it until the models read again. Exit 1 unless every row is
clean: nothing lost, no page later than it may be, nothing approved that says other things than the same page without a fault.
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
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

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
    """`usual`: seconds of the same page read by the next engine alone; `slowest`: of the slowest of all through the fault. `fell_back`:
    pages that were read the other way. `back`: seconds from the repair until the models read. `lag`: ms, p99 of the event loop's."""

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
        with ServiceProcess(folder / "alone", {"INVOICESTREAM_INFERENCE_URL": "none"}) as alone, closing(alone.client()) as client:
            for page in range(pages):
                self._read(client, page)  # for warming up
            self.usual = max(self._read(client, page)[0] for page in range(pages))
        environ = {"INVOICESTREAM_INFERENCE_URL": self.server.url, "INVOICESTREAM_OCR_ENGINES": "ppocr,tesseract"}
        service = ServiceProcess(folder / "data", environ)
        stack.enter_context(service)
        self.client = service.client()
        stack.callback(self.client.close)
        self.until_models_read()
        self._truth = [_told(self._read(self.client, page)[1]) for page in range(pages)]

    def mood(self, mood: str) -> None:
        (self._model / "mood").write_text(mood)

    def through(self, fault: str, repair: Callable[[], None], *, fell_back: bool = True) -> ModelRow:
        """The fault is there already."""
        row = ModelRow(fault, usual=self.usual)
        before = self.client.metrics()
        for number in range(self._scans):
            row.attempts += 1
            seconds, invoice = self._read(self.client, number % len(self._pages))
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
        repair()
        row.back = self.until_models_read()
        for late, wanted, what in (
            (row.slowest, self.usual + LATE, "s for a page"),
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
            self._read(self.client, 0)
            if _models_read(self.client.metrics()) > before:
                return time.monotonic() - began
        return float("inf")

    def _read(self, client: Client, page: int) -> tuple[float, dict[str, object]]:
        """Posts the page and waits until it is settled. Returns the seconds and the invoice."""
        number = next(self._numbers)
        began = time.monotonic()
        (posted,) = client.post({f"scan-{number}.jpg": jpeg(self._pages[page], number)}).json()["invoices"]
        while True:
            invoice = client.invoice(posted["id"])
            if invoice["status"] in SETTLED or time.monotonic() - began > PATIENCE:
                return time.monotonic() - began, invoice
            time.sleep(0.05)


def no_fault(trial: Trial) -> ModelRow:
    return trial.through("none", lambda: None, fell_back=False)


def killed(trial: Trial) -> ModelRow:
    trial.server.kill()
    return trial.through("tritonserver killed (-9), restarted", trial.server.start)


def stopped(trial: Trial) -> ModelRow:
    trial.server.pause()
    return trial.through("tritonserver stopped (SIGSTOP)", trial.server.resume)


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
ROWS = {row.__name__: row for row in (no_fault, killed, stopped, dead_stub, slow, broken_version, *SPOILED)}


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


def _told(invoice: dict[str, object]) -> dict[str, object]:
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
