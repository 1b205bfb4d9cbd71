"""How a country writes: its words (`words/<language>.toml`), dates, numbers, money, taxes and addresses."""

# ruff: noqa: E501
# A table: one locale reads better in few long lines.

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal

WORDS = Path(__file__).with_name("words")

MONTHS: Mapping[str, str] = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}


@dataclass(frozen=True, slots=True)
class Locale:
    """`dates`: patterns of strftime, with {month} for the name, {mon} for its first three letters, {day} without a leading zero.
    `numbers`: thousands and decimal mark, alternatives. `money`: how an amount bears its currency; {} is the number. `rates`: percent,
    the standard one first. `places`: "post code city" patterns, # a digit and @ a letter. `tax`: `gst` bears that name, and no VAT id with
    it; `export` sells abroad only. `lakhs`: digits in groups as in 12,34,567."""

    code: str
    language: str
    country: str
    currency: str
    dates: tuple[str, ...]
    numbers: tuple[str, ...]
    money: tuple[str, ...]
    rates: tuple[str, ...]
    forms: tuple[str, ...]
    places: tuple[str, ...]
    phone: str
    weight: int = 1
    tax: Literal["vat", "sales", "gst", "export"] = "vat"
    paper: tuple[float, float] = (595.0, 842.0)
    lakhs: bool = False


_EUR = ("{} €", "{} EUR", "€ {}", "EUR {}", "{}", "€{}")
_DE_DATES = ("%d.%m.%Y", "%d.%m.%Y", "%d.%m.%y", "{day}. {month} %Y")
_FR_DATES = ("%d/%m/%Y", "%d/%m/%Y", "%d/%m/%y", "{day} {month} %Y", "%d-%m-%Y")
LETTER = (612.0, 792.0)
_LAKHS = re.compile(r"(?<=\d)(?=(\d\d)*\d{3}$)")

