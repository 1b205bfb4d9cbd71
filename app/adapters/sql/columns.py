"""The column types: the same Python values from every database.

The migrations use them too, so a type here is never changed, only added to.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Numeric, String
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.domain.parsing import money

INTEGER_DIGITS = 18
DECIMALS = 10
_TOO_BIG = Decimal(10) ** INTEGER_DIGITS
_STEP = Decimal(1).scaleb(-DECIMALS)


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
    """An aware datetime, to the microsecond. Stored as UTC without a zone, so that comparing works everywhere."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(mysql.DATETIME(fsp=6) if dialect.name in ("mysql", "mariadb") else DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Amount(TypeDecorator[Decimal]):
    """An amount, price, quantity or rate: NUMERIC on MySQL; text on SQLite, whose numbers are binary floats.

    Comes back with trailing zeros cut down to two decimals. For searching and reporting: what does not fit (not finite,
    18 digits or more before the point) is stored as NULL, more than ten decimals are rounded; the exact value is in the result.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(Numeric(INTEGER_DIGITS + DECIMALS, DECIMALS))
        return dialect.type_descriptor(String(INTEGER_DIGITS + DECIMALS + 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None or not value.is_finite() or abs(value) >= _TOO_BIG:
            return None
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -DECIMALS:
            value = value.quantize(_STEP)
        return value if dialect.name in ("mysql", "mariadb") else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else trimmed(Decimal(value))


def trimmed(value: Decimal) -> Decimal:
    """Without trailing zeros, but with at least two decimals: Decimal("1190.0000") -> Decimal("1190.00")."""
    exponent = value.as_tuple().exponent
    return money(value.normalize() if isinstance(exponent, int) and exponent < -2 else value)
