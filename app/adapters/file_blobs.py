"""Blobs as files: `root/<tenant>/<ab>/<sha256>`, where `ab` are the first two digits of the hash."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar

from app.errors import DeadlineExceeded, Unavailable
from app.failpoints import failpoint
from app.ports import Blob

T = TypeVar("T")

TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")
PREFIX = re.compile(r"[0-9a-f]{2}")
CHUNK = 1 << 20
INCOMING = ".incoming"  # no tenant can have this name


class FileBlobs:
    """Every call runs in one of `threads` threads, with `deadline` seconds until `DeadlineExceeded("blobs")`.

    What the operating system refuses (disk full, no rights) is `Unavailable("blobs")`, and leaves no part of a file behind.
    A call that was cancelled or came late stops at its next chunk and cleans up after itself. Files have mode 0600.
    Raises ValueError for a name of a tenant that could leave its folder, or for something that is no SHA-256.
    """

    def __init__(self, root: Path, deadline: float = 30.0, threads: int = 4) -> None:
        self._root = root
        self._deadline = deadline
        self._executor = ThreadPoolExecutor(threads, "blobs")
        self._in_process = threading.Lock()
        self._incoming: int | None = None  # the open folder: its lock is what other processes see

    async def __aenter__(self) -> FileBlobs:
        await self._run(self._open_store)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)
        if self._incoming is not None:
            os.close(self._incoming)

    async def put(self, tenant: str, content: BinaryIO) -> Blob:
        """Reads `content` from where it stands to its end. A second copy replaces the first: the blob counts as written now."""
        folder = self._folder(tenant)
        given_up = threading.Event()
        try:
            return await self._run(lambda: self._put(folder, content, given_up))
        finally:
            given_up.set()

    async def open(self, tenant: str, sha256: str) -> BinaryIO:
        path = self._path(tenant, sha256)

        def open_file() -> BinaryIO | None:
            try:
                return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb")
            except FileNotFoundError:
                return None

        file = await self._run(open_file, unwanted=lambda file: file.close() if file else None)
        if file is None:
            raise FileNotFoundError(sha256)
        return file

    async def delete(self, tenant: str, sha256: str, written_before: datetime | None = None) -> None:
        path = self._path(tenant, sha256)

        def delete() -> None:
            with self._replacing(), contextlib.suppress(FileNotFoundError):
                if written_before is None or path.stat().st_mtime < written_before.timestamp():
                    path.unlink()
                    _sync_folder(path.parent)

        await self._run(delete)

    async def stored_before(self, moment: datetime) -> AsyncIterator[tuple[str, str]]:
        limit = moment.timestamp()
        for tenant in await self._run(partial(_names, self._root, TENANT)):
            for prefix in await self._run(partial(_names, self._root / tenant, PREFIX)):
                for sha256 in await self._run(partial(_names, self._root / tenant / prefix, SHA256, limit)):
                    yield tenant, sha256

    async def missing(self, tenant: str, sha256s: Collection[str]) -> set[str]:
        paths = {sha256: self._path(tenant, sha256) for sha256 in sha256s}
        return await self._run(lambda: {sha256 for sha256, path in paths.items() if not path.is_file()})

    async def ping(self) -> None:
        def write() -> None:
            with self._temporary() as (fd, _):
                _write(fd, bytes(4096))

        await self._run(write)

    def _folder(self, tenant: str) -> Path:
        if not TENANT.fullmatch(tenant):
            raise ValueError("a tenant's name has letters, digits, dot, hyphen, underscore; at most 64")
        return self._root / tenant

    def _path(self, tenant: str, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError("no SHA-256 in hex")
        return self._folder(tenant) / sha256[:2] / sha256

    async def _run(self, work: Callable[[], T], unwanted: Callable[[T], None] | None = None) -> T:
        """`unwanted` disposes of a result that nobody waits for any more."""
        try:
            future = self._executor.submit(work)
        except RuntimeError as exc:
            raise Unavailable("blobs", "closed") from exc
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.wrap_future(future)
        except TimeoutError as exc:
            _dispose(future, unwanted)
            raise DeadlineExceeded("blobs") from exc
        except asyncio.CancelledError:
            _dispose(future, unwanted)
            raise
        except OSError as exc:
            raise Unavailable("blobs", errno.errorcode.get(exc.errno or 0, "OSError")) from exc

    def _open_store(self) -> None:
        incoming = self._root / INCOMING
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._incoming = os.open(incoming, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for path in incoming.iterdir():
            # A living writer holds a lock on its file; a killed one does not.
            with contextlib.suppress(FileNotFoundError, BlockingIOError):
                fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                finally:
                    os.close(fd)

    def _put(self, folder: Path, content: BinaryIO, given_up: threading.Event) -> Blob:
        digest = hashlib.sha256()
        size = 0
        with self._temporary() as (fd, temporary):
            while chunk := content.read(CHUNK):
                if given_up.is_set():
                    raise TimeoutError("nobody waits for this any more")
                digest.update(chunk)
                size += len(chunk)
                _write(fd, chunk)
            os.fsync(fd)
            sha256 = digest.hexdigest()
            target = folder / sha256[:2]
            self._make_folder(target)
            with self._replacing():
                os.replace(temporary, target / sha256)
            _sync_folder(target)
        failpoint("blob_written")
        return Blob(sha256, size)

    @contextlib.contextmanager
    def _replacing(self) -> Iterator[None]:
        """A new copy of a blob against the deletion of the old one, here or in a process that repairs beside the service."""
        with self._in_process:
            if self._incoming is None:
                raise OSError(errno.EBADF, "not open")
            fcntl.flock(self._incoming, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._incoming, fcntl.LOCK_UN)

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            new.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(new.parent)

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[tuple[int, Path]]:
        """(descriptor, path) of a new locked file in the store's file system; gone afterwards unless it was moved."""
        while True:
            path = self._root / INCOMING / secrets.token_hex(16)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fstat(fd).st_nlink:
                break
            os.close(fd)  # swept by a store that opened between the two calls
        try:
            yield fd, path
        finally:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            os.close(fd)


def _dispose(future: Future[T], unwanted: Callable[[T], None] | None) -> None:
    def done(finished: Future[T]) -> None:
        if unwanted is not None and not finished.cancelled() and finished.exception() is None:
            unwanted(finished.result())

    future.add_done_callback(done)


def _write(fd: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _names(folder: Path, pattern: re.Pattern[str], written_before: float | None = None) -> list[str]:
    """Names in a folder that match, sorted; an absent folder has none."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if pattern.fullmatch(entry.name)]
            return sorted(e.name for e in found if written_before is None or e.stat().st_mtime < written_before)
    except FileNotFoundError:
        return []
