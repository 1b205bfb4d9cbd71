"""Who reads a page: engines in turn, the next where one cannot or reads badly. docs/ocr_engines.md says why in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol

import structlog

from app.adapters.model_signature import WrongAnswer
from app.domain.document import Words
from app.errors import DeadlineExceeded, Unavailable, Unprocessable
from app.ports import OcrEngine, PageText, Picture

log = structlog.get_logger(__name__)

READ_BADLY = 60.0  # percent: mean confidence of a page under which the next engine reads it too
NOTE = "other_engine"  # on the document: a page was not read by the engine that reads first

Reason = Literal["engine_away", "engine_slow", "engine_wrong", "engine_unreadable", "engine_read_badly"]


class Watch(Protocol):
    """Is told what happens; must not raise or wait."""

    def fell_back(self, reason: str) -> None: ...


class _Nobody:
    def fell_back(self, reason: str) -> None: ...


class InTurn:
    """`engines`: who reads first, then who is asked where that one is away, too slow, fails on the page, or reads it badly.

    Of two that read badly the surer reading is kept. When none has read it, the last one's word counts: `Unprocessable` if it fails on this
    page, `Unavailable` if it is away. `away`: why nobody could read the last page; empty while somebody does.
    """

    def __init__(self, engines: Sequence[OcrEngine], watch: Watch | None = None) -> None:
        self.away = ""
        self._engines = engines
        self._watch = watch or _Nobody()

    async def read(self, picture: Picture, languages: Sequence[str] = (), *, tenant: str = "") -> PageText:
        best: PageText | None = None
        failed: Unavailable | Unprocessable | None = None
        for place, engine in enumerate(self._engines):
            try:
                text = await engine.read(picture, languages, tenant=tenant)
            except (Unavailable, Unprocessable) as exc:
                failed, reason = exc, _reason(exc)
            else:
                text = replace(text, notes=(*text.notes, NOTE)) if place else text
                if best is None or _sure(text.words) > _sure(best.words):
                    best = text
                if _quality(best.words) >= READ_BADLY:
                    break
                reason = "engine_read_badly"
            if place + 1 < len(self._engines):
                self._watch.fell_back(reason)
                log.debug("ocr.fell_back", reason=reason, detail=failed.detail if failed else "")
        if best is not None:
            self.away = ""
            return best
        assert failed is not None, "no engine"
        self.away = failed.detail if isinstance(failed, Unavailable) else ""
        raise failed

    async def ping(self) -> None:
        """One that answers is enough. Raises what the last one raised."""
        failed: Unavailable | None = None
        for engine in self._engines:
            try:
                await engine.ping()
            except Unavailable as exc:
                failed = exc
            else:
                return
        assert failed is not None, "no engine"
        raise failed


def _reason(exc: Unavailable | Unprocessable) -> Reason:
    if isinstance(exc, Unprocessable):
        return "engine_unreadable"
    if isinstance(exc, WrongAnswer):
        return "engine_wrong"
    return "engine_slow" if isinstance(exc, DeadlineExceeded) else "engine_away"


def _sure(words: Words) -> float:
    """Letters, each counted by its word's confidence: more that is surer is better."""
    return sum(words.confidence(i) * len(text) for i, text in enumerate(words.texts))


def _quality(words: Words) -> float:
    """Mean confidence by letters, percent; 0 where nothing was read."""
    letters = sum(map(len, words.texts))
    return 100 * _sure(words) / letters if letters else 0.0
