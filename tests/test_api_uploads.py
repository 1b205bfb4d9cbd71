"""Bodies as callers should not send them, and the limits that hold while reading."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.api.context import ApiLimits
from app.api.uploads import clean_name
from app.readers.sniff import HEAD
from tests.api_host import PATIENCE, Host, is_problem, multipart, open_host

LIMITS = ApiLimits(request_bytes=400_000, file_bytes=200_000, files=3, spool_bytes=50_000, body_idle=60, body_total=60)


@pytest.fixture
def limits() -> ApiLimits:
    """A test that is about another limit gives its own."""
    return LIMITS


@pytest.fixture
async def host(tmp_path: Path, limits: ApiLimits) -> AsyncIterator[Host]:
    spool = tmp_path / "spool"
    spool.mkdir()
    async with open_host(tmp_path, replace(limits, spool_folder=spool)) as host:
        yield host
    assert not list(spool.iterdir())


async def nothing_was_kept(host: Host, folder: Path) -> bool:
    async with host.client() as client:
        listed = (await client.get("/invoices")).json()["invoices"]
    blobs = [path for path in (folder / "blobs").rglob("*") if path.is_file()]
    return listed == [] and blobs == []


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\r\njunk before\n%PDF-1.4", "application/pdf"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><a/>", "application/xml"),
        ("<?xml version='1.0' encoding='UTF-16'?><a/>".encode("utf-16"), "application/xml"),
        (b" " * (HEAD + 10) + b"<a/>", "application/xml"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        (b"II*\x00....", "image/tiff"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
async def test_a_type_is_known_by_its_bytes_alone(host: Host, content: bytes, media_type: str) -> None:
    invoice_id = await host.send(content, name="lies.exe")
    record = await host.store.for_tenant("acme").get(invoice_id)
    assert record is not None and record.media_type == media_type


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty"),
        (b" \n\t ", 422, "empty"),
        (b"MZ\x90\x00", 415, "unsupported_type"),
        (b"PK\x03\x04 a docx", 415, "unsupported_type"),
        (b"<html><body>", 415, "unsupported_type"),
        (b"GIF89a %PDF-1.7", 415, "unsupported_type"),
        (b"\x89PNG\r\n\x1a\n %PDF-1.7", 415, "unsupported_type"),
        (b"RIFF\x10\x00\x00\x00WAVE", 415, "unsupported_type"),
        (b"just text", 415, "unsupported_type"),
        (os.urandom(5) + b"\x00" * 3000, 415, "unsupported_type"),
    ],
)
async def test_one_bad_file_refuses_the_request_and_nothing_is_kept(
    host: Host, tmp_path: Path, content: bytes, status: int, code: str
) -> None:
    async with host.client() as client:
        answer = await client.post("/invoices", files=[("file", ("a.xml", b"<A/>")), ("file", ("invoice.pdf", content, "application/pdf"))])
    assert is_problem(answer, status, code)
    assert answer.json()["errors"] == [{"pointer": "/files/1", "code": code}]
    assert await nothing_was_kept(host, tmp_path)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\Rechnung.pdf", "Rechnung.pdf"),
        ("a\x00b\r\nc\x1b[31m.pdf", "abc[31m.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth\ufeff.pdf", "zerowidth.pdf"),
        ("Ü".encode().decode() + "U\u0308", "ÜÜ"),
        ("x" * 4000 + ".pdf", "x" * 251 + ".pdf"),
        ("x" * 4000, "x" * 255),
        ("  two   spaces .pdf ", "two spaces .pdf"),
        ("..", "unnamed"),
        ("/", "unnamed"),
        ("\x00", "unnamed"),
        ("\ud800.pdf", ".pdf"),
        ("say %22hi%22%0D%0Aok.pdf", 'say "hi" ok.pdf'),
        ("発注書🧾.pdf", "発注書🧾.pdf"),
    ],
)
def test_a_file_name_is_only_a_label(raw: str, name: str) -> None:
    assert clean_name(raw) == name


async def test_odd_names_stay_in_the_row(host: Host, tmp_path: Path) -> None:
    body, headers = multipart([("../../../x\u202e.xml", b"<A/>"), ("\udcff\udcfe.xml", b"<B/>")])
    async with host.client() as client:
        answer = await client.post("/invoices", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        names = [(await client.get(i["location"])).json()["file"] for i in answer.json()["invoices"]]
    assert names == ["x.xml", "\ufffd\ufffd.xml"]
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".xml")]


class TestBrokenBodies:
    @pytest.mark.parametrize(
        ("headers", "body", "status", "code"),
        [
            ({}, b"<A/>", 415, "multipart_expected"),
            ({"content-type": "application/json"}, b"{}", 415, "multipart_expected"),
            ({"content-type": "application/pdf"}, b"%PDF-1.7", 415, "multipart_expected"),
            ({"content-type": "multipart/form-data"}, b"", 400, "bad_multipart"),
            ({"content-type": "multipart/form-data; boundary=" + "x" * 71}, b"", 400, "bad_multipart"),
            ({"content-type": "multipart/form-data; boundary=x"}, b"", 400, "bad_multipart"),
            ({"content-type": "multipart/form-data; boundary=x"}, b"garbage", 400, "bad_multipart"),
            ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\nContent-Disposition: form-data; na", 400, "bad_multipart"),
            (
                {"content-type": "multipart/form-data; boundary=x"},
                b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
                422,
                "no_file",
            ),
            ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\n1\r\n--x--\r\n", 422, "no_file"),
            ({"content-type": "multipart/form-data; boundary=x", "content-encoding": "gzip"}, b"\x1f\x8b", 415, "encoded_body"),
        ],
    )
    async def test_are_refused(self, host: Host, headers: dict[str, str], body: bytes, status: int, code: str) -> None:
        async with host.client() as client:
            assert is_problem(await client.post("/invoices", content=body, headers=headers), status, code)

    async def test_a_file_input_left_empty_is_no_file(self, host: Host) -> None:
        body, headers = multipart([("", b"")])
        async with host.client() as client:
            assert is_problem(await client.post("/invoices", content=body, headers=headers), 422, "no_file")

    async def test_a_part_with_a_giant_header(self, host: Host) -> None:
        body, headers = multipart([("x" * 100_000 + ".xml", b"<A/>")])
        async with host.client() as client:
            assert is_problem(await client.post("/invoices", content=body, headers=headers), 400, "bad_multipart")

    async def test_too_many_files_and_too_many_fields(self, host: Host, tmp_path: Path) -> None:
        async with host.client() as client:
            body, headers = multipart([(f"{n}.xml", b"<A>%d</A>" % n) for n in range(4)])
            assert is_problem(await client.post("/invoices", content=body, headers=headers), 413, "too_many_files")
            fields = b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n1\r\n' % n for n in range(1_000)) + b"--x--\r\n"
            answer = await client.post("/invoices", content=fields, headers={"content-type": "multipart/form-data; boundary=x"})
            assert is_problem(answer, 413, "too_many_files")
        assert await nothing_was_kept(host, tmp_path)

    async def test_one_file_over_its_limit(self, host: Host, tmp_path: Path) -> None:
        async with host.client() as client:
            for size, status in ((200_000, 202), (200_001, 413)):
                answer = await client.post("/invoices", files={"file": ("a.pdf", b"%PDF-".ljust(size, b"x"))})
                assert answer.status_code == status, answer.text
            assert is_problem(answer, 413, "too_large")
            assert len((await client.get("/invoices")).json()["invoices"]) == 1


@pytest.mark.parametrize("filename", [b"; filename=a", b""])
async def test_many_parts_together_over_the_limit(host: Host, tmp_path: Path, filename: bytes) -> None:
    """Without Content-Length, and no single file too large."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"--x\r\nContent-Disposition: form-data; name=a" + filename + b"\r\n\r\n%PDF-" + b"x" * 150_000 + b"\r\n"
        yield b"--x--\r\n"

    async with host.client() as client:
        answer = await client.post("/invoices", content=body(), headers={"content-type": "multipart/form-data; boundary=x"})
        assert is_problem(answer, 413, "too_large")
    assert await nothing_was_kept(host, tmp_path)


