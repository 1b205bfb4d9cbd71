"""The column types: the same Python values from every database.

The migrations use them too, so a type here is never changed, only added to.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Numeric, String
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.domain.parsing import money

INTEGER_DIGITS = 18
DECIMALS = 10
_FITS = re.compile(rf"-?[0-9]{{1,{INTEGER_DIGITS}}}(\.[0-9]{{1,{DECIMALS}}})?")
_STEP = Decimal(1).scaleb(-DECIMALS)
_WIDE = Context(prec=INTEGER_DIGITS + DECIMALS + 1)


def key(length: int) -> TypeEngine[str]:
    """Part of a key: ASCII, compared byte for byte."""
    return String(length).with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def text(length: int) -> TypeEngine[str]:
    """Any Unicode text of at most `length` characters; the tables' default is utf8mb4_bin."""
    return String(length)


def body() -> TypeEngine[bytes]:
    """Bytes of any length: plain BLOB ends at 64 KiB on MySQL."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def serial() -> TypeEngine[int]:
    """A number that the database counts up. SQLite counts only `INTEGER`."""
    return BigInteger().with_variant(Integer(), "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware datetime, to the microsecond. Stored as UTC without a zone, so that comparing works everywhere.

    On SQLite it is text, 2026-01-31 12:00:00.000000: SQLAlchemy's own type writes the same, at 5 times the cost.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if _is_mysql(dialect) else String(26))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        value = value.astimezone(UTC).replace(tzinfo=None)
        return value if _is_mysql(dialect) else value.isoformat(" ", "microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        naive: datetime = value if _is_mysql(dialect) else datetime.fromisoformat(value)
        return naive.replace(tzinfo=UTC)


class Amount(TypeDecorator[Decimal]):
    """An amount, price, quantity or rate: NUMERIC on MySQL; text on SQLite, whose numbers are binary floats.

    Comes back with trailing zeros cut down to two decimals. For searching and reporting: what does not fit (not finite, more
    than 18 digits before the point) is stored as NULL, more than ten decimals are rounded; the exact value is in the result.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if _is_mysql(dialect):
            return dialect.type_descriptor(Numeric(INTEGER_DIGITS + DECIMALS, DECIMALS))
        return dialect.type_descriptor(String(INTEGER_DIGITS + DECIMALS + 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        text = str(value)
        if _FITS.fullmatch(text) is None:
            fitting = _fitting(value)
            if fitting is None:
                return None
            value, text = fitting, format(fitting, "f")
        return value if _is_mysql(dialect) else text

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else trimmed(Decimal(value))


def _is_mysql(dialect: Dialect) -> bool:
    return dialect.name in ("mysql", "mariadb")


def _fitting(value: Decimal) -> Decimal | None:
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMALS and value.adjusted() < INTEGER_DIGITS:
        value = value.quantize(_STEP, context=_WIDE)
    if not value:
        return Decimal(0)
    return value if value.adjusted() < INTEGER_DIGITS else None


def trimmed(value: Decimal) -> Decimal:
    """Without trailing zeros, but with at least two decimals: Decimal("1190.0000") -> Decimal("1190.00")."""
    exponent = value.as_tuple().exponent
    return money(value.normalize() if isinstance(exponent, int) and exponent < -2 else value)
