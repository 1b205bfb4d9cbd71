"""Which version of a model is used: at a running tritonserver, and on the disk that it starts from.

A new one is loaded beside the old one and asked its canary, and only then takes its place; services see that by themselves within
seconds, and ask it their own canary first. What cannot be loaded, or answers wrongly, leaves all as it was. `NAME/versions.jsonl` keeps
what was done, one JSON object a line; the `version_policy` of `NAME/config.pbtxt` (and of `NAME/configs/*.pbtxt`) says what the next
start loads.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.model_repository import CONFIGURATION, models_in, named_versions, with_version
from app.adapters.model_signature import DEPENDENCY
from app.adapters.served_model import examine
from app.adapters.triton_wire import NotLoaded, Wire
from app.errors import Unavailable

HISTORY = "versions.jsonl"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class VersionRefused(Unavailable):
    """It cannot be loaded, or answers its canary wrongly, or nobody knows whether it does. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class VersionState:
    """`state`: "used", "there" (not loaded), "broken" (`why`)."""

    model: str
    version: str
    state: str
    why: str = ""


class ModelVersions:
    """`repository`: the folder that the server starts from, or a copy of it: then what is written there is for nobody."""

    def __init__(self, wire: Wire, repository: Path) -> None:
        self._wire, self._repository = wire, repository

    async def status(self) -> list[VersionState]:
        """All that the server or the folder knows, by model, oldest version first."""
        index = await self._wire.index()
        found = []
        names = sorted(index.keys() | {folder.name for folder in models_in(self._repository)})
        for model in names:
            told = index.get(model, {})
            for version in sorted(told.keys() | set(self._there(model)), key=int):
                state, why = told.get(version, ("", ""))
                broken = state != "READY" and why not in ("", "unloaded")
                found.append(VersionState(model, version, "used" if state == "READY" else "broken" if broken else "there", why))
        return found

    async def verify(self, model: str, version: str) -> bool:
        """False if no canary is known here. Raises `Unavailable` if it does not answer as it must."""
        return (await examine(self._wire, self._repository, model, version))[1]

    async def load(self, model: str, version: str | None = None) -> str:
        """Returns the version that is used from now on: this one, or the newest on the disk. Raises `VersionRefused`, or
        `ValueError` for a model or version that is not there."""
        there = self._there(model)
        if not there or version not in (None, *there):
            raise ValueError(f"{model} {version or ''} is not in {self._repository}")
        wanted = version or there[-1]
        before = await self._loaded(model)
        if not named_versions((self._repository / model / CONFIGURATION).read_text("utf-8")):
            self._point(model, before[-1])  # else the next start would take the newest folder, however this ends
        try:
            await self._wire.load(model, sorted({*before, wanted}, key=int))
            if wanted not in await self._wire.versions_of(model):  # a version that its folder lacks is no error to the server
                raise Unavailable(DEPENDENCY, f"the server has no version {wanted} of {model}: its folder is another one than ours")
            if not await self.verify(model, wanted):
                raise Unavailable(DEPENDENCY, f"{model} {wanted} has no canary.npz, so nobody can tell whether it answers rightly")
        except Unavailable as exc:
            await self._wire.load(model, before)  # raises if the server is away: then the disk, which is as it was, says what it loads
            raise VersionRefused(DEPENDENCY, exc.detail) from exc
        self._point(model, wanted)
        await self._wire.load(model, [wanted])
        if before != (wanted,):
            self._record(model, before, wanted)
        return wanted

    async def rollback(self, model: str) -> str:
        """Back to what was used before the last `load`. Returns it. Raises as `load`."""
        entries = self._history(model)
        used = (await self._loaded(model))[-1]
        before = next((entry["before"] for entry in reversed(entries) if entry["used"] == used and entry["before"]), None)
        if before is None:
            raise ValueError(f"nothing was used before {model} {used}")
        return await self.load(model, before)

    async def _loaded(self, model: str) -> tuple[str, ...]:
        try:
            return await self._wire.versions_of(model)
        except NotLoaded:
            await self._wire.load(model)  # what its configuration says
            return await self._wire.versions_of(model)

    def _there(self, model: str) -> list[str]:
        folder = self._repository / model
        if not _NAME.fullmatch(model) or not folder.is_dir():
            return []
        return sorted((each.name for each in folder.iterdir() if each.name.isdigit() and each.is_dir()), key=int)

    def _point(self, model: str, version: str) -> None:
        folder = self._repository / model
        for path in (folder / CONFIGURATION, *sorted(folder.glob("configs/*.pbtxt"))):
            written = path.with_suffix(".new")
            written.write_text(with_version(path.read_text(), version))
            os.replace(written, path)

    def _record(self, model: str, before: tuple[str, ...], used: str) -> None:
        entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "before": before[-1] if before else None, "used": used}
        with open(self._repository / model / HISTORY, "a") as history:
            history.write(json.dumps(entry) + "\n")

    def _history(self, model: str) -> list[dict[str, str]]:
        path = self._repository / model / HISTORY
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
