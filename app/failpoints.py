"""Named places at which a test may kill the process, as `kill -9` would: what is proved there is proved for every crash.

`INVOICESTREAM_FAILPOINT="name"` or `"name:nth"` in the environment, read once at import: the process ends at the nth time
(1 unless told) that `failpoint(name)` is passed. Without the variable a call is one comparison.
"""

from __future__ import annotations

import os
import signal
import threading

_name, _, _nth = os.environ.get("INVOICESTREAM_FAILPOINT", "").partition(":")
_left = int(_nth or 1)
_lock = threading.Lock()


def failpoint(name: str) -> None:
    """Returns at once, unless this is the armed place and its turn has come: then it never returns."""
    if name == _name:
        _pass_armed()


def _pass_armed() -> None:
    global _left
    with _lock:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
