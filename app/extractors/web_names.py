"""The names in web and mail addresses, and whether they are a firm's."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.domain.parsing import plain
from app.extractors.grid import Grid
from app.extractors.names import DOMAIN, LEGAL

_FREE_MAIL = frozenset(
    "gmail googlemail hotmail outlook yahoo gmx web icloud live orange wanadoo free t-online aol msn libero ziggo kpnmail sapo".split()
)


class Domain(NamedTuple):
    """The name in a web or mail address, and where it stands: row and word."""

    name: str
    place: tuple[int, int]


def domains_in(grid: Grid) -> frozenset[Domain]:
    """Those of the first two pages, but for those of providers."""
    return frozenset(
        Domain(match[1].lower(), (number, row.word_at(match.start())))
        for number, row in enumerate(grid.rows)
        if row.page <= 2 and "." in row.text
        for pattern in (DOMAIN, _BARE)
        for match in pattern.finditer(row.text)
        if match[1].lower() not in _FREE_MAIL
    )


_BARE = re.compile(
    r"(?<![\w@./-])([a-z][a-z\d-]{3,40})\.(?:com|net|org|eu|fr|de|nl|it|es|pt|be|ch|at|co\.uk|ie|pl|cz|dk|se|no|fi)(?![\w.-]*\w)"
)
"""A web address without "www"."""


def agrees(domain: str, squeezed: str, words: tuple[str, ...]) -> bool:
    """Whether a web address is that of the firm of this name: `squeezed` without blanks, `words` in plain ones."""
    domain = "".join(plain(domain))
    if len(domain) < 3:
        return False
    core = "".join(word for word in words if word not in LEGAL)
    if len(core) >= 4 and (core in domain or domain in core):
        return len(domain) <= 2.2 * len(core) and len(core) <= 2.5 * len(domain)
    leading = ("".join(words[:count]) for count in range(1, min(len(words), 4)))
    return domain == "".join(word[0] for word in words) or (len(domain) >= 5 and domain in leading)
