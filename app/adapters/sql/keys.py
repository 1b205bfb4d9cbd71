"""API keys: `is_<key_id>_<random>`, stored as SHA-256.

The random part has 256 bits, so a plain hash is right: there is nothing to guess that a slow hash would make dearer, and every
request pays for it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from app.adapters.sql.codec import clipped
from app.adapters.sql.engine import Database
from app.adapters.sql.ids import is_tenant
from app.adapters.sql.schema import api_keys
from app.adapters.sql.tenants import ensure_tenant
from app.errors import Refused
from app.ports import NewKey, Principal

CACHE_FOR = timedelta(seconds=2)
"""How long an answer is used again: a revocation by another process works within this time; the port promises 5 s."""
CACHE_SIZE = 1024

_SECRET = re.compile(r"is_([a-z0-9]{12})_[A-Za-z0-9_-]{43}")
_FIND = select(api_keys.c.tenant, api_keys.c.secret_hash, api_keys.c.scopes, api_keys.c.expires_at, api_keys.c.revoked_at).where(
    api_keys.c.key_id == bindparam("id")
)
_ADD = insert(api_keys)
_REVOKE = update(api_keys).where(api_keys.c.key_id == bindparam("id"), api_keys.c.revoked_at.is_(None)).values(revoked_at=bindparam("now"))


class ApiKeys:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        # By the secret's hash: who reads our memory finds no key in it that was not just used.
        self._known: OrderedDict[str, tuple[datetime, datetime | None, Principal]] = OrderedDict()

    async def authenticate(self, secret: str) -> Principal | None:
        match = _SECRET.fullmatch(secret)
        if match is None:
            return None
        now = self._clock()
        hashed = _hash(secret)
        if known := self._known.get(hashed):
            asked_at, expires_at, principal = known
            if abs(now - asked_at) < CACHE_FOR and (expires_at is None or now < expires_at):
                return principal
            self._known.pop(hashed, None)
        key_id = match[1]
        row = await self._database.read(lambda connection: connection.execute(_FIND, {"id": key_id}).first())
        if row is None or not hmac.compare_digest(row.secret_hash, hashed):
            return None
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
            return None
        principal = Principal(row.tenant, key_id, frozenset(row.scopes.split()))
        self._known[hashed] = (now, row.expires_at, principal)
        if len(self._known) > CACHE_SIZE:
            self._known.popitem(last=False)
        return principal

    async def create(self, tenant: str, scopes: frozenset[str], expires_at: datetime | None) -> NewKey:
        """Raises `Refused(422)` for a name that no tenant may have, or a scope with white space in it."""
        if not is_tenant(tenant):
            raise Refused(422, "bad_tenant", "small letters, digits, _ and -, at most 64, the first a letter or digit")
        scope_list = " ".join(sorted(scopes))
        if any(not s or s.split() != [s] for s in scopes) or clipped(scope_list, 255) != scope_list:
            raise Refused(422, "bad_scope")
        key_id = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(12))
        secret = f"is_{key_id}_{secrets.token_urlsafe(32)}"
        now = self._clock()
        row = {
            "key_id": key_id,
            "tenant": tenant,
            "secret_hash": _hash(secret),
            "scopes": scope_list,
            "created_at": now,
            "expires_at": expires_at,
        }

        def add(connection: Connection) -> None:
            ensure_tenant(connection, tenant, now)
            connection.execute(_ADD, row)

        await self._database.write(add)
        return NewKey(key_id, secret)

    async def revoke(self, key_id: str) -> bool:
        """Whether there was such a key and it was not revoked yet."""
        if not (key_id.isascii() and key_id.isalnum()):
            return False
        params = {"id": key_id, "now": self._clock()}
        revoked = await self._database.write(lambda connection: connection.execute(_REVOKE, params).rowcount == 1)
        for hashed in [h for h, (_, _, principal) in self._known.items() if principal.key_id == key_id]:
            del self._known[hashed]
        return revoked


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
