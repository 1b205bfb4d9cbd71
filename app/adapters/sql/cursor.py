"""The place in a listing where the next page begins, opaque and signed for one tenant."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import UTC, datetime, timedelta

from app.errors import Refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAC_LENGTH = 16
_LONGEST = 200


def encode(key: bytes, tenant: str, received_at: datetime, invoice_id: str) -> str:
    place = f"{(received_at - _EPOCH) // timedelta(microseconds=1)} {invoice_id}".encode()
    return _text(_mac(key, tenant, place) + place)


def decode(key: bytes, tenant: str, cursor: str) -> tuple[datetime, str]:
    """Raises `Refused(400, "bad_cursor")` for what `encode` did not make with this key for this tenant."""
    refused = Refused(400, "bad_cursor", "the cursor does not come from a listing of these invoices")
    if len(cursor) > _LONGEST or not cursor.isascii():
        raise refused
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error as exc:
        raise refused from exc
    place = told[_MAC_LENGTH:]
    # Base64 has several spellings of the same bytes: only ours is taken.
    if _text(told) != cursor or not hmac.compare_digest(told[:_MAC_LENGTH], _mac(key, tenant, place)):
        raise refused
    micros, _, invoice_id = place.decode().partition(" ")
    return _EPOCH + timedelta(microseconds=int(micros)), invoice_id


def _text(told: bytes) -> str:
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def _mac(key: bytes, tenant: str, place: bytes) -> bytes:
    return hmac.digest(key, tenant.encode() + b"\0" + place, "sha256")[:_MAC_LENGTH]
