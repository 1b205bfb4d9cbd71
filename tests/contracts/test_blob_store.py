"""The contract of `BlobStore`. An adapter joins by one line in ADAPTERS."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import io
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.file_blobs import FileBlobs
from app.adapters.mongo_blobs import GridFsBlobs
from app.errors import DeadlineExceeded, Unavailable
from app.ports import Blob, BlobStore
from tests.contracts.full_disk import full_disk
from tests.servers.mongodb import new_database

ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[BlobStore]]] = {
    "file": lambda folder: FileBlobs(folder, deadline=60),
    "mongo": lambda _: GridFsBlobs(new_database(), deadline=60),
}
BYTES = b"%PDF-1.7 something" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture(params=ADAPTERS)
async def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobStore]:
    async with ADAPTERS[request.param](tmp_path / "blobs") as opened:
        yield opened


async def stored(blobs: BlobStore, before: datetime | None = None) -> list[tuple[str, str]]:
    return [item async for item in blobs.stored_before(before or datetime.now(UTC) + timedelta(minutes=1))]


class Blocked(io.BytesIO):
    """Content whose first read waits until it is released."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.reading = threading.Event()
        self.release = threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.reading.set()
        if not self.release.wait(60):
            raise AssertionError("never released")
        return super().read(size)


async def test_put_then_open_gives_the_same_bytes_in_a_real_file(blobs: BlobStore) -> None:
    assert await blobs.put("acme", io.BytesIO(BYTES)) == Blob(SHA256, len(BYTES))
    with await blobs.open("acme", SHA256) as file:
        assert os.fstat(file.fileno()).st_size == len(BYTES)
        assert file.read() == BYTES
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"x")
        assert fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY  # who is handed the descriptor cannot write either


async def test_an_empty_file_is_a_blob(blobs: BlobStore) -> None:
    assert await blobs.put("acme", io.BytesIO()) == Blob(hashlib.sha256().hexdigest(), 0)


async def test_the_same_bytes_at_once_are_one_blob(blobs: BlobStore) -> None:
    put = await asyncio.gather(*(blobs.put("acme", io.BytesIO(BYTES)) for _ in range(50)))
    assert set(put) == {Blob(SHA256, len(BYTES))}
    assert await stored(blobs) == [("acme", SHA256)]


async def test_tenants_do_not_see_each_other(blobs: BlobStore) -> None:
    await blobs.put("acme", io.BytesIO(BYTES))
    with pytest.raises(FileNotFoundError):
        await blobs.open("other", SHA256)
    await blobs.put("other", io.BytesIO(BYTES))
    await blobs.delete("acme", SHA256)
    assert await stored(blobs) == [("other", SHA256)]


@pytest.mark.parametrize("tenant", ["", ".", "..", "a/b", "../acme", "/etc", "a\0b", ".incoming", "x" * 65, "ü"])
async def test_a_tenant_cannot_leave_its_folder(blobs: BlobStore, tenant: str) -> None:
    with pytest.raises(ValueError, match="tenant"):
        await blobs.put(tenant, io.BytesIO(BYTES))
    with pytest.raises(ValueError, match="tenant"):
        await blobs.open(tenant, SHA256)


