"""The OpenAPI document is true: answers fit its schemas, its examples run, and nothing it allows breaks the service."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import httpx
import jsonschema_rs
import msgspec
import pytest

from app.api.application import build_api
from app.api.schemas import InvoiceJson, instant, invoice_json, plain
from app.domain.document import BoundingBox
from app.domain.extraction import Extracted, Field
from app.domain.finding import Finding
from app.domain.invoice import Invoice
from app.domain.record import InvoiceRecord, Result
from app.ports import Settlement
from tests.api_host import Host, open_host


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    async with open_host(tmp_path) as host:
        yield host


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build_api(None).openapi()  # type: ignore[arg-type]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def fits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    """Raises with what does not fit."""
    jsonschema_rs.validator_for({**schema, "components": document["components"]}, validate_formats=True).validate(value)
    return True


def full(kind: Any, path: str = "") -> Any:
    """A value of the domain with every member set: of a dataclass, of its members' types, and so on."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for member in dataclasses.fields(kind):
        wanted = hints[member.name]
        options = [option for option in get_args(wanted) if option is not type(None)] if get_origin(wanted) is not tuple else []
        if options:
            wanted = options[0]
        if wanted is str:
            values[member.name] = f"{path}{member.name}"
        elif wanted is Decimal:
            values[member.name] = Decimal("12.50")
        elif wanted is date:
            values[member.name] = date(2026, 2, 28)
        elif get_origin(wanted) is tuple:
            inner = get_args(wanted)[0]
            values[member.name] = (f"{path}{member.name}",) if inner is str else (full(inner, f"{path}{member.name}."),)
        else:
            values[member.name] = full(wanted, f"{path}{member.name}.")
    return kind(**values)


def record(result: Result | None) -> InvoiceRecord:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return InvoiceRecord("acme", "i", "d", "ä.pdf", "0" * 64, "application/pdf", "needs_review", 3, 1, moment, moment, "damaged", result)


def everything() -> InvoiceRecord:
    fields = {
        "number": Field(1.0, "xml", "cii"),
        "lines.0.net_amount": Field(0.5, "ocr", "t", 2, BoundingBox(0, 0.00004, 0.99996, 1), (1,)),
    }
    extracted = Extracted(full(Invoice), "credit_note", "xml", fields, "de", (1, 3))
    return record(Result(extracted, (Finding("BR-1", "error", "no", ("number",)),), {"code": "1"}))


class TestTheInvoiceAsJson:
    def test_whatever_it_holds_fits_the_document(self, document: dict[str, Any]) -> None:
        reference = {"$ref": "#/components/schemas/InvoiceJson"}
        for made in (record(None), record(Result(Extracted(Invoice(), "other", "text"))), everything()):
            told = msgspec.json.decode(msgspec.json.encode(invoice_json(made)))
            assert fits(document, reference, told)
            assert list(told) == [member.name for member in dataclasses.fields(InvoiceJson)]
            with pytest.raises(jsonschema_rs.ValidationError):
                fits(document, reference, {name: value for name, value in told.items() if name != "findings"})

    def test_no_member_of_the_domain_is_lost(self) -> None:
        told = invoice_json(everything())

        def count(value: Any) -> int:
            if isinstance(value, dict):
                return sum(map(count, value.values()))
            return sum(map(count, value)) if isinstance(value, list) else 1

        assert "null" not in json.dumps(told["invoice"])
        assert count(told["invoice"]) > 200
        assert told["invoice"]["seller"]["address"]["post_code"] == "seller.address.post_code"
        assert told["invoice"]["lines"][0]["allowances"][0]["amount"] == "12.50"
        assert told["invoice"]["due_date"] == "2026-02-28"
        assert told["fields"]["lines.0.net_amount"]["box"] == [0, 0, 1, 1]
        assert told["fields"]["number"]["box"] is None and "words" not in told["fields"]["number"]

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("1190.00", "1190.00"),
            ("1E+3", "1000"),
            ("-0.5", "-0.5"),
            ("1E-10", "0.0000000001"),
            ("123456789012345678.123456", "123456789012345678.123456"),
        ],
    )
    def test_decimals_are_written_out(self, value: str, text: str) -> None:
        assert plain(Decimal(value)) == text

    def test_moments_are_in_utc(self) -> None:
        assert instant(datetime(2026, 1, 1, 12, 0, 0, 123456)) == "2026-01-01T12:00:00.123Z"
        assert instant(datetime.fromisoformat("2026-01-01T01:00:00+02:00")) == "2025-12-31T23:00:00.000Z"


