"""A read-only view of an XML element that the e-invoice mappings walk: children by local name, texts, numbers and dates.

A lookup sees direct children only, and only those in the namespaces of the syntax. What is absent is a `Node` without
element, whose every lookup is empty in turn, so that a path is walked without asking at each step. What is there but cannot
be read becomes None and an entry in `Source.problems`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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

_NO_CHILDREN: Mapping[str, list[Node]] = {}


class Source:
    """What all nodes of one document share: the namespaces that count, and what could not be read."""

    __slots__ = ("_problems", "absent", "namespaces")

    def __init__(self, namespaces: frozenset[str]) -> None:
        self.namespaces = namespaces
        self.absent = Node(None, self)
        self._problems: dict[str, None] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """Each once, in the order found, at most `MAX_PROBLEMS`."""
        return tuple(self._problems)

    def problem(self, element: etree._Element | None, kind: str) -> None:
        """Notes a place and a kind, never a value. The path is made of the names of the syntax, with the place among its like."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems[f"{_path(element)}: {kind}"] = None


def joined(texts: Iterable[str]) -> str | None:
    """Several texts as one, joined by line breaks."""
    return "\n".join(texts) or None


class Node:
    __slots__ = ("_children", "element", "source")

    def __init__(self, element: etree._Element | None, source: Source) -> None:
        self.element = element
        self.source = source
        self._children: Mapping[str, list[Node]] | None = None if element is not None else _NO_CHILDREN

    def __bool__(self) -> bool:
        """Whether the element is there; it may be empty."""
        return self.element is not None

    def _index(self) -> Mapping[str, list[Node]]:
        """Made once, at the first lookup: a lookup by XPath would look at all children every time."""
        source = self.source
        namespaces = source.namespaces
        children: dict[str, list[Node]] = {}
        for element in () if self.element is None else self.element:
            namespace, _, local = element.tag.rpartition("}")
            if namespace in namespaces:
                node = Node(element, source)
                if local in children:
                    children[local].append(node)
                else:
                    children[local] = [node]
        self._children = children
        return children

    # ------------------------------------------------------------------------------------------------------ structure

    def all(self, name: str) -> Sequence[Node]:
        """The children of that name, in the order of the document."""
        children = self._children
        return (self._index() if children is None else children).get(name, ())

    def first(self, name: str) -> Node:
        """The first child of that name, where the syntax allows several."""
        found = self.all(name)
        return found[0] if found else self.source.absent

    def one(self, name: str) -> Node:
        """The only child of that name. Where there are more the first counts, and that is a problem: readers may differ."""
        found = self.all(name)
        if not found:
            return self.source.absent
        if len(found) > 1:
            self.source.problem(found[1].element, "repeated")
        return found[0]

    def where(self, name: str, child: str, value: str) -> Node:
        """The first child of that name whose own child `child` says `value`."""
        return next((node for node in self.all(name) if node.text(child) == value), self.source.absent)

    # --------------------------------------------------------------------------------------------------------- values

    @property
    def value(self) -> str | None:
        """The text without white space around it; None if there is none."""
        if self.element is None:
            return None
        text = self.element.text
        return text.strip() or None if text else None

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

    @property
    def amount(self) -> Decimal | None:
        """The text as money, with at least two decimals."""
        number = self.number
        return None if number is None else money(number)

    def attribute(self, name: str) -> str | None:
        if self.element is None:
            return None
        text = self.element.get(name)
        return text.strip() or None if text else None

    def text(self, name: str) -> str | None:
        return self.one(name).value

    def texts(self, name: str) -> list[str]:
        """The texts of all children of that name that have one."""
        return [text for node in self.all(name) if (text := node.value)]

    def decimal(self, name: str) -> Decimal | None:
        return self.one(name).number

    def money(self, name: str) -> Decimal | None:
        return self.one(name).amount

    def flag(self, name: str) -> bool | None:
        """An xsd:boolean that must be there."""
        node = self.one(name)
        text = node.value
        if text in ("true", "1"):
            return True
        if text in ("false", "0"):
            return False
        self.source.problem(node.element if node else self.element, "not a boolean")
        return None

    def iso_day(self, name: str) -> date | None:
        """An xsd:date, with or without time zone (the day is the one written)."""
        node = self.one(name)
        text = node.value
        if text is None:
            return None
        match = _ISO.fullmatch(text)
        day = _day(match) if match else None
        if day is None:
            self.source.problem(node.element, "not a date")
        return day

    def span(self, name: str) -> Span | None:
        """The first and the last day of a CII date: the child holds a DateTimeString, DateString, DateTime, or the text itself.

        The same day twice for a date, the bounds for a month, a week, a year or a period (UNTDID 2379).
        """
        holder = self.one(name)
        if not holder:
            return None
        for inner_name in ("DateTimeString", "DateString", "DateTime", "Date"):
            if inner := holder.one(inner_name):
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

    def day(self, name: str) -> date | None:
        """A CII date that is one day."""
        span = self.span(name)
        if span is None:
            return None
        if span[0] != span[1]:
            self.source.problem(self.one(name).element, "not a single day")
            return None
        return span[0]


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
