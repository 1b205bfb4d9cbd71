"""A phase over time, as one SVG: what was asked for, how long it took, and what the machine did meanwhile."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import matplotlib

matplotlib.use("svg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from loadtests.measures import spent
from loadtests.phase import Document, Phase
from loadtests.plan import MIX
from loadtests.sampler import LAG
from tests.bench.figures import bucket_percentile, percentile

COLORS = {"xml": "tab:blue", "digital": "tab:green", "scan": "tab:red"}
# Of a part of the machine; the order is that of the stack.
PARTS = {
    "service": "tab:blue", "sandbox": "tab:cyan", "OCR": "tab:red", "MariaDB": "tab:green", "RabbitMQ": "tab:orange",
    "MongoDB": "tab:olive", "client": "tab:gray", "observer": "tab:brown", "others": "lightgray",
}  # fmt: skip
POINTS = 60  # on a line


def draw(phase: Phase, limits: Mapping[str, float]) -> str:
    """`limits`: targets by key, drawn as dashed lines where one belongs to a plot."""
    width = max(1.0, (_end(phase) - phase.began) / POINTS)
    plots: list[Callable[[Axes], None]] = [
        lambda axes: _results(axes, phase, width, limits),
        lambda axes: _posts(axes, phase, width, limits),
        lambda axes: _tenants(axes, phase, width),
        lambda axes: _counts(axes, phase),
        lambda axes: _queues(axes, phase),
        lambda axes: _progress(axes, phase, width, limits),
        lambda axes: _lag(axes, phase, limits),
        lambda axes: _cpu(axes, phase),
        lambda axes: _memory(axes, phase),
        lambda axes: _promised(axes, phase, width),
    ]
    with matplotlib.rc_context(
        {"font.size": 8, "svg.fonttype": "none", "svg.hashsalt": phase.plan.name, "axes.grid": True, "grid.alpha": 0.3}
    ):
        drawing = Drawing(figsize=(13, 3 * (len(plots) // 2)), layout="constrained")
        for place, plot in enumerate(plots, 1):
            axes = drawing.add_subplot(len(plots) // 2, 2, place)
            axes.set_xlim(0, _end(phase) - phase.began)
            axes.set_xlabel("seconds")
            plot(axes)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7, frameon=False)
            if axes.get_yscale() == "log":
                axes.yaxis.set_major_formatter("{x:g}")
        text = io.StringIO()
        drawing.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue().partition("?>")[2].partition('dtd">')[2]


def _end(phase: Phase) -> float:
    return max([phase.sent, *(document.settled for document in phase.documents if document.settled is not None)])


def _over_time(pairs: Iterable[tuple[float, float]], width: float, shares: Sequence[float]) -> tuple[list[float], list[list[float]]]:
    """(middle of each slice of `width` seconds that has values, its percentiles)."""
    slices: dict[int, list[float]] = {}
    for at, value in pairs:
        slices.setdefault(int(at // width), []).append(value)
    places = sorted(slices)
    return [(place + 0.5) * width for place in places], [[percentile(slices[place], share) for place in places] for share in shares]


def _limit(axes: Axes, limits: Mapping[str, float], key: str, scale: float = 1.0, color: str = "black") -> None:
    if key in limits:
        axes.axhline(limits[key] * scale, linestyle="--", linewidth=0.8, color=color)


def _results(axes: Axes, phase: Phase, width: float, limits: Mapping[str, float]) -> None:
    axes.set_title("Result after its POST was due, seconds: p50 thin, p95 thick, target dashed")
    axes.set_yscale("log")
    for kind in MIX:
        pairs = [(d.due - phase.began, d.result) for d in phase.documents if d.kind == kind and d.settled is not None]
        at, (half, most) = _over_time(pairs, width, (0.5, 0.95))
        axes.plot(at, half, color=COLORS[kind], linewidth=0.7)
        axes.plot(at, most, color=COLORS[kind], linewidth=1.6, label=kind if pairs else None)
        if pairs:
            _limit(axes, limits, f"result_{kind}_p95_s", color=COLORS[kind])


def _posts(axes: Axes, phase: Phase, width: float, limits: Mapping[str, float]) -> None:
    axes.set_title("POST to 202, milliseconds; answered 429, 503 or not at all a second")
    pairs = [(d.due - phase.began, (d.answered - d.due) * 1000) for d in phase.documents]
    at, lines = _over_time(pairs, width, (0.5, 0.95, 0.99))
    for name, values in zip(("p50", "p95", "p99"), lines, strict=True):
        axes.plot(at, values, linewidth=1, label=name)
    _limit(axes, limits, "post_p95_ms")
    refusals = [line["due"] - phase.began for line in (*phase.refused, *phase.broken)]
    if refusals:
        other = axes.twinx()
        other.grid(False)
        other.hist(refusals, bins=POINTS, weights=[POINTS / (_end(phase) - phase.began)] * len(refusals), color="tab:red", alpha=0.3)
        other.set_ylabel("refused a second")


def _tenants(axes: Axes, phase: Phase, width: float) -> None:
    axes.set_title("Result by tenant, seconds: p50 thin, p95 thick")
    axes.set_yscale("log")
    for number, stream in enumerate(phase.plan.streams):
        name = stream.tenant + (f", {stream.rate:.3g}/s" if stream.rate else "")
        pairs = [(d.due - phase.began, d.result) for d in phase.documents if d.tenant == stream.tenant and d.settled is not None]
        at, (half, most) = _over_time(pairs, 4 * width, (0.5, 0.95))
        axes.plot(at, half, color=f"C{number}", linewidth=0.7)
        axes.plot(at, most, color=f"C{number}", linewidth=1.6, label=name if pairs else None)


def _counts(axes: Axes, phase: Phase) -> None:
    axes.set_title("Due, accepted, settled: documents so far")
    every = [*(d.due for d in phase.documents), *(line["due"] for line in (*phase.refused, *phase.broken))]
    for name, moments in (
        ("due", every),
        ("accepted", [d.answered for d in phase.documents]),
        ("settled", [d.settled for d in phase.documents if d.settled is not None]),
    ):
        ordered = sorted(moment - phase.began for moment in moments)
        axes.step(ordered, range(1, len(ordered) + 1), where="post", linewidth=1, label=name)


def _queues(axes: Axes, phase: Phase) -> None:
    axes.set_title("Accepted and not settled; in hand; told by the broker")
    steps = sorted(
        [(d.answered, 1) for d in phase.documents] + [(d.settled, -1) for d in phase.documents if d.settled is not None]
    )  # fmt: skip
    waiting, line = 0, []
    for _, step in steps:
        waiting += step
        line.append(waiting)
    axes.step([at - phase.began for at, _ in steps], line, where="post", linewidth=1, label="accepted, not settled")
    for metric, name in (("queue_in_hand", "in hand"), ("queue_depth", "in the broker"), ("outbox_depth", "outbox")):
        values = [sum(value for key, value in sample.metrics.items() if key.startswith(metric)) for sample in phase.samples]
        axes.plot([sample.at - phase.began for sample in phase.samples], values, linewidth=0.8, label=name)


def _progress(axes: Axes, phase: Phase, width: float, limits: Mapping[str, float]) -> None:
    axes.set_title("Progress event after its stage, milliseconds")
    pairs = [(second - phase.began, value * 1000) for second, values in phase.progress.items() for value in values]
    at, lines = _over_time(pairs, width, (0.5, 0.99, 1.0))
    for name, values in zip(("p50", "p99", "max"), lines, strict=True):
        axes.plot(at, values, linewidth=1, label=name)
    _limit(axes, limits, "progress_p99_s", 1000)


def _lag(axes: Axes, phase: Phase, limits: Mapping[str, float]) -> None:
    axes.set_title("Event-loop lag, milliseconds")
    samples = phase.samples[:: max(1, len(phase.samples) // POINTS)]
    at = [later.at - phase.began for _, later in pairwise(samples)]
    axes.plot(at, [bucket_percentile(a.metrics, b.metrics, LAG, 0.99) * 1000 for a, b in pairwise(samples)], linewidth=1, label="p99")
    greatest = [sample.metrics.get("event_loop_lag_max_seconds", float("nan")) * 1000 for sample in phase.samples]
    axes.plot([sample.at - phase.began for sample in phase.samples], greatest, linewidth=0.5, alpha=0.6, label="greatest of a second")
    _limit(axes, limits, "lag_p99_ms")


def _cpu(axes: Axes, phase: Phase) -> None:
    axes.set_title("CPU, per cent of a core")
    samples = phase.samples[:: max(1, len(phase.samples) // POINTS)]
    pairs = list(pairwise(samples))
    parts = [part for part in PARTS if part == "others" or any(part in sample.cpu for sample in samples)]
    shares = [[spent(a, b).get(part, 0.0) / (b.at - a.at) * 100 for a, b in pairs] for part in parts]
    axes.stackplot([b.at - phase.began for _, b in pairs], shares, labels=parts, colors=[PARTS[part] for part in parts], alpha=0.8)


def _memory(axes: Axes, phase: Phase) -> None:
    axes.set_title("Resident memory, MiB")
    at = [sample.at - phase.began for sample in phase.samples]
    for part, color in PARTS.items():
        if any(sample.memory.get(part) for sample in phase.samples):
            values = [sample.memory.get(part, 0) / 2**20 or float("nan") for sample in phase.samples]
            axes.plot(at, values, color=color, linewidth=1, label=part)


def _promised(axes: Axes, phase: Phase, width: float) -> None:
    axes.set_title("Retry-After of the 202 beside the seconds from it to the result, medians")
    kept: list[Document] = [d for d in phase.documents if d.promised is not None and d.settled is not None]
    if not kept:
        axes.text(0.5, 0.5, "no 202 carried one", transform=axes.transAxes, ha="center")
        return
    for name, style, value in (("promised", "--", lambda d: d.promised), ("took", "-", lambda d: d.settled - d.answered)):
        for kind in MIX:
            at, (half,) = _over_time([(d.answered - phase.began, value(d)) for d in kept if d.kind == kind], width, (0.5,))
            axes.plot(at, half, style, color=COLORS[kind], linewidth=1, label=f"{kind}, {name}" if at else None)
    axes.set_yscale("log")
