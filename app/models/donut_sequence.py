"""JSON as Donut writes it: `{"total": "9.00"}` is `<s_total>9.00</s_total>`, items of a list stand apart by `<sep/>`.

The form cannot tell everything: a list of one comes back as its only item, `null` and "" are not written, numbers come back as
text, white space at the ends of a text is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

Value = str | Mapping[str, "Value"] | Sequence["Value"] | None
Read = str | dict[str, "Read"] | list["Read"]

DEEPEST = 16
_TAG = re.compile(r"<(?:s_([^<>]+)|/s_([^<>]+)|(sep)/)>")
SEPARATOR = "<sep/>"


def to_sequence(value: Value) -> str:
    """The keys in the order in which they stand. Raises ValueError for a text that could be taken for a tag."""
    if value is None:
        return ""
    if isinstance(value, str):
        if _TAG.search(value):
            raise ValueError(f"looks like a tag: {value!r}")
        return value
    if isinstance(value, Mapping):
        return "".join(f"<s_{key}>{to_sequence(held)}</s_{key}>" for key, held in value.items() if held not in (None, "", [], {}))
    return SEPARATOR.join(map(to_sequence, value))


def from_sequence(text: str) -> Read:
    """What a whole sequence says. Raises ValueError where it is none: a tag that is not closed (the model stopped too early), closed
    by another, text between fields, the same key twice, or nested deeper than `DEEPEST`."""
    tokens = _tokens(text)
    read, closed_by = _read(tokens, 0)
    if closed_by is not None:
        raise ValueError(f"</s_{closed_by}> closes nothing")
    return read


def tags_of(value: Value) -> Iterator[str]:
    """Every tag that `to_sequence` may need for values like this one: the tokens a vocabulary must have whole."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            yield from (f"<s_{key}>", f"</s_{key}>")
            yield from tags_of(held)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield SEPARATOR
        for held in value:
            yield from tags_of(held)


def _tokens(text: str) -> Iterator[str | re.Match[str]]:
    end = 0
    for tag in _TAG.finditer(text):
        if between := text[end : tag.start()].strip():
            yield between
        yield tag
        end = tag.end()
    if rest := text[end:].strip():
        yield rest


def _read(tokens: Iterator[str | re.Match[str]], depth: int) -> tuple[Read, str | None]:
    """What stands up to the tag that closes it, and that tag's key."""
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    items: list[Read] = []
    fields: dict[str, Read] = {}
    words: str | None = None
    closed_by: str | None = None

    def end_item() -> None:
        nonlocal fields, words
        items.append(fields or words or "")
        fields, words = {}, None

    for token in tokens:
        if isinstance(token, str):
            if fields or words is not None:
                raise ValueError(f"text between fields: {token!r}")
            words = token
        elif token[1]:
            if token[1] in fields or words is not None:
                raise ValueError(f"<s_{token[1]}> where it cannot stand")
            fields[token[1]], closed = _read(tokens, depth + 1)
            if closed != token[1]:
                raise ValueError(f"<s_{token[1]}> is not closed")
        elif token[2]:
            closed_by = token[2]
            break
        else:
            end_item()
    end_item()
    return (items[0] if len(items) == 1 else items), closed_by