class TestTheDocument:
    def test_its_examples_fit_their_schemas(self, document: dict[str, Any]) -> None:
        checked = 0
        for method, path, operation in operations(document):
            for status, response in operation["responses"].items():
                for media_type, content in response.get("content", {}).items():
                    if media_type.endswith("json"):
                        examples = [content["example"]] if "example" in content else [e["value"] for e in content["examples"].values()]
                        assert examples and all(fits(document, content["schema"], example) for example in examples), (method, path, status)
                        checked += len(examples)
        assert checked > 60

    def test_every_operation_says_its_problems(self, document: dict[str, Any]) -> None:
        for _, path, operation in operations(document):
            assert operation["summary"] and operation["responses"]["500"]
            if operation.get("security") != []:
                assert {"401", "403", "503"} <= operation["responses"].keys(), path
            for status, response in operation["responses"].items():
                if int(status) >= 400 and path != "/readyz":
                    assert list(response["content"]) == ["application/problem+json"], (path, status)

    async def test_its_examples_run(self, host: Host, document: dict[str, Any]) -> None:
        """Each operation, called as its examples say on an invoice in the state that they speak of, answers with the first status."""
        invoice_id = await host.send(b"%PDF-1.7 x", name="a.pdf")
        settled = await host.settle(invoice_id, Settlement("quarantined", "damaged"))
        ran = []
        async with host.client() as client:
            for method, path, operation in sorted(operations(document), key=lambda o: o[1].endswith("/retry")):
                if path.endswith(".png"):
                    continue  # test_api_invoices has the sandbox for it
                headers = {
                    p["name"]: p["example"] for p in operation.get("parameters", ()) if p["in"] == "header" and p["name"] != "If-None-Match"
                }
                if "If-Match" in headers:
                    assert headers["If-Match"] == f'"{settled.version}"', "the example is of an invoice that was worked on once"
                files = {"file": ("b.xml", b"<B/>")} if "requestBody" in operation else None
                answer = await client.request(method, path.replace("{invoice_id}", invoice_id), headers=headers, files=files)
                status, promised = next(iter(operation["responses"].items()))
                assert answer.status_code == int(status), (method, path, answer.text)
                assert answer.headers.keys() >= {
                    name.lower() for name in promised.get("headers", {}) if name not in ("Link", "Idempotent-Replayed")
                }
                media_type, content = next(iter(promised["content"].items()))
                assert answer.headers["content-type"].startswith(media_type)
                if media_type == "application/json":
                    assert fits(document, content["schema"], answer.json()), path
                    assert shape(answer.json()) <= shape(content["example"]) | VARIES, path
                ran.append(path)
        assert len(ran) == len(list(operations(document))) - 1


VARIES = {"checks.broker", "reason", "events.data.reason"}


def shape(value: Any, path: str = "") -> set[str]:
    """The paths of all members, without the numbers of the items."""
    if isinstance(value, dict):
        return {path} | {inner for name, member in value.items() for inner in shape(member, f"{path}.{name}".strip("."))}
    if isinstance(value, list):
        return {path} | {inner for item in value for inner in shape(item, path)}
    return {path}


async def test_the_document_is_served(host: Host) -> None:
    async with host.client(None) as client:
        answer = await client.get("/openapi.json")
    assert answer.status_code == 200 and answer.json()["openapi"].startswith("3.1")
    assert answer.json() == json.loads(json.dumps(host.app.openapi()))
    assert isinstance(answer, httpx.Response)
