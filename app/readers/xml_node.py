"""A read-only view of an XML element that the e-invoice mappings walk: children by local name, texts, numbers and dates.

A lookup sees direct children only, and only those in the namespaces of the syntax. What is absent is a `Node` without
element, whose every lookup is empty in turn, so that a path is walked without asking at each step. What is there but cannot
be read becomes None and an entry in `Source.problems`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from lxml import etree

from app.domain.parsing import money

MAX_PROBLEMS = 100

# xsd:decimal, no exponent. The bounds keep all later arithmetic exact: no honest amount has 20 digits on either side.
_DECIMAL = re.compile(r"[+-]?(?=\.?[0-9])0*[0-9]{0,20}(?:\.[0-9]{0,20})?")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T[0-9:.]{5,20})?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")

Span = tuple[date, date]


class Source:
    """What all nodes of one document share: the namespaces that count, and what could not be read."""

    __slots__ = ("namespaces", "problems")

    def __init__(self, namespaces: frozenset[str]) -> None:
        self.namespaces = namespaces
        self.problems: list[str] = []

    def problem(self, element: etree._Element | None, kind: str) -> None:
        """Notes a place and a kind, never a value. The path is made of the names of the syntax, with the place among its like."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{_path(element)}: {kind}")


def joined(texts: Iterable[str]) -> str | None:
    """Several texts as one, joined by line breaks."""
    return "\n".join(texts) or None


class Node:
    __slots__ = ("_children", "element", "source")

    def __init__(self, element: etree._Element | None, source: Source) -> None:
        self.element = element
        self.source = source
        self._children: Mapping[str, list[etree._Element]] | None = None

    def __bool__(self) -> bool:
        return self.element is not None

    def _find(self, name: str) -> list[etree._Element]:
        children = self._children
        if children is None:
            children = self._children = self._index()
        return children.get(name, _NONE)

    def _index(self) -> Mapping[str, list[etree._Element]]:
        children: dict[str, list[etree._Element]] = {}
        if self.element is not None:
            namespaces = self.source.namespaces
            for child in self.element:
                namespace, _, local = child.tag.rpartition("}")
                if namespace in namespaces:
                    if local in children:
                        children[local].append(child)
                    else:
                        children[local] = [child]
        return children

    # ------------------------------------------------------------------------------------------------------ structure

    def all(self, name: str) -> list[Node]:
        """The children of that name, in the order of the document."""
        return [Node(element, self.source) for element in self._find(name)]

    def first(self, name: str) -> Node:
        """The first child of that name, where the syntax allows several."""
        found = self._find(name)
        return Node(found[0] if found else None, self.source)

    def one(self, name: str) -> Node:
        """The only child of that name. Where there are more the first counts, and that is a problem: readers may differ."""
        found = self._find(name)
        if len(found) > 1:
            self.source.problem(found[1], "repeated")
        return Node(found[0] if found else None, self.source)

    def where(self, name: str, child: str, value: str) -> Node:
        """The first child of that name whose own child `child` says `value`."""
        return next((node for node in self.all(name) if node.text(child) == value), Node(None, self.source))

    def at(self, *path: str) -> Node:
        node = self
        for name in path:
            node = node.one(name)
        return node

    # --------------------------------------------------------------------------------------------------------- values

    @property
    def value(self) -> str | None:
        """The text without white space around it; None if there is none."""
        if self.element is None:
            return None
        text = self.element.text
        return text.strip() or None if text else None

    def attribute(self, name: str) -> str | None:
        if self.element is None:
            return None
        text = self.element.get(name)
        return text.strip() or None if text else None

    def text(self, *path: str) -> str | None:
        return self.at(*path).value

    def texts(self, name: str) -> list[str]:
        """The texts of all children of that name that have one."""
        return [node.value for node in self.all(name) if node.value]

    @property
    def number(self) -> Decimal | None:
        """The text as xsd:decimal, digits kept."""
        text = self.value
        if text is None:
            return None
        if not _DECIMAL.fullmatch(text):
            self.source.problem(self.element, "not a decimal")
            return None
        return Decimal(text)

    def decimal(self, *path: str) -> Decimal | None:
        return self.at(*path).number

    def money(self, *path: str) -> Decimal | None:
        number = self.at(*path).number
        return None if number is None else money(number)

    def flag(self, *path: str) -> bool | None:
        """xsd:boolean."""
        node = self.at(*path)
        text = node.value
        if text in ("true", "1"):
            return True
        if text in ("false", "0"):
            return False
        self.source.problem(node.element if node else self.element, "not a boolean")
        return None

    def iso_day(self, *path: str) -> date | None:
        """An xsd:date, with or without time zone (the day is the one written)."""
        node = self.at(*path)
        text = node.value
        if text is None:
            return None
        match = _ISO.fullmatch(text)
        day = _day(match) if match else None
        if day is None:
            self.source.problem(node.element, "not a date")
        return day

    def span(self, *path: str) -> Span | None:
        """The first and the last day of a CII date: the element at `path` holds a DateTimeString, DateString, DateTime or the text.

        The same day twice for a date, the bounds for a month, a week, a year or a period (UNTDID 2379).
        """
        holder = self.at(*path)
        if not holder:
            return None
        for name in ("DateTimeString", "DateString", "DateTime", "Date"):
            if inner := holder.one(name):
                holder = inner
                break
        text = holder.value
        if text is None:
            return None
        code = holder.attribute("format")
        span = _span(text, code)
        if span is None and code is not None:
            span = _span(text, None)
            if span is not None:
                self.source.problem(holder.element, "not in the format that it names")
        if span is None:
            self.source.problem(holder.element, "not a date")
        return span

    def day(self, *path: str) -> date | None:
        """A CII date that is one day."""
        span = self.span(*path)
        if span is None:
            return None
        if span[0] != span[1]:
            self.source.problem(self.at(*path).element, "not a single day")
            return None
        return span[0]


