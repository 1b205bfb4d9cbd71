"""Settings that may hold a password: from a file, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.extraction import SURE
from app.errors import Misconfigured
from app.settings import from_environ
from app.wiring import check

URL = "mysql+aiomysql://user:canary-password@db.example/invoices"


def test_the_sql_url_may_stand_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text(URL + "\n")
    data = {"INVOICESTREAM_DATA": str(tmp_path)}
    for given in ({"INVOICESTREAM_SQL_URL_FILE": str(file)}, {"INVOICESTREAM_SQL_URL": URL, "INVOICESTREAM_SQL_URL_FILE": "ignored"}):
        settings = from_environ({**data, **given})
        assert settings.stores.sql_url == URL
        assert "canary" not in repr(settings) and "canary" not in str(settings.stores)
        check(settings)


def test_a_lease_is_some_seconds_long(tmp_path: Path) -> None:
    data = {"INVOICESTREAM_DATA": str(tmp_path)}
    assert from_environ(data).lease_seconds == 60
    assert from_environ({**data, "INVOICESTREAM_LEASE_SECONDS": "10"}).lease_seconds == 10
    for wrong in ("2", "0", "-5", "ten", "1.5"):
        with pytest.raises(Misconfigured, match="LEASE_SECONDS"):
            from_environ({**data, "INVOICESTREAM_LEASE_SECONDS": wrong})


def test_how_sure_is_sure_enough_is_a_probability(tmp_path: Path) -> None:
    data = {"INVOICESTREAM_DATA": str(tmp_path)}
    assert from_environ(data).sure == SURE
    assert from_environ({**data, "INVOICESTREAM_SURE": "0.97"}).sure == 0.97
    assert from_environ({**data, "INVOICESTREAM_SURE": "1"}).sure == 1.0
    for wrong in ("95", "1.1", "-0.5", "high", "0,95", "nan"):
        with pytest.raises(Misconfigured, match="INVOICESTREAM_SURE"):
            from_environ({**data, "INVOICESTREAM_SURE": wrong})


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_file_that_cannot_be_meant_is_named_by_its_variable(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Misconfigured, match="INVOICESTREAM_SQL_URL"):
        from_environ({"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_SQL_URL_FILE": str(file)})


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:canary-password@db/x",
        "mariadb+aiomysql://user:canary-password@db/x",
        "mysql+aiomysql://user:canary-password@db",
        "mysql+aiomysql:///x",
        "mysql+aiomysql://user:canary-password@db/x?charset=latin1",
        "mysql+aiomysql://user:canary-password@db:port/x",
        "postgresql://user:canary-password@db/x",
    ],
)
def test_another_url_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(Misconfigured, match="is expected") as told:
        check(from_environ({"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_SQL_URL": url}))
    assert "canary" not in str(told.value)