class Wire:
    """A caller that says exactly what it wants to, on a socket of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
        self.reader, self.writer, self.key = reader, writer, key

    async def head(self, *headers: str) -> None:
        lines = ("POST /invoices HTTP/1.1", "Host: api", f"Authorization: Bearer {self.key}", *headers)
        self.writer.write("\r\n".join((*lines, "", "")).encode())
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str]]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b"connection: close" in head.lower(), "the rest of the body must not be taken for the next request"
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        return int(head.split()[1]), json.loads(await self.reader.readexactly(length))


@pytest.fixture
async def wire(host: Host) -> AsyncIterator[Wire]:
    async with host.serving() as address, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*address.split(":"))
        yield Wire(reader, writer, host.keys["acme"])
        writer.close()


class TestOnTheWire:
    async def test_a_length_over_the_limit_is_refused_before_the_body(self, wire: Wire) -> None:
        await wire.head("Content-Type: multipart/form-data; boundary=x", "Content-Length: 400001")
        status, problem = await wire.answer()
        assert (status, problem["type"]) == (413, "urn:invoicestream:problem:too_large")

    async def test_a_caller_that_waits_for_100_continue_is_spared_the_body(self, wire: Wire) -> None:
        await wire.head(
            "Content-Type: multipart/form-data; boundary=x", "Content-Length: 400001", "Expect: 100-continue", "Connection: close"
        )
        status, problem = await wire.answer()
        assert (status, problem["type"]) == (413, "urn:invoicestream:problem:too_large")
        assert await wire.reader.read() == b""

    @pytest.mark.parametrize("length", ["9" * 400, "400001"])
    async def test_absurd_lengths(self, wire: Wire, length: str) -> None:
        await wire.head("Content-Type: multipart/form-data; boundary=x", f"Content-Length: {length}")
        head = await wire.reader.readline()
        assert int(head.split()[1]) in (400, 413)

    async def test_a_body_without_end_is_cut_at_the_limit(self, wire: Wire) -> None:
        await wire.head("Content-Type: multipart/form-data; boundary=x", "Transfer-Encoding: chunked")
        await self.chunk(wire, b"--x\r\nContent-Disposition: form-data; name=a; filename=a\r\n\r\n%PDF-")
        answer = asyncio.create_task(wire.answer())
        with pytest.raises(OSError):  # goes on sending after the refusal, like a caller that does not listen, until it is cut off
            while True:
                await self.chunk(wire, b"x" * 10_000)
                await asyncio.sleep(0)
        status, problem = await answer
        assert (status, problem["type"]) == (413, "urn:invoicestream:problem:too_large")

    @pytest.mark.parametrize("limits", [replace(LIMITS, body_idle=0.2)])
    async def test_silence_in_the_body_ends_with_408(self, wire: Wire) -> None:
        await wire.head("Content-Type: multipart/form-data; boundary=x", "Content-Length: 1000")
        wire.writer.write(b"--x\r\n")
        status, problem = await wire.answer()
        assert (status, problem["type"]) == (408, "urn:invoicestream:problem:body_timeout")
        assert await wire.reader.read() == b""  # and the connection with it

    @pytest.mark.parametrize("limits", [replace(LIMITS, body_total=0.6)])
    async def test_a_trickle_ends_with_408(self, wire: Wire) -> None:
        await wire.head("Content-Type: multipart/form-data; boundary=x", "Content-Length: 100000")
        wire.writer.write(b"--x\r\nContent-Disposition: form-data; name=a; filename=a\r\n\r\n%PDF-")
        answer = asyncio.create_task(wire.answer())
        while not answer.done():
            wire.writer.write(b"x")
            await asyncio.wait((answer,), timeout=0.05)
        status, problem = answer.result()
        assert (status, problem["type"]) == (408, "urn:invoicestream:problem:body_timeout")

    async def test_a_caller_that_leaves_at_99_percent_leaves_nothing(self, host: Host, wire: Wire, tmp_path: Path) -> None:
        body, headers = multipart([("a.pdf", b"%PDF-" + b"x" * 100_000)])
        await wire.head(f"Content-Type: {headers['content-type']}", f"Content-Length: {len(body)}", "Idempotency-Key: left")
        wire.writer.write(body[:-1000])
        await wire.writer.drain()
        wire.writer.close()
        async with host.client(**{"idempotency-key": "left"}) as client, asyncio.timeout(PATIENCE):
            while (answer := await client.post("/invoices", content=body[:-50], headers=headers)).status_code == 409:
                await asyncio.sleep(0)  # until the server has seen that it left, and gives the key back
            assert is_problem(answer, 400, "bad_multipart")
        assert await nothing_was_kept(host, tmp_path)

    @staticmethod
    async def chunk(wire: Wire, data: bytes) -> None:
        wire.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await wire.writer.drain()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_large_uploads_do_not_stay_in_memory(tmp_path: Path) -> None:
    size = 24 * 1024 * 1024
    piece = b"x" * 65536

    async def body() -> AsyncIterator[bytes]:
        yield b"--x\r\nContent-Disposition: form-data; name=a; filename=a.pdf\r\n\r\n%PDF-"
        for _ in range(size // len(piece)):
            yield piece
            peaks.append(await asyncio.to_thread(resident))
        yield b"\r\n--x--\r\n"

    async with open_host(tmp_path) as host, host.client() as client:
        peaks = [resident()]
        answer = await client.post("/invoices", content=body(), headers={"content-type": "multipart/form-data; boundary=x"})
        assert answer.status_code == 202, answer.text
        assert max(peaks) - peaks[0] < 10 * 1024 * 1024
        record = await host.store.for_tenant("acme").get(answer.json()["invoices"][0]["id"])
        assert record is not None
        with await host.context.blobs.open("acme", record.sha256) as blob:
            assert os.fstat(blob.fileno()).st_size == size + 5
