"""Builds small XML trees without empty elements. Names are local, in the writer's main namespace, or `prefix:local`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from lxml import etree

Value = str | Decimal | date | None
Attributes = Mapping[str, str | None]
NO_ATTRIBUTES: Attributes = {}


def text_of(value: str | Decimal | date) -> str:
    """Decimals without exponent, dates as ISO 8601."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


class XmlWriter:
    """`prefixes` maps prefix -> namespace; a name without prefix is in the namespace of `main`."""

    def __init__(self, prefixes: Mapping[str, str], main: str, root: str) -> None:
        self._prefixes = prefixes
        self._main = main
        self._kept: list[etree._Element] = []
        self.root = etree.Element(self._qualified(root), nsmap=prefixes)

    def _qualified(self, name: str) -> str:
        prefix, colon, local = name.rpartition(":")
        return f"{{{self._prefixes[prefix if colon else self._main]}}}{local}"

    def group(self, parent: etree._Element, path: str) -> etree._Element:
        """A new chain of elements under `parent`; the last one. Removed at the end if nothing was written into it."""
        for name in path.split("/"):
            parent = etree.SubElement(parent, self._qualified(name))
        return parent

    def required(self, parent: etree._Element, name: str) -> etree._Element:
        """A new element that the schema wants even if it is empty."""
        element = self.group(parent, name)
        self._kept.append(element)
        return element

    def put(self, parent: etree._Element, path: str, value: Value, attributes: Attributes = NO_ATTRIBUTES) -> None:
        """A new chain of elements ending in one with `value` as its text; nothing at all where `value` is None."""
        if value is None:
            return
        element = self.group(parent, path)
        element.text = text_of(value)
        for name, attribute in attributes.items():
            if attribute is not None:
                element.set(name, attribute)

    def bytes(self) -> bytes:
        """The document in UTF-8, with declaration, empty elements removed."""
        for element in reversed(list(self.root.iter())):
            parent = element.getparent()
            if parent is not None and element not in self._kept and not len(element) and not element.text and not element.attrib:
                parent.remove(element)
        return etree.tostring(self.root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
