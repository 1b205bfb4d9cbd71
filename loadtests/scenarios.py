"""The scenarios, each a function on a session. What is wanted of each stands in `sla.toml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from loadtests.documents import Kind
from loadtests.ledger import drain
from loadtests.measures import Measure, failures, phase_measures
from loadtests.phase import Phase
from loadtests.plan import MIX, Stream
from loadtests.session import Session, say
from tests.bench.figures import percentile

POST_P95 = 0.2  # seconds: what holds in `intake`


def capacity(session: Session) -> None:
    """Each kind alone and the mix, with always something to do: what is settled a second, what it costs, what bounds it."""
    session.warm()
    seconds = session.options.seconds or 60.0
    warm = min(10.0, seconds / 4)
    for kind in MIX:
        session.measure_capacity(kind, {kind: 100.0}, seconds, warm)
    session.measure_capacity("mix", session.options.mix, seconds, warm)


def steady(session: Session) -> None:
    """At 70 % of the mix's capacity, open loop, two tenants."""
    session.warm()
    seconds = session.options.seconds or 600.0
    phase = session.run(session.plan("steady", session.shared(session.steady_rate()), seconds))
    session.add("steady", phase_measures(phase, warm=min(30.0, seconds / 10)), phase)


def intake(session: Session) -> None:
    """POST alone, one tenant: 50 a second for a minute, half XML and half digital, while nobody watches. Then upward, or downward, to
    where it holds, each step once the one before is worked off."""
    session.warm()
    mix = {kind: weight for kind, weight in session.options.mix.items() if kind != "scan"}
    mix = dict.fromkeys(mix, 50.0) if session.options.mix == MIX else mix
    asked, seconds = session.options.rate or 50.0, session.options.seconds or 60.0
    holds = _post_alone(session, "intake", asked, seconds, mix)
    for factor in (1.5, 2.0, 3.0, 4.0, 6.0) if holds else (0.8, 0.6, 0.4, 0.2):
        drain(session.around, 600)
        if _post_alone(session, f"intake at {asked * factor:g} a second", asked * factor, min(20.0, seconds), mix) != holds:
            break


def _post_alone(session: Session, name: str, rate: float, seconds: float, mix: Mapping[str, float]) -> bool:
    """Whether all were accepted, 95 % of them in time."""
    streams = [Stream(session.tenants[0], rate)]
    phase = session.run(session.plan(name.replace(" ", "-"), streams, seconds, mix=mix, drain=0.0, followed=0.0, watched=False))
    p95 = percentile([document.answered - document.due for document in phase.documents], 0.95)
    holds = not phase.refused and not phase.broken and p95 <= POST_P95
    session.add(name, _posts(phase), phase, note=f"{rate:g} a second: {'holds' if holds else 'does not hold'}.")
    say(f"{name}: p95 {p95 * 1000:.0f} ms, {len(phase.refused)} refused: {'holds' if holds else 'does not hold'}")
    return holds


def _posts(phase: Phase) -> Iterator[Measure]:
    return (measure for measure in phase_measures(phase) if not measure.key.startswith(("result_", "progress_", "growth_", "memory_")))


def flood(session: Session) -> None:
    """First steady; then the second tenant sends ten times its share. The first one must hardly notice."""
    session.warm()
    seconds = session.options.seconds or 180.0
    rate = session.steady_rate() / 2
    one, two = session.tenants[:2]
    before = session.run(session.plan("before", [Stream(one, rate), Stream(two, rate)], seconds))
    session.add("before the flood", phase_measures(before, warm=min(20.0, seconds / 10)), before)
    streams = [Stream(one, rate), Stream(two, 10 * rate, awaited=False)]
    during = session.run(session.plan("flood", streams, seconds, followed=0.0))
    session.add(f"the flood, {one}", phase_measures(during, min(20.0, seconds / 10), one), during)
    session.add("flood", _beside(before, during, one, min(20.0, seconds / 10)))