_NONE: list[etree._Element] = []


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _span(text: str, code: str | None) -> Span | None:
    """UNTDID 2379. Without code: CCYYMMDD or ISO 8601."""
    if code in (None, "102", "203", "204", "205"):
        match = _ISO.fullmatch(text) if code is None else None
        if match is None:
            length = {None: 8, "102": 8, "203": 12, "204": 14}.get(code)
            match = _COMPACT.match(text) if length is None or (len(text) == length and text.isdigit()) else None
        day = _day(match) if match else None
        return (day, day) if day else None
    if not (text.isascii() and text.replace("-", "", 1).isdigit()):
        return None
    digits = text.replace("-", "", 1)
    try:
        if code == "602" and len(digits) == 4:
            return date(int(digits), 1, 1), date(int(digits), 12, 31)
        if code == "610" and len(digits) == 6:
            first = date(int(digits[:4]), int(digits[4:]), 1)
            return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        if code == "616" and len(digits) == 6:
            monday = date.fromisocalendar(int(digits[:4]), int(digits[4:]), 1)
            return monday, monday + timedelta(days=6)
        if code in ("711", "718") and len(digits) == 16:
            start, end = _COMPACT.match(digits[:8]), _COMPACT.match(digits[8:])
            first_day, last_day = start and _day(start), end and _day(end)
            return (first_day, last_day) if first_day and last_day and first_day <= last_day else None
    except (ValueError, OverflowError):  # a month 13, a year 0, the last month of the year 9999
        return None
    return None


def _path(element: etree._Element | None) -> str:
    steps: list[str] = []
    while element is not None:
        name = etree.QName(element).localname
        parent = element.getparent()
        place = 1 if parent is None else [e for e in parent if e.tag == element.tag].index(element) + 1
        steps.append(f"{name}[{place}]" if place > 1 else name)
        element = parent
    return "/".join(reversed(steps[:-1])) or "document"
