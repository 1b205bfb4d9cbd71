"""The process that opens untrusted bytes: a small server that has the parsers loaded, confines itself, and forks once a document.

Started by `app.adapters.sandbox`; talks over one SOCK_SEQPACKET socket. In: `Request` with two descriptors (the document,
read-only, and an empty memfd for the answer) or `Cancel`. Out: `Ready` once, then one `Ended` for every request, in the order in
which the children end. When the socket closes, the server and all children end. One thread, so that forking is safe.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from app.adapters.confinement import confine, confine_child, die_with_parent
from app.adapters.fork_memory import settle
from app.readers.limits import Limits
from app.readers.tasks import SERVERS, Task

PACKET = 4096  # bytes; every message fits

Operation = Literal["open", "read"]  # a document · the words on a picture (another server's)
Cause = Literal["exited", "wall", "cancelled", "unforked"]


class Request(msgspec.Struct, frozen=True, tag=True):
    id: int
    operation: Operation
    argument: str  # JSON: a `readers.tasks.Task` where the operation is "open"
    pages: int = 1  # how many pages it looks at: its time
    nice: int = 0  # its priority


class Cancel(msgspec.Struct, frozen=True, tag=True):
    id: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    layers: tuple[str, ...]
    told: tuple[str, ...] = ()  # what else the server found out at its start


class Ended(msgspec.Struct, frozen=True, tag=True):
    """`status` as of waitpid; `cpu` in seconds, user and system; `memory` the largest resident size in bytes."""

    id: int
    cause: Cause
    status: int
    cpu: float
    memory: int


class Configuration(msgspec.Struct, frozen=True):
    kind: str
    limits: Limits
    parent: int
    options: dict[str, str] = {}


class _Child:
    __slots__ = ("cause", "deadline", "descriptor", "id", "pid")

    def __init__(self, id: int, pid: int, descriptor: int, deadline: float) -> None:
        self.id, self.pid, self.descriptor, self.deadline = id, pid, descriptor, deadline
        self.cause: Cause = "exited"


class Server:
    """`child` is what a forked child does with a request and its two descriptors; it never returns. `after` is told the number of
    each request whose child has ended, with all that it started."""

    def __init__(
        self,
        channel: socket.socket,
        limits: Limits,
        child: Callable[[Request, int, int, Limits, int], None],
        after: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._channel = channel
        self._limits = limits
        self._child = child
        self._after = after
        self._children: dict[int, _Child] = {}  # by pidfd
        self._requests = msgspec.json.Decoder(Request | Cancel)

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll(self._patience()):
                if descriptor in self._children:
                    poll.unregister(descriptor)
                    self._ended(self._children.pop(descriptor))
                elif descriptor == self._channel.fileno():
                    packet, handles, _, _ = socket.recv_fds(self._channel, PACKET, 2)
                    if not packet:
                        return  # the parent closed the socket, or died
                    child = self._received(packet, handles)
                    if child is not None:
                        self._children[child.descriptor] = child
                        poll.register(child.descriptor, select.POLLIN)
            now = time.monotonic()
            for child in self._children.values():
                if child.deadline <= now:
                    self._kill(child, "wall")

    def end(self) -> None:
        for child in self._children.values():
            _kill_group(child.pid)

    def _patience(self) -> float | None:
        """Milliseconds until the next child is overdue."""
        waiting = [child.deadline for child in self._children.values() if child.cause == "exited"]
        return max(min(waiting) - time.monotonic(), 0) * 1000 + 1 if waiting else None

    def _received(self, packet: bytes, handles: list[int]) -> _Child | None:
        message = self._requests.decode(packet)
        if isinstance(message, Cancel):
            for child in self._children.values():
                if child.id == message.id:
                    self._kill(child, "cancelled")
            return None
        content, result = handles
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # no memory, or too many processes: this request fails, the server goes on
            self._channel.send(msgspec.json.encode(Ended(message.id, "unforked", 0, 0.0, 0)))
            os.close(content)
            os.close(result)
            return None
        if pid == 0:
            self._child(message, content, result, self._limits, server)  # never returns
        os.close(content)
        os.close(result)
        return _Child(message.id, pid, os.pidfd_open(pid), time.monotonic() + self._limits.seconds(message.pages)[1])

    def _kill(self, child: _Child, cause: Cause) -> None:
        if child.cause == "exited":
            child.cause = cause
            child.deadline = float("inf")
            _kill_group(child.pid)

    def _ended(self, child: _Child) -> None:
        _kill_group(child.pid)  # what it started goes with it
        _, status, usage = os.wait4(child.pid, 0)
        _reap_group(child.pid)
        self._after(child.id)
        os.close(child.descriptor)
        ended = Ended(child.id, child.cause, status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
        self._channel.send(msgspec.json.encode(ended))


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # the group may not be there yet, right after the fork
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _reap_group(group: int) -> None:
    """What an ended child had started is ours now (see `adopt_orphans`), and killed."""
    try:
        while True:
            os.waitpid(-group, 0)
    except ChildProcessError:
        pass


_tasks = msgspec.json.Decoder(Task)  # made here: in a child, making it would cost more than reading most documents


def _child(request: Request, content: int, result: int, limits: Limits, server: int) -> None:
    """Reads one document and writes the answer. Ends the process, with 0 if an answer was written."""
    status = 1
    try:
        os.setpgid(0, 0)
        os.nice(request.nice)
        die_with_parent(server)
        # 0, 1, 2: nothing. 3: the document. 4: the answer. The channel and the other children's descriptors are closed.
        content, result = moved(content, 3), moved(result, 4)
        os.closerange(5, 1 << 16)
        confine_child(limits.memory_bytes, limits.seconds(request.pages)[0], limits.result_bytes, limits.open_files)
        from app.readers import answer  # loaded already; the parent process never imports a parser

        for part in answer(_tasks.decode(request.argument), content, limits):
            write(result, part)
        status = 0
    finally:
        os._exit(status)  # no clean-up code, and whatever was raised stays here


def moved(descriptor: int, to: int) -> int:
    return descriptor if descriptor == to else os.dup2(descriptor, to, inheritable=False)


def write(result: int, content: bytes | memoryview) -> None:
    view = memoryview(content).cast("B")
    while view:
        view = view[os.write(result, view) :]


def main() -> None:
    configuration = configured()
    from app.readers.warm import warm_up

    warm_up(SERVERS[configuration.kind])
    serve(configuration, confine, _child)


def configured() -> Configuration:
    """The beginning of a server: what its parent wants; it ends with its parent from here on."""
    configuration = msgspec.json.decode(sys.argv[1], type=Configuration)
    die_with_parent(configuration.parent)
    for ending in (signal.SIGINT, signal.SIGTERM):  # terminals and supervisors send them to all processes at once; what is in
        signal.signal(ending, signal.SIG_IGN)  # flight is wanted still: the parent closes the socket when it is not
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return configuration


def serve(
    configuration: Configuration,
    wall_off: Callable[[], tuple[str, ...]],
    child: Callable[[Request, int, int, Limits, int], None],
    after: Callable[[int], None] = lambda number: None,
    told: tuple[str, ...] = (),
) -> None:
    """The rest of a server, once all that its children need is loaded: gives up what it must not have, then forks on request."""
    channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # errors of the start went to the parent's stderr; from here on nobody reads what is written
        os.dup2(nothing, descriptor)
    # Descriptors 3 and 4 are the child's: nothing of the server may sit there when it is forked.
    while (spare := os.dup(nothing)) <= 4:
        pass
    os.close(spare)
    settle()
    layers = wall_off()
    server = Server(channel, configuration.limits, child, after)
    channel.send(msgspec.json.encode(Ready(layers, told)))
    try:
        server.run()
    finally:
        server.end()


if __name__ == "__main__":
    main()
