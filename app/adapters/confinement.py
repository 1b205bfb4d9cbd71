"""Gives up, for good, what a parser of untrusted bytes never needs: network, files, privileges, most of the kernel.

Each layer is tried by itself and the achieved ones are returned, so that a kernel without one still gets the others.
Linux on x86_64 and aarch64. Children inherit all of it at no cost. Needs a process with one thread.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

LAYERS = ("network", "privileges", "files", "calls")
"""an empty network namespace · no capability, none to regain · read-only and only our own code · a seccomp filter"""

_libc = ctypes.CDLL(None, use_errno=True)
_allowed_cpu: tuple[int, int] | None = None  # seconds, to this child

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT = 1, 22, 36, 38, 24, 47
_SIGKILL = 9


def _call(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _prctl(option: int, *arguments: int) -> None:
    _call(_libc.prctl(option, *(ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4])))


@dataclass(frozen=True, slots=True)
class Programs:
    """What a server needs besides: folders or files to run from (none: nothing can be executed), to read, and to write in."""

    run: tuple[Path, ...]
    read: tuple[Path, ...]
    write: tuple[Path, ...]


def confine(programs: Programs | None = None) -> tuple[str, ...]:
    """Drops everything that this process and its children do not need; returns the LAYERS that took hold. Cannot be undone.

    Without `programs`, nothing can be executed or written.
    """
    drops: dict[str, Callable[[], None]] = {
        "network": _no_network,
        "privileges": _no_privileges,
        "files": lambda: _few_files(programs),
        "calls": lambda: _few_calls(programs),
    }
    done = []
    for layer, drop in drops.items():
        try:
            drop()
        except OSError:
            continue  # the caller sees that the layer is missing and says so
        done.append(layer)
    return tuple(done)


def die_with_parent(parent: int) -> None:
    """The kernel kills this process when `parent` ends; at once if it already has."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """What a child leaves behind becomes this process' own child, to be reaped here."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def confine_child(memory: int, cpu: int, file_size: int, open_files: int, *, may: Collection[str] = ()) -> None:
    """The limits of one child, in bytes and seconds, and the calls that only its parent needed. For a confined process.

    `may`: nothing more, `FORK` or `START`.
    """
    global _allowed_cpu
    _allowed_cpu = (cpu, cpu + 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, _allowed_cpu)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    try:
        _filter(_calls({name: pair for name, pair in _CHILD_DENIED.items() if name not in may}))
    except OSError:
        pass  # the server has said already that this kernel has no filters


def limit_cpu(seconds: int | None) -> None:
    """Of this process, and of each program that it starts from now on: less than was allowed at first. None: that again.

    By the system call itself: the library's way is prlimit64, which reaches other processes too and is denied.
    """
    usual, most = _allowed_cpu or (resource.getrlimit(resource.RLIMIT_CPU)[1],) * 2
    soft = usual if seconds is None else seconds if usual < 0 else min(seconds, usual)
    limits = struct.pack("=qq", soft, most)  # -1: none
    _call(_libc.syscall(_CHILD_DENIED["setrlimit"][0 if platform.machine() == "x86_64" else 1], resource.RLIMIT_CPU, limits))


def _no_network() -> None:
    if os.geteuid() == 0:
        try:
            _call(_libc.unshare(_CLONE_NEWNET))
            return
        except OSError:
            pass  # root in a container without CAP_SYS_ADMIN: a user namespace may still be allowed
    _call(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET))


def _no_privileges() -> None:
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    try:
        _prctl(_PR_CAP_AMBIENT, 4)  # clear all
        for capability in range(64):
            _prctl(_PR_CAPBSET_DROP, capability)
    except OSError:
        pass  # past the last capability, or not allowed to drop what is not had
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    _call(_libc.capset(header, bytes(24)))