LOCALES: tuple[Locale, ...] = (
    Locale(
        "en-GB", "en", "GB", "GBP",
        ("%d/%m/%Y", "{day} {month} %Y", "%d %b %Y", "%d-%m-%Y", "%d/%m/%y", "{day} {mon} %Y"),
        (",.", ",.", "."), ("£{}", "£{}", "{}", "GBP {}", "{} GBP"), ("20", "5", "0"), ("Ltd", "Limited", "LLP", "plc", "& Sons"),
        ("Leeds|LS# #@@", "Sheffield|S# #@@", "Bristol|BS# #@@", "London|SW## #@@", "Norwich|NR# #@@", "Cardiff|CF## #@@"),
        "+44 #### ######", 3,
    ),
    Locale(
        "en-IE", "en", "IE", "EUR", ("%d/%m/%Y", "{day} {month} %Y", "%d-%b-%Y"), (",.", "."), ("€{}", "{}", "EUR {}"),
        ("23", "13.5", "9", "0"), ("Ltd", "DAC", "Limited"), ("Cork|T## @#@#", "Limerick|V## @#@#", "Dublin 2|D## @#@#"), "+353 ## ### ####",
    ),
    Locale(
        "en-US", "en", "US", "USD", ("%m/%d/%Y", "{month} {day}, %Y", "%m/%d/%y", "{mon} {day}, %Y", "%m-%d-%Y"), (",.", ",.", "."),
        ("${}", "${}", "$ {}", "{}", "USD {}"), ("8.25", "7", "6.5", "0", "8.875"), ("Inc.", "LLC", "Corp.", "Co."),
        ("Portland, OR|#####", "Austin, TX|#####", "Asheville, NC|#####", "Columbus, OH|#####", "Boston, MA|#####", "Denver, CO|#####"),
        "(###) ###-####", 3, "sales", LETTER,
    ),
    Locale(
        "en-AU", "en", "AU", "AUD", ("%d/%m/%Y", "{day} {month} %Y", "%d %b %Y"), (",.", "."), ("${}", "{}", "AUD {}", "A${}"), ("10", "0"),
        ("Pty Ltd", "Pty Limited"), ("Geelong VIC|####", "Fremantle WA|####", "Hobart TAS|####"), "0# #### ####", 1, "gst",
    ),
    Locale(
        "de-DE", "de", "DE", "EUR", _DE_DATES, (".,", ".,", ","), _EUR, ("19", "7", "0"), ("GmbH", "GmbH & Co. KG", "AG", "e. K.", "KG", "OHG", "UG"),
        ("Leipzig|#####", "Köln|#####", "Freiburg im Breisgau|#####", "München|#####", "Hamburg|#####", "Göttingen|#####", "Bad Münstereifel|#####"),
        "+49 ### ######-##", 4,
    ),
    Locale(
        "de-AT", "de", "AT", "EUR", _DE_DATES, (".,", ".,"), _EUR, ("20", "10", "13", "0"), ("GmbH", "KG", "e.U.", "Ges.m.b.H."),
        ("Linz|####", "Graz|####", "Wien|####"), "+43 ### ######",
    ),
    Locale(
        "de-CH", "de", "CH", "CHF", ("%d.%m.%Y", "{day}. {month} %Y"), ("'.", "’.", "'."), ("CHF {}", "{}", "{} CHF", "Fr. {}"),
        ("8.1", "2.6", "0"), ("AG", "GmbH", "SA"), ("Zürich|####", "Luzern|####", "Bern|####", "Winterthur|####"), "+41 ## ### ## ##", 2,
    ),
    Locale(
        "fr-FR", "fr", "FR", "EUR", _FR_DATES, (" ,", "\u00a0,", ",", " ,"), ("{} €", "{} €", "{} EUR", "{}", "{}€"), ("20", "5.5", "10", "0"),
        ("SARL", "SAS", "SA", "EURL", "SASU", "SCOP"), ("LYON|#####", "Besançon|#####", "NANTES|#####", "Paris|#####", "MONTPELLIER Cedex|#####"),
        "0# ## ## ## ##", 4,
    ),
    Locale(
        "fr-BE", "fr", "BE", "EUR", _FR_DATES, (" ,", ".,", ","), _EUR, ("21", "6", "12", "0"), ("SRL", "SA", "SPRL"),
        ("Liège|####", "Namur|####", "Bruxelles|####"), "+32 ## ## ## ##",
    ),
    Locale(
        "fr-CH", "fr", "CH", "CHF", ("%d.%m.%Y", "{day} {month} %Y"), ("'.", "’."), ("CHF {}", "{}", "{} CHF", "Fr. {}"), ("8.1", "2.6", "0"),
        ("SA", "Sàrl"), ("Lausanne|####", "Genève|####", "Neuchâtel|####"), "+41 ## ### ## ##",
    ),
    Locale(
        "nl-NL", "nl", "NL", "EUR", ("%d-%m-%Y", "%d-%m-%Y", "{day} {month} %Y", "%d/%m/%Y"), (".,", ".,", ","), ("€ {}", "€ {}", "{}", "EUR {}", "€{}"),
        ("21", "9", "0"), ("B.V.", "BV", "V.O.F.", "N.V."), ("Hilversum|#### @@", "Utrecht|#### @@", "Groningen|#### @@", "'s-Hertogenbosch|#### @@"),
        "0##-#######", 3,
    ),
    Locale(
        "nl-BE", "nl", "BE", "EUR", ("%d/%m/%Y", "{day} {month} %Y", "%d-%m-%Y"), (".,", " ,"), _EUR, ("21", "6", "12", "0"), ("BV", "NV", "BVBA"),
        ("Gent|####", "Antwerpen|####", "Leuven|####"), "+32 ## ## ## ##",
    ),
    Locale(
        "it-IT", "it", "IT", "EUR", ("%d/%m/%Y", "%d/%m/%Y", "%d-%m-%Y", "{day} {month} %Y", "%d/%m/%y"), (".,", ".,", ","), _EUR, ("22", "10", "4", "0"),
        ("S.r.l.", "SRL", "S.p.A.", "s.n.c.", "S.a.s."), ("Torino (TO)|#####", "Milano (MI)|#####", "Bologna BO|#####", "Vicenza (VI)|#####"),
        "+39 0## #######", 3,
    ),
    Locale(
        "es-ES", "es", "ES", "EUR", ("%d/%m/%Y", "%d/%m/%Y", "%d-%m-%Y", "{day} de {month} de %Y"), (".,", ".,", ","), _EUR, ("21", "10", "4", "0"),
        ("S.L.", "SL", "S.A.", "S.L.U.", "S. Coop."), ("Pamplona (Navarra)|#####", "Sevilla|#####", "Madrid|#####", "Valencia|#####"),
        "9## ### ###", 3,
    ),
    Locale(
        "pt-PT", "pt", "PT", "EUR", ("%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "{day} de {month} de %Y"), (".,", " ,", ","), ("{} €", "{}", "€ {}", "{} EUR", "{}€"),
        ("23", "13", "6", "0"), ("Lda", "Lda.", "S.A.", "Unipessoal Lda"), ("Porto|####-###", "Lisboa|####-###", "Braga|####-###", "Coimbra|####-###"),
        "2## ### ###", 2,
    ),
)  # fmt: skip


@cache
def words_of(language: str) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Section ("labels", "sentences", "trades.it" ...) to name to alternatives."""
    read: dict[str, Any] = tomllib.loads((WORDS / f"{language}.toml").read_text("utf-8"))
    trades = read.pop("trades")
    sections = read | {f"trades.{name}": trade for name, trade in trades.items()}
    return {section: {name: tuple(text.split("|")) for name, text in entries.items()} for section, entries in sections.items()}


class Voice:
    """What one sender keeps to in all that it writes: one date pattern, one number format, one word for each thing.

    `second`: another language, whose words stand beside the first's in some labels.
    """

    def __init__(self, locale: Locale, language: str, random: Random, second: str | None = None) -> None:
        self.locale = locale
        self.language = language
        self._random = random
        self._second = second
        self._words = words_of(language)
        self._chosen: dict[str, str] = {}
        patterns = locale.dates if language == locale.language else (*locale.dates[:2], "%Y-%m-%d", "{day} {month} %Y")
        self._date = random.choice(patterns) if random.random() > 0.03 else "%Y-%m-%d"
        self._thousands, self._decimal = self._marks(random)
        self._money = random.choice(locale.money)
        self._percent = random.choice(("{} %", "{}%", "{}%"))
        self._rate_places = random.choice((None, None, 1, 2))
        self._minus = random.choice(("-{}", "-{}", "-{}", "- {}", "{}-", "({})") if language in ("en", "de") else ("-{}", "-{}", "- {}"))
        self.colon = random.choice((" :", " : ", " :") if language == "fr" else (":", ":", ": ", ""))
        self.upper_labels = random.random() < 0.12

    def _marks(self, random: Random) -> tuple[str, str]:
        marks = random.choice(self.locale.numbers)
        return (marks[0], marks[1]) if len(marks) == 2 else ("", marks)

    def word(self, name: str) -> str:
        """The label that this sender uses: always the same one."""
        if name not in self._chosen:
            text = self._random.choice(self._words["labels"][name])
            if self._second and self._random.random() < 0.75 and "{" not in text:
                other = self._random.choice(words_of(self._second)["labels"][name])
                text = text if other.casefold() == text.casefold() else f"{text} / {other}"
            self._chosen[name] = text.upper() if self.upper_labels and "{" not in text and len(text) < 24 else text
        return self._chosen[name]

    def title(self, name: str) -> str:
        key = f"title {name}"
        if key not in self._chosen:
            self._chosen[key] = self._random.choice(self._words["titles"][name])
        return self._chosen[key]

    def sentence(self, name: str) -> str:
        return self._random.choice(self._words["sentences"][name])

    def all_of(self, section: str, name: str) -> tuple[str, ...]:
        return self._words[section][name]

    def unit(self, code: str) -> str:
        if code not in self._chosen:
            self._chosen[code] = self._random.choice(self._words["units"][code])
        return self._chosen[code]

    def date(self, day: date) -> str:
        month = MONTHS[self.language].split()[day.month - 1]
        pattern = self._date.replace("%b", "{mon}")
        return day.strftime(pattern).format(month=month, mon=month[:3].capitalize() if self.language == "en" else month[:3], day=day.day)

    def number(self, value: Decimal, places: int | None = None) -> str:
        text = f"{abs(value):,.{places}f}" if places is not None else f"{abs(value):,f}"
        if self.locale.lakhs:
            whole, point, rest = text.replace(",", "").partition(".")
            text = _LAKHS.sub(",", whole) + point + rest
        text = text.replace(",", "\0").replace(".", self._decimal).replace("\0", self._thousands)
        return self._minus.format(text) if value < 0 else text

    def amount(self, value: Decimal) -> str:
        return self.number(value, 2)

    def money(self, value: Decimal) -> str:
        """With the currency, where this sender writes it at all."""
        shown = self._money.format(self.number(abs(value), 2))
        return self._minus.format(shown) if value < 0 else shown

    @property
    def symbol(self) -> str:
        """What the amounts bear; empty if nothing."""
        return self._money.replace("{}", "").strip()

    def percent(self, rate: Decimal) -> str:
        shown = self.number(rate.normalize() + 0 if self._rate_places is None else rate, self._rate_places)
        return self._percent.format(shown)

    def fill(self, pattern: str, random: Random) -> str:
        """A pattern of phone numbers or post codes, with digits for # and letters for @."""
        out = []
        for character in pattern:
            if character == "#":
                out.append(str(random.randint(1, 9)))
            elif character == "@":
                out.append(random.choice("ABDEFGHJLNPQRSTUWXYZ"))
            else:
                out.append(character)
        return "".join(out)
