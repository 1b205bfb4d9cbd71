"""The broker's URL may hold a password: where it may stand, and where it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.settings import from_environ
from app.wiring import check

URL = "amqp://user:s3cret-word@127.0.0.1:5672/%2F?prefix=staging."


def test_it_may_stand_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(URL + "\n")
    settings = from_environ({"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_BROKER_URL_FILE": str(tmp_path / "url")})
    assert settings.stores.broker_url == URL
    assert "s3cret" not in repr(settings)
    check(settings)


def test_a_file_that_is_not_there_is_said_by_the_name_of_the_variable(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="BROKER_URL_FILE"):
        from_environ({"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_BROKER_URL_FILE": str(tmp_path / "none")})


def test_a_scheme_that_nobody_knows(tmp_path: Path) -> None:
    settings = from_environ({"INVOICESTREAM_DATA": str(tmp_path), "INVOICESTREAM_BROKER_URL": "kafka://user:s3cret-word@h/"})
    with pytest.raises(Misconfigured, match="BROKER_URL") as caught:
        check(settings)
    assert "s3cret" not in str(caught.value)
