"""docs/deployment.md says what rights a service needs: with these and no others it starts, works, and tells other services."""

from __future__ import annotations

import re
import secrets
import shlex
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.samples.crowd import many
from tests.servers import mongodb
from tests.servers.mariadb import GIVEN, server
from tests.servers.rabbitmq import shared_broker
from tests.servers.stack import GIVEN_BROKER
from tests.service import PATIENCE, SETTLED, ServiceProcess

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(GIVEN or GIVEN_BROKER), reason="users and rights are made: not on a given server"),
]
PAGE = Path(__file__).parent.parent / "docs" / "deployment.md"
NAME = f"invoices{secrets.token_hex(4)}"
PASSWORD = "of-the-test"


def commands(language: str) -> list[str]:
    """Of the page's one block in that language, with a database, users and passwords of our own."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S)
    return [line.replace("...", PASSWORD) for line in block.strip().splitlines()]


@pytest.fixture
def database() -> Iterator[str]:
    with server().root() as cursor:
        for statement in commands("sql"):
            cursor.execute(re.sub(r"\binvoices\b", NAME, statement).replace("invoicestream", f"u{NAME}"))
        yield NAME
        cursor.execute(f"DROP DATABASE {NAME}")
        for user in (f"u{NAME}", f"u{NAME}_migrate"):
            cursor.execute(f"DROP USER '{user}'@'%'")


@pytest.fixture
def vhost() -> Iterator[str]:
    broker = shared_broker()
    for command in commands("sh"):
        program, *arguments = shlex.split(command)
        assert program == "rabbitmqctl"
        broker.control(*(NAME if word == "invoices" else f"u{NAME}" if word == "invoicestream" else word for word in arguments))
    yield NAME
    broker.control("delete_vhost", NAME)
    broker.control("delete_user", f"u{NAME}")


def test_the_rights_that_are_named_are_enough(tmp_path: Path, database: str, vhost: str) -> None:
    def sql(user: str) -> str:
        return f"mysql+aiomysql://{user}:{PASSWORD}@127.0.0.1:{server().port}/{database}"

    mongo = mongodb.new_database()
    environ = {
        "INVOICESTREAM_SQL_URL": sql(f"u{NAME}"),
        "INVOICESTREAM_BROKER_URL": f"amqp://u{NAME}:{PASSWORD}@127.0.0.1:{shared_broker().port}/{vhost}",
        "INVOICESTREAM_DOCUMENTS_URL": mongo,
        "INVOICESTREAM_BLOBS_URL": mongo,
        "INVOICESTREAM_AUDIT_KEY": "the audit key",
    }
    # Tables are made by the other user; this one's own `migrate` then changes nothing.
    ServiceProcess(tmp_path / "migrating", environ | {"INVOICESTREAM_SQL_URL": sql(f"u{NAME}_migrate")})
    with ServiceProcess(tmp_path / "serving", environ) as service, closing(service.client()) as client:
        answers = [client.post({f"{n}.{kind}": content}) for n, (kind, content) in enumerate(many(6, "mixed", seed=4))]
        ids = [answer.json()["invoices"][0]["id"] for answer in answers]
        until = time.monotonic() + PATIENCE
        while not {client.invoice(invoice_id)["status"] for invoice_id in ids} <= SETTLED:
            assert time.monotonic() < until, service.log_tail()
            time.sleep(0.05)
        readiness = client.call("GET", "/readyz").json()
        assert readiness["status"] == "ready", readiness
        log = service.log.read_text()
        assert "events.joined" in log and "broker.away" not in log and "events.waiting" not in log
