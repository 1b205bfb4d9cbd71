"""The versions that every result stores, so that retraining and replay know what made it."""

from __future__ import annotations

from collections.abc import Mapping

from app import __version__
from app.domain.extraction import SURE

# Raise a part's number whenever its output for the same input changes.
VERSIONS: Mapping[str, str] = {"code": __version__, "rules": "3", "recognition": "1", "models": "none", "policy": "3"}


def versions_of(sure: float) -> Mapping[str, str]:
    """Those of a policy that asks for this probability."""
    return VERSIONS if sure == SURE else {**VERSIONS, "policy": f"{VERSIONS['policy']} at {sure:g}"}
