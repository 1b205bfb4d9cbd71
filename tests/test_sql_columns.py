"""Amounts and moments come back from a database as they were, whichever it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import mysql, sqlite

from app.adapters.sql.columns import Amount, Moment

DIALECTS = [sqlite.dialect(), mysql.dialect()]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
@pytest.mark.parametrize(
    ("amount", "kept"),
    [
        ("1190.00", "1190.00"),
        ("-0.005", "-0.005"),
        ("1.5000", "1.50"),
        ("7", "7.00"),
        ("1E+3", "1000.00"),
        ("0E+20", "0.00"),
        ("1E-30", "0.00"),
        ("999999999999999999.9999999999", "999999999999999999.9999999999"),
        ("0.12345678905", "0.123456789"),
        ("1E+18", None),
        ("999999999999999999.99999999999", None),
        ("-1E+308", None),
        ("NaN", None),
        ("-sNaN12", None),
        ("Infinity", None),
    ],
)
def test_an_amount_is_kept_where_it_fits(dialect: Dialect, amount: str, kept: str | None) -> None:
    column = Amount()
    stored = column.process_bind_param(Decimal(amount), dialect)
    assert stored is None or isinstance(stored, str if dialect.name == "sqlite" else Decimal)
    back = column.process_result_value(stored, dialect)
    assert (None if back is None else str(back)) == kept


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_a_moment_is_the_same_moment(dialect: Dialect) -> None:
    column = Moment()
    east = timezone(timedelta(hours=14))
    for moment in (datetime(2026, 1, 1, 3, 4, 5, 6, east), datetime(2026, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        stored = column.process_bind_param(moment, dialect)
        assert column.process_result_value(stored, dialect) == moment
    assert column.process_bind_param(datetime(2026, 1, 1, 3, 0, 0, 0, east), sqlite.dialect()) == "2025-12-31 13:00:00.000000"
