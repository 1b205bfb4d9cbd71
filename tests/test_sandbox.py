"""The sandbox keeps its promises against documents that want to break it, and against its own server dying."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

import pytest
import pytest_asyncio

from app.adapters.confinement import LAYERS
from app.adapters.sandbox import ForkSandbox
from app.errors import Refused, Unavailable, Unprocessable
from app.readers.limits import MIB, Limits
from tests.pdfs import CII, endless_pdf, raw_pdf, text_pdf

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOT = Path(__file__).parents[1]
File = Callable[[bytes], BinaryIO]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[ForkSandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INVOICESTREAM_SQL_URL", "mysql://user:canary-secret@db/x")
        async with ForkSandbox.open(width=4) as opened:
            yield opened


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    number = itertools.count()
    with ExitStack() as stack:

        def make(content: bytes) -> BinaryIO:
            path = tmp_path / str(next(number))
            path.write_bytes(content)
            return stack.enter_context(path.open("rb"))

        yield make


async def eventually(true: Callable[[], object | Awaitable[object]], within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while not (await told if isinstance(told := true(), Awaitable) else told):
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.005)


def children(pid: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


# What it is for


async def test_reads_by_content_whatever_the_kind(sandbox: ForkSandbox, file: File) -> None:
    pdf = await sandbox.decode(file(text_pdf()))
    assert pdf.media_type == "application/pdf"
    assert pdf.pages[0].words.texts == ("Invoice", "R-1", "Total", "119.00")
    xml = await sandbox.decode(file(CII))
    assert xml.media_type == "application/xml"
    assert xml.einvoice is not None and xml.einvoice.invoice.number == "R-1"


async def test_file_offset_and_name_do_not_matter(sandbox: ForkSandbox, file: File) -> None:
    handle = file(text_pdf())
    handle.seek(0, io.SEEK_END)
    assert (await sandbox.decode(handle)).pages
    assert handle.tell() > 0  # left where it was


async def test_many_at_once(sandbox: ForkSandbox, file: File) -> None:
    documents = await asyncio.gather(*(sandbox.decode(file(text_pdf(f"Invoice {i}"))) for i in range(30)))
    assert [d.pages[0].words.texts[1] for d in documents] == [str(i) for i in range(30)]
    assert sandbox.running == 0


async def test_renders_pages_within_bounds(sandbox: ForkSandbox, file: File) -> None:
    handle = file(text_pdf(pages=2))
    png = await sandbox.render(handle, 2, 72)
    assert png.startswith(b"\x89PNG") and (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (595, 842)
    huge = await sandbox.render(file(raw_pdf(page="/MediaBox[0 0 14400 14400]")), 1, 10_000)
    assert int.from_bytes(huge[16:20]) * int.from_bytes(huge[20:24]) <= Limits().pixels


async def test_looking_at_a_page_does_not_wait_for_decoding(file: File) -> None:
    async with ForkSandbox.open(width=1) as sandbox:
        decodes = [asyncio.create_task(sandbox.decode(file(endless_pdf()))) for _ in range(3)]
        await eventually(lambda: children(sandbox.server_pid("pdf") or 0))
        assert (await sandbox.render(file(text_pdf()), 1, 72)).startswith(b"\x89PNG")
        assert not any(task.done() for task in decodes)
        assert len(children(sandbox.server_pid("pdf") or 0)) == 1  # one at a time, as asked
        for task in decodes:
            task.cancel()
        await asyncio.gather(*decodes, return_exceptions=True)


@pytest.mark.parametrize("page", [0, 3, -1, 10**9])
async def test_no_such_page(sandbox: ForkSandbox, file: File, page: int) -> None:
    with pytest.raises(Refused) as refusal:
        await sandbox.render(file(text_pdf(pages=2)), page, 72)
    assert (refusal.value.status, refusal.value.code) == (404, "no_such_page")


async def test_xml_has_no_pages_to_render(sandbox: ForkSandbox, file: File) -> None:
    with pytest.raises(Refused):
        await sandbox.render(file(CII), 1, 72)


# Out of reach

PROBE = """
    import json, os, socket, sys
    sys.path.insert(0, {root!r})
    from app.adapters.confinement import confine, confine_child, die_with_parent

    def denied(action):
        try:
            action()
        except OSError:
            return True
        return False

    probes = {{
        "files": {{
            "/etc/passwd": lambda: open("/etc/passwd"),
            "list /": lambda: os.listdir("/"),
            "a blob": lambda: open({blob!r}),
            "write": lambda: open({folder!r} + "/new", "w"),
            "/proc of the parent": lambda: open(f"/proc/{{os.getppid()}}/environ"),
        }},
        "calls": {{
            "socket": lambda: socket.socket(),
            "unix socket": lambda: socket.socket(socket.AF_UNIX),
            "another program": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),
        }},
    }}
    child = {{
        "fork": os.fork,
        "kill the server": lambda: os.kill(os.getppid(), 0),
        "leave the group": os.setsid,
        "memory by another name": lambda: os.memfd_create("x"),
    }}
    parent = os.getpid()
    before = {{name: denied(p) for group in probes.values() for name, p in group.items() if name not in ("another program", "write")}}
    net = os.stat("/proc/self/ns/net").st_ino
    status = os.open("/proc/self/status", os.O_RDONLY)
    namespaces = os.open("/proc/self/ns", os.O_RDONLY)
    layers = confine()
    read, write = os.pipe()
    if os.fork() == 0:
        die_with_parent(parent)
        confine_child(1 << 30, 10, 1 << 20, 64)
        result = {{group: {{name: denied(p) for name, p in inner.items()}} for group, inner in probes.items() if group in layers}}
        if "calls" in layers:
            result["child"] = {{name: denied(p) for name, p in child.items()}}
        os.write(write, json.dumps(result).encode())
        os._exit(0)
    os.wait()
    print(json.dumps({{"layers": layers, "before": before, "after": json.loads(os.read(read, 65536)),
        "status": os.pread(status, 65536, 0).decode()}}))
