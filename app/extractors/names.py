"""Names of people and firms, and what is none: addresses, remarks, contact lines."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from app.domain.parsing import (
    plain,
)
from app.extractors.grid import Row
from app.extractors.labels import cues_in
from app.extractors.lexicon import Cue
from app.extractors.trades import TRADES

LEGAL = frozenset(
    "gmbh ag kg ohg ug gbr ek mbh kgaa eg se ev sarl sas sasu sa eurl sci snc scop bv nv vof cv srl spa sapa srls sl slu sau "
    "sll slne lda unipessoal "
    "ltd limited private llc inc incorporated corp corporation plc llp lp pty pvt pte sdn bhd ab oy oyj aps as asa sro zoo kft doo "
    "company co gesmbh "
    "hb kb spk spj jawna komandytowa sia ood eood vos "
    "scarl scrl partg mbb vvag stiftung verein versicherungsverein cooperative coop vzw asbl sprl bvba dac cic ltda cie cia "
    "doo zrt uab berhad sdnbhd sb fze fzco wll".split()
)


SALUTATION = frozenset(
    "herr herrn frau mr mrs ms miss monsieur madame m mme dhr mevrouw mw signor signora sr sra senor senora firma exmo exma dr "
    "eheleute".split()
)


OWNER = frozenset("inh inhaber inhaberin prop proprietor owner titolare eigenaar gerant gerante propietario proprietario vorstand".split())
"""A line that begins so names a person behind the firm."""


_STREET = re.compile(
    r"(?:str\.?|strasse|straße|weg|platz|allee|gasse|ring|damm|ufer|steig|chaussee|markt|laan|straat|plein|kade|gracht|dijk|singel)\s?\d"
    r"|\bc/|\b(?:rue|avenue|boulevard|chemin|place|impasse|cours|square|faubourg|route|quai|allée|chaussée|via|viale|piazza"
    r"|piazzale|corso|largo|vicolo|strada"
    r"|contrada|calle|avda|avenida|plaza|paseo|camino|carrer|ronda|rua|travessa|bd|p\.?zza|v\.?le|jalan|jln|lorong"
    r"|praça|estrada|alameda|av|road|street|lane|drive|way|close|court|crescent|terrace|unit|st|rd|ave|blvd|hwy|suite"
    r"|floor|p\.?o\.? box|postfach|postbus|casella postale|apartado)\b",
    re.IGNORECASE,
)


_STREETS = frozenset(
    "rue avenue boulevard chemin impasse faubourg allée allee chaussée via viale piazza piazzale vicolo calle avda avenida plaza paseo "
    "carrer rua travessa praça estrada alameda bd ul os al".split()
)


def street_word(word: str) -> bool:
    """Whether a word is what Romance and Slavic languages begin the name of a street with."""
    return word.rstrip(".,").lower() in _STREETS


_DEPARTMENT = re.compile(
    r"(?:abteilung|abt\.|dept\.?|department|dpto\.?|departamento|depto\.?|afdeling|afd\.|avdelning|service|ufficio|direction|direzione"
    r"|dział|oddělení|area)\s.*|.*(?:abteilung|avdelningen|avdeling|afdeling|administratie)"
    r"|(?:accounts? (?:payable|dept\.?)|accounts|finance|purchasing|procurement|buchhaltung|einkauf|rechnungswesen|rechnungsprüfung"
    r"|finanzbuchhaltung|kreditorenbuchhaltung|zentraleinkauf|geschäftsführung|geschäftsleitung|verwaltung|comptabilité|achats|compras"
    r"|contabilidad|contabilidade|administración|administração|amministrazione|acquisti|inkoop|inköp|ekonomi|regnskab|księgowość)"
    r"(?: (?:department|dept\.?|team|office))?",
    re.IGNORECASE,
)


def department(text: str) -> bool:
    """Whether a line is the part of a firm that a letter goes to ("Accounts payable", "Abteilung Einkauf")."""
    return len(text.split()) <= 5 and bool(_DEPARTMENT.fullmatch(text))


_POST_CODE = re.compile(
    r"(?<![\w.,/-])(?:(?P<prefix>[A-Z]{1,3})[- ])?"
    r"(?P<code>\d{4} ?[A-Z]{2}(?![a-z])|\d{4}-\d{3}|\d{2}-\d{3}|(?<!\d )\d{3} \d{2}|\d{5}|\d{4})(?:-\d{3,4})?[,]?\s{1,2}"
    r"(?P<city>[^\W\d_][\w'’./() -]{1,40})"
)


_STATES = (
    "A[BKLRZ]|BC|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ABDEINOST]|N[BCDEHJLMSTUVY]|O[HKNR]|P[AER]|QC|RI|S[CDK]|T[NX]|UT|V[AT]|W[AIVY]|YT"
)
"""Of the USA and Canada: any two capitals would make an address of "Commande SO 00045"."""
_CITY_FIRST = re.compile(
    rf"(?P<city>[^\W\d_][\w'’. -]{{1,30}}),?\s+(?:\(?(?P<state>{_STATES}|[A-Z][a-zà-ÿ]+)\)?,?\s+"
    r"(?P<code>\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)"
    r"|(?P<state_au>ACT|NSW|NT|QLD|SA|TAS|VIC|WA),?\s+(?P<code_au>\d{4}))(?!\d)"
)
_INDIAN_CODE = re.compile(r"(?P<city>[^\W\d_]{3,20}(?: [^\W\d_]{3,20})?),?\s*[-–]?\s?(?P<code>[1-9]\d{2} ?\d{3})(?![\d.,])")
_UK_CODE = re.compile(
    r"(?<!\w)(?P<code>[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[\dW] (?=[A-Z\d]{0,3}\d)(?=\d{0,3}[A-Z])[A-Z\d]{4})(?!\w)"
)  # and Irish


DOMAIN = re.compile(r"(?:@|www\.|https?://(?:www\.)?)([\w-]{2,40})\.(?:[\w-]{2,20}\.)?[a-z]{2,10}", re.IGNORECASE)


def clean(text: str) -> str:
    text = text.strip(" ,;:|•·-–").strip()
    last = text.rsplit(" ", 1)[-1]
    return text[:-1] if len(last) > 5 and last.find(".") == len(last) - 1 else text


def _joined(text: str) -> list[str]:
    """Plain words, with letters that stand alone put together: "B.V." gives "bv"."""
    joined: list[str] = []
    letters = False
    for word in plain(text):
        if len(word) == 1 and letters:
            joined[-1] += word
        else:
            joined.append(word)
        letters = len(word) == 1
    return joined


_ALSO_WORDS = frozenset("kg ag se co sa as company limited private corporation cooperative verein stiftung".split())
"""Legal forms that are words, or units, where they are written small."""


@lru_cache(maxsize=2048)
def legal_form(text: str) -> bool:
    """Whether a name ends in (or holds, as "GmbH & Co. KG" does) a legal form."""
    if text.rsplit(" ", 1)[-1] in _ALSO_WORDS and not text.islower():
        return False
    joined = _joined(text)
    if len(joined) > 1 and any(word in LEGAL for word in joined[1:][-3:] if len(word) > 1):
        return True
    if len(joined) > 2 and joined[-2] == "sp" and joined[-1] in ("j", "k"):
        return True  # Polish partnerships
    # Two short words, read with a letter wrong: only together are they sure enough.
    return len(joined) > 2 and OSA.distance("".join(joined[-2:]), "sdnbhd", score_cutoff=1) <= 1


_BEFORE_LEGAL = ("sp", "spol")
"""What "z o.o." and "s r.o." begin with."""


def only_legal_form(text: str) -> bool:
    """Whether a line is nothing but the end of a name: "Pty Limited", "GmbH & Co. KG", "& Sons"."""
    joined = _joined(text)
    if 0 < len(joined) <= 4 and (all(word in LEGAL or word in _BEFORE_LEGAL for word in joined) or (text[:2] == "& " and len(joined) <= 2)):
        return True
    return OSA.distance("".join(joined), "sdnbhd", score_cutoff=1) <= 1


def goes_on(text: str) -> bool:
    """Whether a line begins as the second line of a name does: "and Sons Ltd", "für Technik mbH"."""
    first, _, rest = text.partition(" ")
    name = len(rest.split()) < 6 and not any(map(str.isdigit, rest)) and Cue.CONTACT not in cues_in(plain(text))
    return bool(rest) and first in _LINKS and name


def hangs(text: str) -> bool:
    """Whether a line ends as only the first line of a name does: "Falkner &", "Les Jardins de"."""
    return " " in text and text.rsplit(" ", 1)[1] in _HANGING


def stops_short(text: str) -> bool:
    """Whether a text hangs, or ends with a mark as no name does: "ACME &", "Verein für", "Falkner,"."""
    return hangs(text) or (" " in text and text.endswith((",", "-", "–")))


_LINKS = frozenset("and und et y & + of for für du des di dos das".split())
_HANGING = _LINKS | frozenset("de del della do da la van von den".split())


def like_a_person(text: str) -> bool:
    """Whether a line looks like the name of one person: two or three words with a capital, none of a trade."""
    words = [word for word in text.split() if word.rstrip(".").lower() not in SALUTATION]
    letters = all(word.replace("-", "").replace("'", "").rstrip(".").isalpha() and word[0].isupper() for word in words)
    return 2 <= len(words) <= 3 and letters and not like_a_firm(text)


def like_a_firm(text: str) -> bool:
    """Whether a line looks like the name of a firm, though no legal form says so: it has the word of a trade, or two partners."""
    return "&" in text.split() or any(word in TRADES for word in plain(text)) or bool(legal_form(text))


def registration(text: str) -> bool:
    """Whether a text is the number under which a firm is registered, as it stands behind or under the name: "(123456-X)"."""
    return sum(map(str.isdigit, text)) > 3 and bool(_REGISTRATION.fullmatch(text))


def name_end(row: Row, first: int, end: int) -> int:
    """Where the name ends in a cell, before the firm's registration."""
    if sum(map(str.isdigit, row.span(max(first, end - 2), end))) < 5 or registration(row.span(first, end)):
        return end
    return next((i for i in range(first + 1, end) if registration(row.span(i, end))), end)