def _beside(before: Phase, during: Phase, tenant: str, warm: float) -> Iterator[Measure]:
    """The tenant's results in the flood, beside its own before."""
    yield Measure("other_failures", "failures of the other tenant", failures(during, tenant))
    for kind in ("", *MIX):
        p95 = [
            percentile([d.result for d in phase.within(warm, float("inf")) if d.tenant == tenant and kind in ("", d.kind)], 0.95)
            for phase in (before, during)
        ]
        of, infix = (kind, f"{kind}_") if kind else ("all kinds", "")
        yield Measure(f"other_before_{infix}p95_s", f"other tenant, {of}: result p95 before", p95[0], "s")
        yield Measure(f"other_during_{infix}p95_s", f"other tenant, {of}: result p95 during", p95[1], "s")
        yield Measure(f"other_result_{infix}ratio", f"other tenant, {of}: ratio", p95[1] / p95[0], "x")


def burst(session: Session) -> None:
    """At 30 % of the capacity; every half minute one tenant sends as many at once as the service can do in eight seconds."""
    session.warm()
    seconds = session.options.seconds or 120.0
    rate = session.steady_rate(0.3)
    one, two = session.shared(rate)[:2]
    phase = session.run(session.plan("burst", [one, replace(two, burst=max(10, round(rate / 0.3 * 8)), every=30.0)], seconds))
    session.add("burst", phase_measures(phase), phase)


def long_queue(session: Session) -> None:
    """One tenant brings a heap of scans at once; the other's XML and digital PDFs go on meanwhile, and hardly wait."""
    session.warm()
    seconds = session.options.seconds or 90.0
    one, two = session.tenants[:2]
    mix = {kind: weight for kind, weight in session.options.mix.items() if kind != "scan"} or {"xml": 100.0}
    streams = [Stream(one, session.steady_rate(0.3)), Stream(two, 0.0, heap=max(10, round(seconds * 2)))]
    phase = session.run(session.plan("long-queue", streams, seconds, mix=mix, drain=600.0))
    other = Measure("other_failures", "failures of the tenant without a heap", failures(phase, one))
    session.add("long-queue", [other, *phase_measures(phase)], phase)


def readers(session: Session) -> None:
    """At half the capacity, with clients that read their websockets too slowly, or vanish, and many that follow one invoice."""
    session.warm()
    seconds = session.options.seconds or 120.0
    plan = session.plan(
        "readers", session.shared(session.steady_rate(0.5)), seconds, slow_readers=20, vanishing=10, followed=0.3
    )  # fmt: skip
    phase = session.run(plan)
    session.add("readers", phase_measures(phase, warm=min(20.0, seconds / 10)), phase)


def quick(session: Session) -> None:
    """A little of everything, to show that the tool works; what is measured says nothing about the service."""
    seconds = session.options.seconds or 6.0
    session.warm(1)
    session.measure_capacity("mix", session.options.mix, seconds / 2, seconds / 6, outstanding=4, remember=False)
    one, two = session.shared(session.options.rate or 4.0)
    streams = [replace(one, burst=3, every=seconds), replace(two, heap=2)]
    phase = session.run(session.plan("quick", streams, seconds, slow_readers=2, vanishing=2, followed=0.5, keyed=0.5, repeated=0.5))
    session.add("quick", phase_measures(phase), phase)


SCENARIOS: Mapping[str, Callable[[Session], None]] = {
    "capacity": capacity,
    "steady": steady,
    "intake": intake,
    "flood": flood,
    "burst": burst,
    "long-queue": long_queue,
    "readers": readers,
    "quick": quick,
}
SMALL: Mapping[str, Mapping[Kind, int]] = {"quick": {"xml": 20, "digital": 10, "scan": 4}}  # pools: the usual one elsewhere
DEFAULT = ("capacity", "steady", "intake", "flood")
SETTLING = {"intake": 900.0, "flood": 1800.0}  # seconds until all that was accepted must be settled; 300 elsewhere
