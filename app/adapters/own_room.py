"""A room of its own for a fork server whose children start programs that write files: what they leave behind cannot outlive it."""

from __future__ import annotations

import ctypes
import os
import select
import signal
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def enter_own_room(folder: Path, size: int) -> bool:
    """Gives this process mounts and process numbers of its own. `folder` (it exists) is from then on an empty one in memory, of at most
    `size` bytes, which nobody outside sees and which ends with the last process inside. When the first process inside ends, however
    that happens, the kernel ends the others.

    The caller goes on as that first process, forked; the process that called waits for it and exits as it does. False where the kernel
    does not give such a folder: another one must do. Needs a process with one thread, and standard input as its channel.
    """
    if not _apart():
        return False
    mounted = _mounted(folder, size)
    watched, held = os.pipe()
    first = os.fork()
    if first:
        os.close(0)  # so that the first process alone holds the channel
        _, status = os.waitpid(first, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
    os.close(held)
    _libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), *(ctypes.c_ulong(0),) * 3)
    if select.select([watched], [], [], 0)[0]:  # who forked this ended before that was said
        os._exit(1)
    os.close(watched)
    return mounted


def _apart() -> bool:
    user, group = os.geteuid(), os.getegid()
    if user == 0 and _libc.unshare(_CLONE_NEWNS | _CLONE_NEWPID) == 0:
        return True
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWPID) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        try:
            Path("/proc/self", name).write_text(text)
        except OSError:
            pass  # nobody's: the folder cannot be mounted then
    return True


def _mounted(folder: Path, size: int) -> bool:
    if _libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None) != 0:
        return False
    flags, options = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, f"size={size},nr_inodes=4096,mode=700".encode()
    return bool(_libc.mount(b"tmpfs", bytes(folder), b"tmpfs", ctypes.c_ulong(flags), options) == 0)
