"""Which currency an invoice is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.extractors.candidate import Candidate
from app.extractors.candidates import Candidates
from app.extractors.choice import Choice
from app.extractors.lexicon import Cue


def choose_currency(found: Candidates, totals: Iterable[Choice], country: str | None) -> Choice | None:
    """The currency of the totals; else the one named by a label or most often seen. A bare `$` is that of the seller's country."""
    votes: Counter[str] = Counter()
    shown: dict[str, Candidate] = {}
    for c in found.of("currency"):
        code = str(c.value)
        labelled = any(Cue.CURRENCY in label.cues for label in found.labels(c))
        if len(found.grid.rows[c.row].words[c.first].text.strip(".,;:()")) == 3 or labelled:
            votes[code] += 25 if labelled else 1
        else:
            votes[code] += 1
        if code not in shown or labelled:
            shown[code] = c
    for choice in totals:
        if choice.candidate and choice.candidate.currency:
            votes[choice.candidate.currency] += 8
            shown.setdefault(choice.candidate.currency, choice.candidate)
    if not votes:
        likely = _MONEY_OF.get(country or "")
        return Choice(likely, 0.6, None, "computed") if likely else None
    ranked = votes.most_common(2)
    code, count = ranked[0]
    rest = ranked[1][1] if len(ranked) > 1 else 0
    candidate = shown[code]
    other = next((c for c in votes if c in _DOLLARS.values()), None)
    if code == "USD" and other and not any("USD" in row.text or "US$" in row.text for row in found.grid.rows):
        code, candidate = other, shown[other]
    if code == "USD" and country in _DOLLARS and "USD" not in " ".join(row.text for row in found.grid.rows):
        code = _DOLLARS[country]
    return Choice(code, round(min(0.98, 0.7 + 0.28 * (count - rest) / (count + rest)), 3), candidate)


_MONEY_OF = dict.fromkeys("AT BE CY DE EE EL ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK".split(), "EUR") | {
    "GB": "GBP",
    "CH": "CHF",
    "IN": "INR",
    "US": "USD",
    "PL": "PLN",
    "SE": "SEK",
    "NO": "NOK",
    "DK": "DKK",
    "CZ": "CZK",
    "HU": "HUF",
    "RO": "RON",
}
_DOLLARS = {"CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD", "MX": "MXN", "TW": "TWD"}
