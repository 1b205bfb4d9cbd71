"""Figures of a phase, out of what the client wrote down and what the sampler saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from loadtests.ledger import Ledger
from loadtests.phase import Document, Phase
from loadtests.plan import MIX
from loadtests.sampler import LAG, Sample
from tests.bench.figures import bucket_percentile, percentile


@dataclass(frozen=True, slots=True)
class Measure:
    """`key`: as in the file of targets."""

    key: str
    name: str
    value: float
    unit: str = ""


def phase_measures(phase: Phase, warm: float = 0.0, tenant: str | None = None) -> Iterator[Measure]:
    """`warm`: seconds at the beginning whose documents and samples do not count, but for failures. `tenant`: times are of its documents
    alone; progress is of all."""
    documents = [document for document in phase.within(warm, float("inf")) if tenant in (None, document.tenant)]
    samples = [sample for sample in phase.samples if phase.began + warm <= sample.at <= phase.sent]
    yield from _counts(phase)
    answers = [document.answered - document.due for document in documents]
    for share in (50, 95, 99):
        yield Measure(f"post_p{share}_ms", f"POST to 202, p{share}", percentile(answers, share / 100) * 1000, "ms")
    for kind in MIX:
        if results := [document.result for document in documents if document.kind == kind]:
            for share in (50, 95, 99):
                yield Measure(f"result_{kind}_p{share}_s", f"result {kind}, p{share}", percentile(results, share / 100), "s")
    progress = [value for second, values in phase.progress.items() if second >= phase.began + warm for value in values]
    for share in (95, 99, 100):
        name = f"p{share}" if share < 100 else "max"
        yield Measure(f"progress_{name}_s", f"progress after its stage, {name}", percentile(progress, share / 100), "s")
    if len(samples) > 1:
        lag = bucket_percentile(samples[0].metrics, samples[-1].metrics, LAG, 0.99)
        yield Measure("lag_p99_ms", "event-loop lag, p99", lag * 1000, "ms")
        yield from _fallbacks(samples)
        yield from _growth(samples)
        yield from _shares(samples)
    yield from _promises(documents)


def _counts(phase: Phase) -> Iterator[Measure]:
    seconds = phase.sent - phase.began
    yield Measure("sent", "documents due", len(phase.documents) + len(phase.refused) + len(phase.broken))
    yield Measure("accepted_rate", "accepted a second", len(phase.documents) / seconds, "/s")
    for status, count in sorted(Counter(line["status"] for line in phase.refused).items()):
        yield Measure(f"refused_{status}", f"answered {status}", count)
    if phase.broken:
        yield Measure("broken", "POSTs without an answer", len(phase.broken))
    yield Measure("failures", "failures", failures(phase))
    cut_off = sum(count for name, count in phase.notes.items() if name.startswith("watcher cut off"))
    yield Measure("cut_off", "watchers cut off", cut_off)
    for name, count in sorted(phase.notes.items()):
        yield Measure(f"noted {name}", name, count)


def failures(phase: Phase, tenant: str | None = None) -> int:
    lines = [line for line in (*phase.refused, *phase.broken) if tenant in (None, line["tenant"])]
    unread = [
        document
        for document in phase.documents
        if tenant in (None, document.tenant) and document.status not in (None, "approved", "needs_review")
    ]
    return len(lines) + len(unread) + (phase.notes["repeated, another answer"] if tenant is None else 0)


def _fallbacks(samples: Sequence[Sample]) -> Iterator[Measure]:
    """Pages that were not read by the engine that reads first, by reason."""
    before, after = samples[0].metrics, samples[-1].metrics
    for name in sorted(name for name in after if name.startswith("fallback_total{reason=engine_")):
        if count := after[name] - before.get(name, 0.0):
            reason = name.partition("=")[2].rstrip("}").strip('"')
            yield Measure(f"fallback_{reason}", f"pages read another way, {reason}", count)


def _growth(samples: Sequence[Sample]) -> Iterator[Measure]:
    """Of the service by its mean. Children come and go with the documents, and so does their memory: what they hold when least is at
    work is what could grow."""
    fifth = max(1, len(samples) // 5)
    service = [float(sample.memory.get("service", 0)) for sample in samples]
    children = [float(sample.memory.get("sandbox", 0) + sample.memory.get("OCR", 0)) for sample in samples]
    for key, name, first, last in (
        ("service", "service", fmean(service[:fifth]), fmean(service[-fifth:])),
        ("children", "sandbox and OCR at rest", percentile(children[:fifth], 0.1), percentile(children[-fifth:], 0.1)),
    ):
        yield Measure(f"memory_{key}_mib", f"memory, {name}, at the end", last / 2**20, "MiB")
        yield Measure(f"growth_{key}_percent", f"memory, {name}, growth", (last / first - 1) * 100 if first else float("nan"), "%")


def _shares(samples: Sequence[Sample]) -> Iterator[Measure]:
    seconds = samples[-1].at - samples[0].at
    for part, used in spent(samples[0], samples[-1]).items():
        yield Measure(f"cpu_{part}_percent", f"CPU, {part}", used / seconds * 100, "% of a core")


def spent(first: Sample, last: Sample) -> dict[str, float]:
    """CPU seconds between the two, by part, and what the rest of the machine took."""
    used = {part: max(0.0, last.cpu[part] - first.cpu.get(part, 0.0)) for part in last.cpu}
    return used | {"others": max(0.0, last.busy - first.busy - sum(used.values()))}


def _promises(documents: Iterable[Document]) -> Iterator[Measure]:
    """The Retry-After of a 202 says in how many seconds the result may be asked for; from the answer on, in whole seconds."""
    kept = [document for document in documents if document.promised is not None and document.settled is not None]
    for kind in MIX:
        if pairs := [(d.promised or 0.0, (d.settled or 0.0) - d.answered) for d in kept if d.kind == kind]:
            ratio = median(said / max(took, 0.001) for said, took in pairs)
            late = sum(took > said for said, took in pairs)
            yield Measure(f"promise_{kind}_s", f"promised, {kind}, median", median(said for said, _ in pairs), "s")
            yield Measure(f"promise_{kind}_ratio", "  promised / actual seconds, median", ratio, "x")
            yield Measure(f"promise_{kind}_late_percent", "  results later than promised", late / len(pairs) * 100, "%")


def ledger_measures(ledger: Ledger) -> Iterator[Measure]:
    for key in ("accepted", "settled", "lost", "duplicated", "recovered", "wrong", "unheard"):
        yield Measure(key, key, getattr(ledger, key))
    yield Measure("drained_s", "until all was settled", ledger.drained, "s")


def throughput(phase: Phase, warm: float, mix: Mapping[str, float]) -> Iterator[Measure]:
    """Of a closed loop: what is settled a second while there is always something to do, and what a document costs.

    The capacity for a mix is what every kind of it allows: the dear kind may fall behind while the loop lasts, not for ever.
    """
    first, last = phase.began + warm, phase.sent
    settled = [document for document in phase.documents if document.settled is not None and first <= document.settled < last]
    yield Measure("settled_rate", "settled a second", len(settled) / (last - first), "/s")
    rates = {kind: count / (last - first) for kind, count in Counter(document.kind for document in settled).items()}
    yield Measure("capacity_rate", "capacity", min(rates.get(kind, 0.0) / weight for kind, weight in mix.items()) * sum(mix.values()), "/s")
    for kind, rate in rates.items() if len(mix) > 1 else ():
        yield Measure(f"settled_{kind}_rate", f"  settled a second, {kind}", rate, "/s")
    samples = [sample for sample in phase.samples if first <= sample.at <= last]
    if len(samples) < 2 or not settled:
        return
    seconds = samples[-1].at - samples[0].at
    used = spent(samples[0], samples[-1])
    in_that_time = len(settled) / (last - first) * seconds
    yield Measure("cpu_ms", "CPU a document, all in", sum(used.values()) / in_that_time * 1000, "ms")
    for part, value in sorted(used.items(), key=lambda pair: -pair[1]):
        yield Measure(f"cpu_ms_{part}", f"  {part}", value / in_that_time * 1000, "ms")
    yield Measure("busy_percent", "CPU busy", sum(used.values()) / seconds * 100, "% of a core")


def bound(measures: Mapping[str, float], cores: int) -> str:
    """What a closed loop's throughput hangs on, in words."""
    busy = measures.get("busy_percent", float("nan"))
    parts = {key.removeprefix("cpu_ms_"): value for key, value in measures.items() if key.startswith("cpu_ms_")}
    whole = sum(parts.values())
    shares = ", ".join(f"{part} {value / whole * 100:.0f} %" for part, value in sorted(parts.items(), key=lambda pair: -pair[1]) if whole)
    if busy >= 95 * cores:
        return f"the {cores} cores: {busy / cores:.0f} % busy; of it {shares}"
    service = parts.get("service", 0.0) / whole * busy if whole else float("nan")
    return f"not the {cores} cores ({busy / cores:.0f} % busy, the service's own process {service:.0f} % of one); CPU: {shares}"
