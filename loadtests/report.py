"""The report: one HTML file that needs no other, with a table and the plots of every phase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from loadtests.plots import draw
from loadtests.session import Part, Session
from tests.bench.figures import Figure

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 1240px; padding: 0 1em; color: #222; }
table { border-collapse: collapse; } td, th { border-bottom: 1px solid #ddd; padding: 2px 10px; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } .ok { color: #07752b; } .missed { color: #b00020; font-weight: bold; }
svg { width: 100%; height: auto; } details { margin: .6em 0; } summary { cursor: pointer; } .note { max-width: 60em; }
"""


def write_report(path: Path, scenario: str, promise: str, machine: Mapping[str, str], session: Session) -> Path:
    figures = [figure for part in session.parts for figure in part.figures]
    judged = [figure for figure in figures if figure.wanted is not None]
    missed = sum(figure.missed for figure in judged)
    verdict = f'<span class="missed">{missed} of {len(judged)} targets missed</span>' if missed else f"all {len(judged)} targets kept"
    options = session.options
    setup = "one service, everything embedded" if options.embedded else f"{options.services} service(s) on MariaDB, RabbitMQ and MongoDB"
    mix = ", ".join(f"{kind} {weight:g}" for kind, weight in options.mix.items())
    facts = {**machine, "set-up": setup, "mix": mix, "seed": str(options.seed)}
    parts = "".join(_part(part, session) for part in session.parts)
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>InvoiceStream under load: {escape(scenario)}</title>'
        f"<style>{STYLE}</style><h1>InvoiceStream under load: {escape(scenario)}</h1><p>{escape(promise)}</p><p><b>{verdict}</b></p>"
        f"{_table(judged, named=True)}<h2>Where</h2><table>{''.join(map(_row, facts, facts.values()))}</table>{parts}</html>"
    )
    return path


def _part(part: Part, session: Session) -> str:
    if part.phase is None:
        plots = ""
    else:
        plots = (
            draw(part.phase, session.targets.get(part.section, {}))
            + f'<p><a href="{escape(part.phase.plan.name)}/locust.html">Locust\'s own report</a></p>'
        )
    table = f"<details{'' if part.phase else ' open'}><summary>all its figures</summary>{_table(part.figures)}</details>"
    return f'<h2>{escape(part.name)}</h2><p class="note">{escape(part.note)}</p>{table}{plots}'


def _table(figures: Iterable[Figure], *, named: bool = False) -> str:
    rows = ""
    for figure in figures:
        wanted = "" if figure.wanted is None else f"{'>=' if figure.at_least else '<='} {figure.wanted:g} {figure.unit}"
        verdict = "" if figure.wanted is None else '<td class="missed">MISSED' if figure.missed else '<td class="ok">ok'
        rows += f"<tr>{f'<td>{escape(figure.part)}' if named else ''}<td>{escape(figure.name)}"
        rows += f'<td class="number">{figure.value:.4g}<td>{escape(figure.unit)}<td>{escape(wanted)}{verdict}'
    return f"<table><tr>{'<th>part' if named else ''}<th>figure<th>value<th><th>wanted<th>{rows}</table>"


def _row(name: str, value: str) -> str:
    return f"<tr><td>{escape(name)}<td>{escape(value)}"
