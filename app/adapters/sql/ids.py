"""Ids that sort by when they were made, and what may be taken for one."""

from __future__ import annotations

import os
import re
import time
import uuid

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ID = re.compile(r"[0-9a-f-]{36}")
_TRACEPARENT = re.compile(r"[0-9a-f-]{1,64}")


def new_id() -> str:
    """A UUID, version 7: milliseconds, then the millisecond's fraction in 12 bits (RFC 9562, method 3), then 62 random bits."""
    ns = time.time_ns()
    fraction = (ns % 1_000_000) * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1
    return str(uuid.UUID(int=(ns // 1_000_000 & (1 << 48) - 1) << 80 | 7 << 76 | fraction << 64 | 2 << 62 | random))


def is_tenant(text: str) -> bool:
    """Tenants stand in blob paths and routing keys too: small letters, digits, `_` and `-`, at most 64."""
    return _TENANT.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """False for what cannot be one of our ids; the database is then not asked."""
    return _ID.fullmatch(text) is not None


def clean_traceparent(text: str | None) -> str | None:
    return text if text and _TRACEPARENT.fullmatch(text) else None
