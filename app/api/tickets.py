"""Tickets: what a browser opens a websocket with, since it cannot send a header there and a key does not belong into a URL.

A ticket is good for one use within its life, for the tenant and the scopes of the key that asked for it. It is signed
(HMAC-SHA256), so nothing is stored when it is made. That it was used is a row in SQL, so it is used once among all replicas (which
sign with one key), also after a restart.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec

from app.ports import Principal

LONGEST = 1024
PURPOSE = b"invoicestream websocket ticket 1\x00"  # the same key may sign other things elsewhere


class _Claims(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    nonce: str
    expires_at: float
    tenant: str
    key_id: str
    scopes: list[str]


class Tickets:
    """`use` is `InvoiceStore.use_ticket`."""

    def __init__(
        self, key: bytes, seconds: float, clock: Callable[[], float], use: Callable[[Principal, str, datetime], Awaitable[bool]]
    ) -> None:
        self._key = key
        self._seconds = seconds
        self._clock = clock
        self._use = use

    def issue(self, principal: Principal) -> tuple[str, float]:
        """(ticket, when it expires in seconds since the epoch)."""
        expires_at = self._clock() + self._seconds
        claims = _Claims(secrets.token_urlsafe(16), expires_at, principal.tenant, principal.key_id, sorted(principal.scopes))
        body = msgspec.json.encode(claims)
        return f"{_text(body)}.{_text(self._signature(body))}", expires_at

    async def redeem(self, ticket: str) -> Principal | None:
        """None for a ticket that is forged, expired or already used, or whose key was revoked. Raises `Unavailable`."""
        if len(ticket) > LONGEST:
            return None
        try:
            body, signature = map(_raw, ticket.split(".", 1))
            if not hmac.compare_digest(signature, self._signature(body)):
                return None
            claims = msgspec.json.decode(body, type=_Claims)
        except (ValueError, binascii.Error, msgspec.MsgspecError):
            return None
        if claims.expires_at <= self._clock():
            return None
        principal = Principal(claims.tenant, claims.key_id, frozenset(claims.scopes))
        return principal if await self._use(principal, claims.nonce, datetime.fromtimestamp(claims.expires_at, UTC)) else None

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, PURPOSE + body, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
