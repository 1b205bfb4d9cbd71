"""What a look-alike says: a sale of the other generator (`training.invoices.business`), its parties named as real ones are."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from app.domain.invoice import Party
from training.invoices.business import Deal, make_deal
from training.invoices.locales import LOCALES, words_of
from training.lookalikes.elsewhere import ELSEWHERE

FOLDER = Path(__file__).with_name("templates")
GOODS = Path(__file__).with_name("goods.toml")
KINDS = ("invoice", "credit_note", "prepayment")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a template's first line asks of the sale, as `{# locales: de fr-FR; lines: 1-6 #}`. Every part may be left out.

    locales: languages or locales that it is written in; those of `ELSEWHERE` only by their code. kinds: of `business.Kind`. lines: fewest
    and most. prices: `net`, `gross` (with tax) or `any`. goods: a section of `goods.toml`. buyer: `person` for a private one. seller:
    `person` or `firm`, else mixed. tax: `exempt` for sellers that charge none, as small businesses.
    """

    locales: tuple[str, ...] = tuple(sorted({locale.language for locale in LOCALES}))
    kinds: tuple[str, ...] = KINDS
    lines: tuple[int, int] = (1, 45)
    prices: str = "net"
    goods: str = ""
    buyer: str = "firm"
    seller: str = ""
    tax: str = ""


def terms_of(source: str) -> Terms:
    """Raises ValueError where the first line is no such comment, or asks what is not known."""
    head = source.partition("\n")[0].strip()
    if not (head.startswith("{#") and head.endswith("#}")):
        raise ValueError("the first line of a template is a comment that says what it wants of the sale")
    asked = dict(part.split(":", 1) for part in head[2:-2].split(";") if part.strip())
    asked = {name.strip(): value.strip() for name, value in asked.items()}
    if unknown := asked.keys() - set(Terms.__dataclass_fields__):
        raise ValueError(f"no such terms: {', '.join(sorted(unknown))}")
    low, _, high = asked.get("lines", "1-45").partition("-")
    return Terms(
        locales=tuple(asked.get("locales", " ".join(Terms().locales)).split()),
        kinds=tuple(asked.get("kinds", " ".join(KINDS)).split()),
        lines=(int(low), int(high or low)),
        prices=asked.get("prices", "net"),
        goods=asked.get("goods", ""),
        buyer=asked.get("buyer", "firm"),
        seller=asked.get("seller", ""),
        tax=asked.get("tax", ""),
    )


def deal_for(terms: Terms, random: Random) -> Deal:
    """One that a template with these terms can print."""
    locales = [one for one in LOCALES if one.code in terms.locales or one.language in terms.locales]
    locales += [one for one in ELSEWHERE if one.code in terms.locales]
    goods = {language: tuple(text.split("|")) for language, text in _goods()[terms.goods].items()} if terms.goods else None
    spoken = {one.partition("-")[0] for one in terms.locales}
    while True:
        locale = random.choices(locales, [one.weight for one in locales])[0]
        deal = make_deal(random, locale, goods, "receipt" if terms.kinds == ("receipt",) else None)  # seldom drawn
        fits = (
            deal.kind in terms.kinds
            and terms.lines[0] <= len(deal.invoice.lines) <= terms.lines[1]
            and terms.prices in ("any", "gross" if deal.with_tax else "net")
            and deal.voice.language in spoken
            and (terms.tax != "exempt" or deal.invoice.tax_breakdown[0].category == "E")
        )
        if fits:
            break
    seller = _named(deal.invoice.seller, random, deal.voice.language, terms.seller or _one_of(random, person=0.14, plain=0.06, upper=0.08))
    buyer = _named(deal.invoice.buyer, random, deal.voice.language, terms.buyer or "firm")
    if terms.buyer == "person":
        buyer = replace(buyer, vat_id=None, legal_id=None)
    elif random.random() < 0.1:
        buyer = _named(buyer, random, deal.voice.language, "upper")
    return replace(deal, invoice=replace(deal.invoice, seller=seller, buyer=buyer))


@cache
def _goods() -> dict[str, dict[str, str]]:
    return tomllib.loads(GOODS.read_text("utf-8"))


def _one_of(random: Random, **chances: float) -> str:
    return random.choices([*chances, "firm"], [*chances.values(), 1 - sum(chances.values())])[0]


def _named(party: Party, random: Random, language: str, manner: str) -> Party:
    """`firm` as it is; `plain` without a legal form; `person` by first and last name; `upper` in capitals."""
    name = party.name or ""
    if manner == "person":
        people = words_of(language)["people"]
        name = f"{random.choice(people['first'])} {random.choice(people['last'])}"
    elif manner == "plain":
        forms = sorted((form for locale in (*LOCALES, *ELSEWHERE) for form in locale.forms), key=len, reverse=True)
        name = next((name.removesuffix(f" {form}") for form in forms if name.endswith(f" {form}")), name)
    elif manner == "upper":
        name = name.upper()
    return replace(party, name=name)