# Landlock: the same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _READ = 1 << 0, 1 << 2 | 1 << 3  # READ_FILE, READ_DIR
_WRITE = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 14  # WRITE_FILE, REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG, TRUNCATE
_OF_FILES = _EXECUTE | 1 << 1 | 1 << 2 | 1 << 14  # what can be granted for a path that is no folder


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _few_files(programs: Programs | None) -> None:
    abi = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if abi < 1:
        raise OSError("no Landlock")
    files = (1 << 13) - 1 | (1 << 13) * (abi >= 2) | (1 << 14) * (abi >= 3) | (1 << 15) * (abi >= 5)
    rules = _Ruleset(files, 0b11 if abi >= 4 else 0, 0b11 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    try:
        granted = dict.fromkeys(_readable(), _READ)
        for paths, rights in (
            ((programs.read, _READ), (programs.run, _READ | _EXECUTE), (programs.write, _READ | _WRITE)) if programs else ()
        ):
            for path in paths:
                granted[path] = granted.get(path, 0) | rights
        for path, rights in granted.items():
            try:
                folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                rule = _PathBeneath(rights & files & (-1 if path.is_dir() else _OF_FILES), folder)
                _call(_libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), ctypes.c_uint32(0)))
            finally:
                os.close(folder)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _call(_libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)


def _readable() -> Iterable[Path]:
    """Where Python, its packages and this project's code lie: for what is imported late. Nothing of the user's, no /etc."""
    paths = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {Path(sys.base_prefix, "lib"), Path(sys.prefix, "lib"), Path(__file__).parents[1]}
    paths |= {Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64")}
    return {path.resolve() for path in paths}


# Numbers of x86_64 and aarch64; None where it does not exist.
_SERVER_DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "connect": (42, 203),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "execve": (59, 221),
    "execveat": (322, 281),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "unshare": (272, 97),
    "setns": (308, 268),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "syslog": (103, 116),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "personality": (135, 92),
    "fanotify_init": (300, 262),
    "inotify_init1": (294, 26),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "semget": (64, 190),
    "shmget": (29, 194),
    "clone3": (435, 435),  # answered with ENOSYS: libraries then use clone
}
_CHILD_DENIED: dict[str, tuple[int | None, int | None]] = {
    "clone": (56, 220),
    "fork": (57, None),
    "vfork": (58, None),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "setrlimit": (160, 164),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "memfd_create": (319, 279),  # memory that RLIMIT_AS does not see
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "rt_tgsigqueueinfo": (297, 240),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "seccomp": (317, 277),
}
FORK = frozenset(("clone", "fork", "setrlimit"))
"""A child may have children of its own, with less time than is left."""
START = FORK | {"execve", "vfork"}
"""It may also start another program."""
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def _few_calls(programs: Programs | None) -> None:
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _filter(_calls({name: pair for name, pair in _SERVER_DENIED.items() if not (programs and programs.run and name in START)}))


def _calls(denied: dict[str, tuple[int | None, int | None]]) -> bytes:
    """The filter's program: kill calls of a foreign architecture, refuse the denied ones, let the others pass."""
    machine = platform.machine()
    if machine not in _AUDIT_ARCH:
        raise OSError("unknown machine")
    column = 0 if machine == "x86_64" else 1
    numbers = {name: pair[column] for name, pair in denied.items() if pair[column] is not None}
    load, equal, above, give = 0x20, 0x15, 0x35, 0x06
    program = [
        (load, 0, 0, 4),  # seccomp_data.arch
        (equal, 1, 0, _AUDIT_ARCH[machine]),
        (give, 0, 0, _KILL),
        (load, 0, 0, 0),  # seccomp_data.nr
        (above, 0, 1, 0x40000000),  # the x32 variants of x86_64 would pass under other numbers
        (give, 0, 0, _KILL),
    ]
    for name, number in numbers.items():
        program += [(equal, 0, 1, number or 0), (give, 0, 0, _ERRNO | (_ENOSYS if name == "clone3" else _EPERM))]
    program.append((give, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def _filter(instructions: bytes) -> None:
    program = _Program(len(instructions) // 8, instructions)
    _call(_libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(program), ctypes.c_ulong(0), ctypes.c_ulong(0)))