"""


async def test_a_child_reaches_neither_files_nor_network_nor_processes(tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_text("another document")
    script = textwrap.dedent(PROBE).format(root=str(ROOT), blob=str(blob), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert not any(report["before"].values()), "the probes themselves must work where nothing is confined"
    assert list(tmp_path.iterdir()) == [blob]
    if not report["layers"]:
        pytest.skip("this kernel confines nothing")
    reachable = {f"{group}: {name}" for group, probes in report["after"].items() for name, was_denied in probes.items() if not was_denied}
    assert not reachable
    if "privileges" in report["layers"]:
        status = dict(line.split(":\t", 1) for line in report["status"].splitlines() if ":\t" in line)
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0 and status["NoNewPrivs"].strip() == "1"


async def test_the_servers_are_confined_and_hold_no_secret(sandbox: ForkSandbox) -> None:
    for kind in ("xml", "pdf"):
        proc = Path(f"/proc/{sandbox.server_pid(kind)}")
        assert b"canary" not in (proc / "environ").read_bytes() + (proc / "cmdline").read_bytes()
        opened = {os.readlink(handle) for handle in (proc / "fd").iterdir()}
        assert {name.partition(":")[0] for name in opened} <= {"/dev/null", "socket"}, opened
        if sandbox.level == len(LAYERS):
            assert os.readlink(proc / "ns/net") != os.readlink("/proc/self/ns/net")
            status = (proc / "status").read_text()
            assert "\nSeccomp:\t2\n" in status and "\nNoNewPrivs:\t1\n" in status


async def test_a_child_is_never_given_a_file_that_it_could_change(sandbox: ForkSandbox) -> None:
    with tempfile.TemporaryFile() as writable:
        writable.write(text_pdf())
        writable.flush()
        with pytest.raises(ValueError, match="read-only"):
            await sandbox.decode(writable)


# Documents that use too much: refused, and the others do not notice


@pytest.mark.parametrize(
    ("limits", "cause"),
    # The other limit is far away, and so is this one for honest neighbours, also where children get a tenth of a core.
    [(Limits(cpu_seconds=2, wall_seconds=100), "cpu"), (Limits(cpu_seconds=100, wall_seconds=8), "wall")],
    ids=["cpu", "wall"],
)
async def test_a_runaway_child_is_ended_and_its_neighbours_finish(file: File, limits: Limits, cause: str) -> None:
    told: list[str] = []
    async with ForkSandbox.open(width=8, limits=limits, on_killed=told.append) as sandbox:
        runaway = asyncio.create_task(sandbox.decode(file(endless_pdf())))
        neighbours = [sandbox.decode(file(text_pdf(f"No {i}"))) for i in range(12)]
        assert [d.pages[0].words.texts[1] for d in await asyncio.gather(*neighbours)] == [str(i) for i in range(12)]
        with pytest.raises(Unprocessable) as refusal:
            await runaway
        assert refusal.value.reason == "parser_limit" and refusal.value.detail == cause
        assert sandbox.killed == {cause: 1} and told == [cause] and sandbox.cpu_seconds > 0
        assert not children(sandbox.server_pid("pdf") or 0)


async def test_a_child_that_wants_too_much_memory_is_refused(file: File) -> None:
    bomb = raw_pdf(b"BT (" + b"A" * 150_000_000 + b") Tj ET")
    assert len(bomb) < MIB
    async with ForkSandbox.open(width=2, limits=Limits(memory_bytes=256 * MIB)) as sandbox:
        with pytest.raises(Unprocessable) as refusal:
            await sandbox.decode(file(bomb))
        assert refusal.value.reason == "parser_limit"
        assert (await sandbox.decode(file(text_pdf()))).pages


async def test_sizes_are_refused_before_anything_is_parsed(sandbox: ForkSandbox, file: File) -> None:
    handle = file(b"%PDF-1.7")
    os.truncate(handle.name, Limits().file_bytes + 1)
    cpu = sandbox.cpu_seconds
    with pytest.raises(Unprocessable) as refusal:
        await sandbox.decode(handle)
    assert refusal.value.reason == "too_large" and sandbox.cpu_seconds == cpu


# Faults of the sandbox itself


async def test_a_killed_server_fails_its_calls_and_is_started_again(file: File) -> None:
    async with ForkSandbox.open(width=4) as sandbox:
        first = sandbox.server_pid("pdf")
        assert first is not None
        call = asyncio.create_task(sandbox.decode(file(endless_pdf())))
        await eventually(lambda: children(first))
        orphans = children(first)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(Unavailable) as failure:
            await call
        assert failure.value.dependency == "sandbox"
        await eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))
        assert (await sandbox.decode(file(text_pdf()))).pages
        assert sandbox.server_pid("pdf") not in (None, first) and sandbox.restarts == 1


async def test_signals_for_the_whole_group_leave_the_server_to_its_parent(sandbox: ForkSandbox, file: File) -> None:
    server = sandbox.server_pid("pdf")
    assert server is not None
    call = asyncio.create_task(sandbox.decode(file(text_pdf())))
    for ending in (signal.SIGTERM, signal.SIGINT):
        os.kill(server, ending)
    assert (await call).pages and (await sandbox.decode(file(text_pdf()))).pages
    assert sandbox.server_pid("pdf") == server


async def test_a_server_that_keeps_dying_is_not_started_for_every_call(file: File) -> None:
    pdf = file(text_pdf())
    async with ForkSandbox.open(width=2) as sandbox:

        async def up_again() -> bool:
            with suppress(Unavailable):  # it has to wait, more from death to death
                await sandbox.ping()
            return sandbox.server_pid("pdf") is not None

        for deaths in range(1, 5):
            pid = sandbox.server_pid("pdf")
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await eventually(lambda: sandbox.server_pid("pdf") is None)
            starts = sandbox.restarts
            if deaths < 4:
                await eventually(up_again)
        with pytest.raises(Unavailable):  # four deaths without any success: not in the next seconds
            await sandbox.ping()
        with pytest.raises(Unavailable):
            await sandbox.decode(pdf)
        assert sandbox.restarts == starts
        assert (await sandbox.decode(file(CII))).einvoice is not None  # the other server is not touched


async def test_no_server_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(Unavailable):
        async with ForkSandbox.open():
            pytest.fail("it cannot have started")


async def test_cancelling_a_call_ends_its_child(sandbox: ForkSandbox, file: File) -> None:
    server = sandbox.server_pid("pdf")
    assert server is not None
    call = asyncio.create_task(sandbox.decode(file(endless_pdf())))
    await eventually(lambda: children(server))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await eventually(lambda: not children(server), within=Limits().cpu_seconds / 2)  # before a limit would have ended it
    assert sandbox.running == 0
    assert (await sandbox.decode(file(text_pdf()))).pages


async def test_nothing_is_left_open(file: File) -> None:
    def open_files() -> set[str]:
        return {f"{handle.name} {os.readlink(handle)}" for handle in Path("/proc/self/fd").iterdir() if handle.exists()}

    handles = [file(text_pdf()), file(CII), file(b"%PDF-broken"), file(raw_pdf(page="/MediaBox[0 0 1000000000 1000000000]"))]
    before = open_files()
    async with ForkSandbox.open(width=2) as sandbox:
        pids = [sandbox.server_pid("pdf"), sandbox.server_pid("xml")]
        for handle in handles:
            await asyncio.gather(sandbox.decode(handle), sandbox.decode(handle), return_exceptions=True)
        inside = open_files()
        for handle in handles:
            await asyncio.gather(sandbox.decode(handle), return_exceptions=True)
        assert len(open_files()) == len(inside)
        server_files = [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids]
        await asyncio.gather(*(sandbox.decode(handle) for handle in handles), return_exceptions=True)
        assert [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids] == server_files
    assert open_files() == before
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
