"""The versions that every result stores, so that retraining and replay know what made it."""

from __future__ import annotations

from collections.abc import Mapping

from app import __version__

# Raise a part's number whenever its output for the same input changes.
VERSIONS: Mapping[str, str] = {"code": __version__, "rules": "3", "recognition": "1", "models": "none", "policy": "3"}
