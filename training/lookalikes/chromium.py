"""Headless Chromium that prints HTML to PDF, one process for any number of documents, spoken to over its own pipe (no port)."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")


class Chromium:
    """A context manager. Raises FileNotFoundError if none of `NAMES` is on the PATH."""

    def __enter__(self) -> Chromium:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            raise FileNotFoundError(f"none of {', '.join(NAMES)} is installed")
        self._profile = tempfile.TemporaryDirectory(prefix="lookalikes-", ignore_cleanup_errors=True)
        commands, self._out = os.pipe()
        answers_in, answers_out = os.pipe()
        self._in = os.fdopen(answers_in, "rb")
        # The protocol wants 3 and 4; ours are moved out of the way of both first.
        child_in, child_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (commands, answers_out))

        def place() -> None:
            os.dup2(child_in, 3)
            os.dup2(child_out, 4)

        flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage")
        self._process = subprocess.Popen(
            [found, *flags, "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}", "about:blank"],
            preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for fd in (commands, answers_out, child_in, child_out):
            os.close(fd)
        self._asked = 0
        self._session: str | None = None
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self._frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session = None
        try:
            self._ask("Browser.close")
            self._process.wait(20)
        except (OSError, EOFError, subprocess.TimeoutExpired):
            self._process.kill()
        self._process.wait()
        os.close(self._out)
        self._in.close()
        self._profile.cleanup()

    def pdf(self, html: str) -> bytes:
        """`html` as printed, its paper as its `@page` says. Pictures have to be data URIs: nothing is fetched."""
        self._ask("Page.setDocumentContent", {"frameId": self._frame, "html": html})
        ready = "Promise.all([document.fonts.ready, ...Array.from(document.images, i => i.decode())]).then(() => 0)"
        self._ask("Runtime.evaluate", {"expression": ready, "awaitPromise": True})
        answer = self._ask("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
        return base64.b64decode(answer["data"])

    def _ask(self, method: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": parameters or {}}
        if self._session:
            message["sessionId"] = self._session
        whole = json.dumps(message).encode() + b"\0"
        while whole:
            whole = whole[os.write(self._out, whole) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._asked:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        parts = bytearray()
        while (byte := self._in.read1(1)) != b"\0":
            if not byte:
                raise EOFError("Chromium has ended")
            parts += byte
        return dict(json.loads(parts))