_REGISTRATION = re.compile(
    r"\(?(?:(?:co|company|reg|regn|registration|roc|ssm|uen|id|no|nr|number)\b[.:\s]{0,4}){0,4}\(?"
    r"(?:[A-Z]{0,2}[\dOIlSB]{5,12}\s?-\s?[A-Z\d]|\d{8,10}[A-Z]|\((?=[^()#]{0,16}\d{5})[^()#]{5,20})(?:\s?\([\dA-Z-]{5,12}\))?\)?",
    re.IGNORECASE,
)


def name_like(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    digits = sum(map(str.isdigit, text))
    return (
        letters >= 3
        and digits <= max(2, letters // 3)
        and "@" not in text
        and "www." not in text.lower()
        and len(text) <= 70
        and not text.endswith(":")
    )


@lru_cache(maxsize=2048)
def address_like(text: str) -> bool:
    if not any(map(str.isdigit, text)):
        return False
    return bool(post_code(text)) or bool(_STREET.search(text) and any(map(str.isdigit, text)))


def post_code(text: str) -> re.Match[str] | None:
    """Where a post code and a city stand in a line; a street's number ("2200 Canyon Rd") is none."""
    match = _CITY_FIRST.search(text)
    if match and match["state"] and len(match["state"]) > 2 and cues_in(plain(match["state"])):
        match = None  # "Votre Commande 00045"
    if match and match["state"] and len(match["state"]) > 2 and _STREET.search(match["city"]):
        dash = match["city"].rfind(" - ")  # "4 Park Road - San Francisco 94134", but "8 Rue de la Tour, 75013 Paris"
        match = _CITY_FIRST.search(text, match.start() + dash + 3) if dash > 0 else None
    if match is None and (match := _POST_CODE.search(text)) and _STREET.search(match["city"].split(",")[0]):
        match = None
    if match and only_legal_form(match["city"] or ""):
        match = None  # "Drinks 2000 Ltd"
    return match or _UK_CODE.search(text) or _INDIAN_CODE.search(text)


def is_country(words: tuple[str, ...]) -> bool:
    """Whether plain words are the name of a country: the last line of an address, and nobody's name."""
    return " ".join(words) in countries()


@cache
def countries() -> dict[str, str]:
    from babel import Locale  # loaded once, with the first address

    names: dict[str, str] = {"usa": "US", "uk": "GB", "england": "GB", "holland": "NL", "great britain": "GB"}
    for language in ("en", "de", "fr", "nl", "it", "es", "pt"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                names.setdefault(" ".join(plain(str(name))), code)
    return names