@pytest.mark.parametrize("sha256", ["", "..", "../../etc/passwd", SHA256.upper(), SHA256 + "0"])
async def test_only_a_hash_names_a_blob(blobs: BlobStore, sha256: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        await blobs.open("acme", sha256)


async def test_deleting_what_is_not_there_is_no_error(blobs: BlobStore) -> None:
    await blobs.delete("acme", SHA256)
    await blobs.put("acme", io.BytesIO(BYTES))
    await blobs.delete("acme", SHA256)
    await blobs.delete("acme", SHA256)
    with pytest.raises(FileNotFoundError):
        await blobs.open("acme", SHA256)


async def test_what_is_missing_is_told(blobs: BlobStore) -> None:
    await blobs.put("acme", io.BytesIO(BYTES))
    assert await blobs.missing("acme", {SHA256, "0" * 64}) == {"0" * 64}
    assert await blobs.missing("other", [SHA256]) == {SHA256}
    assert await blobs.missing("acme", []) == set()


async def test_an_open_blob_outlives_its_deletion(blobs: BlobStore) -> None:
    await blobs.put("acme", io.BytesIO(BYTES))
    with await blobs.open("acme", SHA256) as file:
        await blobs.delete("acme", SHA256)
        assert file.read() == BYTES


async def test_only_older_blobs_are_listed_and_a_newer_copy_is_not_deleted(blobs: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    await blobs.put("acme", io.BytesIO(BYTES))
    assert await stored(blobs, before) == []
    await blobs.delete("acme", SHA256, written_before=before)
    assert await stored(blobs) == [("acme", SHA256)]
    await blobs.delete("acme", SHA256, written_before=datetime.now(UTC) + timedelta(minutes=1))
    assert await stored(blobs) == []


async def test_putting_again_against_the_deletion_of_the_old_copy(blobs: BlobStore) -> None:
    """A sweeper's look is old: what was put again since must stay, however the two calls meet."""
    for _ in range(20):
        await blobs.put("acme", io.BytesIO(BYTES))
        seen = datetime.now(UTC) - timedelta(minutes=1)
        await asyncio.gather(
            *(blobs.delete("acme", SHA256, written_before=seen) for _ in range(3)),
            blobs.put("acme", io.BytesIO(BYTES)),
            blobs.delete("acme", SHA256, written_before=seen),
        )
        with await blobs.open("acme", SHA256) as file:
            assert file.read() == BYTES


async def test_putting_and_deleting_and_opening_at_once_never_gives_a_part(blobs: BlobStore) -> None:
    async def read() -> bytes | None:
        try:
            with await blobs.open("acme", SHA256) as file:
                return file.read()
        except FileNotFoundError:
            return None

    for _ in range(10):
        calls = [call for _ in range(5) for call in (blobs.put("acme", io.BytesIO(BYTES)), read(), blobs.delete("acme", SHA256))]
        outcomes = await asyncio.gather(*calls)
        assert set(outcomes) <= {None, BYTES, Blob(SHA256, len(BYTES))}
    await blobs.put("acme", io.BytesIO(BYTES))
    assert await read() == BYTES


async def test_a_blob_is_not_seen_before_it_is_whole(blobs: BlobStore) -> None:
    content = Blocked(BYTES)
    put = asyncio.create_task(blobs.put("acme", content))
    assert await asyncio.to_thread(content.reading.wait, 60)
    assert await stored(blobs) == []
    with pytest.raises(FileNotFoundError):
        await blobs.open("acme", SHA256)
    content.release.set()
    await put
    assert await stored(blobs) == [("acme", SHA256)]


async def test_a_put_cancelled_in_mid_call_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    content = Blocked(BYTES)
    put = asyncio.create_task(blobs.put("acme", content))
    assert await asyncio.to_thread(content.reading.wait, 60)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    content.release.set()
    async with asyncio.timeout(60):
        while files(tmp_path):
            await asyncio.sleep(0.01)
    assert await stored(blobs) == []
    await blobs.put("acme", io.BytesIO(BYTES))


async def test_the_event_loop_runs_on_meanwhile(blobs: BlobStore) -> None:
    content = Blocked(BYTES)
    put = asyncio.create_task(blobs.put("acme", content))
    assert await asyncio.to_thread(content.reading.wait, 60)  # only reached if the loop was not blocked
    content.release.set()
    await put


async def test_ping(blobs: BlobStore, tmp_path: Path) -> None:
    await blobs.ping()
    assert files(tmp_path) == []


# What only the embedded twin promises.


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_only_the_owner_may_read(tmp_path: Path) -> None:
    async with FileBlobs(tmp_path / "blobs") as blobs:
        await blobs.put("acme", io.BytesIO(BYTES))
    for path in (tmp_path / "blobs").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if path.is_file() else 0o700)


async def test_a_put_past_its_deadline_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    async with FileBlobs(tmp_path) as blobs:
        blobs._deadline = 0.1  # of this call alone, not of opening the store
        content = Blocked(BYTES)
        with pytest.raises(DeadlineExceeded) as caught:
            await blobs.put("acme", content)
        content.release.set()
        assert caught.value.dependency == "blobs"
    assert files(tmp_path) == []


async def test_an_open_that_nobody_waits_for_leaves_no_descriptor(tmp_path: Path) -> None:
    async with FileBlobs(tmp_path, threads=1) as blobs:
        await blobs.put("acme", io.BytesIO(BYTES))
        for _ in range(50):
            task = asyncio.create_task(blobs.open("acme", SHA256))
            await asyncio.sleep(0)
            task.cancel()
            for opened in await asyncio.gather(task, return_exceptions=True):
                if not isinstance(opened, BaseException):
                    opened.close()


async def test_a_full_disk_is_unavailable_and_leaves_no_part(tmp_path: Path) -> None:
    with full_disk(tmp_path):
        async with FileBlobs(tmp_path / "blobs") as blobs:
            small = await blobs.put("acme", io.BytesIO(b"small"))
            for _ in range(3):
                with pytest.raises(Unavailable) as caught:
                    await blobs.put("acme", io.BytesIO(bytes(1 << 20)))
                assert caught.value.dependency == "blobs"
                assert [path.name for path in files(tmp_path)] == [small.sha256]
            await blobs.put("acme", io.BytesIO(BYTES))  # there is room again


async def test_a_root_that_went_away_is_unavailable(tmp_path: Path) -> None:
    async with FileBlobs(tmp_path / "blobs") as blobs:
        (tmp_path / "blobs" / ".incoming").rmdir()
        with pytest.raises(Unavailable):
            await blobs.put("acme", io.BytesIO(BYTES))
        with pytest.raises(Unavailable):
            await blobs.ping()


PUT = "import asyncio, io, sys\nfrom pathlib import Path\nfrom app.adapters.file_blobs import FileBlobs\n"


def run_child(code: str, folder: Path, failpoint: str = "") -> int:
    env = {**os.environ, "INVOICESTREAM_FAILPOINT": failpoint}
    return subprocess.run([sys.executable, "-c", PUT + code, folder], env=env, timeout=120, check=False).returncode


async def test_killed_just_after_writing_the_blob_is_there(tmp_path: Path) -> None:
    code = "async def main():\n  async with FileBlobs(Path(sys.argv[1])) as b: await b.put('acme', io.BytesIO(b'x'))\nasyncio.run(main())"
    assert await asyncio.to_thread(run_child, code, tmp_path, "blob_written") == -signal.SIGKILL
    async with FileBlobs(tmp_path) as blobs:
        with await blobs.open("acme", hashlib.sha256(b"x").hexdigest()) as file:
            assert file.read() == b"x"


async def test_the_parts_of_a_killed_process_are_swept_at_open_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    code = (
        "import os, signal\nclass Dying(io.BytesIO):\n  def read(self, size=-1):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "async def main():\n  async with FileBlobs(Path(sys.argv[1])) as b: await b.put('acme', Dying(b'x'))\nasyncio.run(main())"
    )
    assert await asyncio.to_thread(run_child, code, tmp_path) == -signal.SIGKILL
    assert len(files(tmp_path)) == 1
    async with FileBlobs(tmp_path) as blobs:
        assert files(tmp_path) == []
        content = Blocked(BYTES)
        put = asyncio.create_task(blobs.put("acme", content))
        assert await asyncio.to_thread(content.reading.wait, 60)
        async with FileBlobs(tmp_path):
            assert len(files(tmp_path)) == 1
        content.release.set()
        assert await put == Blob(SHA256, len(BYTES))
