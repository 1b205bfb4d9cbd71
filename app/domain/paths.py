"""Every value of an invoice by its path: "number", "seller.name", "lines.0.net_amount". A new field of the model needs nothing here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

Leaf = str | Decimal | date


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Leaf]]:
    """The values that are there (not None), in the order of the model, each under its path. `value`: an invoice or a part of one."""
    prefix = f"{path}." if path else ""
    for name in _names(value.__class__):
        inner = getattr(value, name)
        if inner is None:
            continue
        if isinstance(inner, (str, Decimal, date)):
            yield prefix + name, inner
        elif isinstance(inner, tuple):
            for index, item in enumerate(inner):
                if isinstance(item, (str, Decimal, date)):
                    yield f"{prefix}{name}.{index}", item
                else:
                    yield from leaves(item, f"{prefix}{name}.{index}")
        else:
            yield from leaves(inner, prefix + name)


@cache
def _names(kind: type) -> tuple[str, ...]:
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is not part of an invoice")
    return tuple(f.name for f in fields(kind))
