"""A circuit breaker: who asks a dependency that does not answer is told so at once, and the dependency is left in peace."""

from __future__ import annotations

from typing import Literal, Protocol

import structlog

from app.errors import Unavailable

log = structlog.get_logger(__name__)

FAILURES = 5  # in a row, until it opens
State = Literal["closed", "half_open", "open"]


class Watch(Protocol):
    """Is told what happens; must not raise or wait."""

    def breaker(self, dependency: str, state: State) -> None: ...


class Breaker:
    """`closed`: all pass. `open`: none does. `half_open`: somebody tries it out, none other passes. Whoever owns it tries and closes it.

    `dependency` is what `Unavailable` names, `name` what exactly is guarded: bounded, for it is a metric's label.
    """

    def __init__(self, dependency: str, name: str, watch: Watch) -> None:
        self.state: State = "closed"
        self.why = ""
        self._dependency, self._name, self._watch = dependency, name, watch
        self._failures = 0
        watch.breaker(name, self.state)

    def admit(self) -> None:
        """Raises `Unavailable` unless it is closed."""
        if self.state != "closed":
            raise Unavailable(self._dependency, f"{self._name} is left alone: {self.why}")

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, why: str, *, at_once: bool = False) -> bool:
        """Whether it opened by this. `at_once`: no more such failures are waited for."""
        self._failures += 1
        if self.state != "closed" or (self._failures < FAILURES and not at_once):
            return False
        self.why = why
        self._set("open")
        log.warning("breaker.open", dependency=self._name, reason=why)
        return True

    def half_open(self) -> None:
        self._set("half_open")

    def still_open(self, why: str) -> None:
        self.why = why
        self._set("open")

    def close(self) -> None:
        self._failures = 0
        self._set("closed")
        log.info("breaker.closed", dependency=self._name)

    def _set(self, state: State) -> None:
        self.state = state
        self._watch.breaker(self._name, state)
