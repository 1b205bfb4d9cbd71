"""API keys: `is_<key_id>_<random>`, stored as SHA-256; and the tickets that were made with them, once they are used.

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
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.adapters.sql.codec import clipped
from app.adapters.sql.engine import Database
from app.adapters.sql.ids import is_tenant
from app.adapters.sql.schema import api_keys, used_tickets
from app.adapters.sql.tenants import ensure_tenant
from app.errors import Conflict, Refused
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


_ADD_USED = insert(used_tickets)
_EXPIRE_USED = delete(used_tickets).where(used_tickets.c.expires_at < bindparam("before"))
CLOCKS_APART = timedelta(hours=1)
"""Used tickets are remembered for so long after they have expired by our clock: by another replica's they may not have."""


@dataclass(frozen=True, slots=True)
class _Known:
    asked_at: datetime
    secret_hash: str
    expires_at: datetime | None
    principal: Principal


class ApiKeys:
    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()  # by id; hashes only: who reads our memory finds no key in it

    async def authenticate(self, secret: str) -> Principal | None:
        match = _SECRET.fullmatch(secret)
        if match is None:
            return None
        known = await self._valid(match[1])
        return known.principal if known is not None and hmac.compare_digest(known.secret_hash, _hash(secret)) else None

    async def is_valid(self, principal: Principal) -> bool:
        return await self._valid(principal.key_id) is not None

    async def use_ticket(self, principal: Principal, nonce: str, expires_at: datetime) -> bool:
        used = {"tenant": principal.tenant, "nonce": nonce, "expires_at": expires_at}

        def use(connection: Connection) -> bool:
            key = connection.execute(_FIND, {"id": principal.key_id}).first()  # not from memory: a ticket is as good as the key
            if key is None or key.tenant != principal.tenant or not _is_alive(key.revoked_at, key.expires_at, self._clock()):
                return False
            connection.execute(_ADD_USED, used)
            return True

        try:
            return await self._database.write(use)
        except Conflict:  # it is there already
            return False

    async def _valid(self, key_id: str) -> _Known | None:
        """The key as it was at most `CACHE_FOR` ago; None for an unknown, expired or revoked one."""
        now = self._clock()
        known = self._known.pop(key_id, None)
        if known is None or abs(now - known.asked_at) >= CACHE_FOR:
            row = await self._database.read(lambda connection: connection.execute(_FIND, {"id": key_id}).first())
            if row is None or row.revoked_at is not None:
                return None
            known = _Known(now, row.secret_hash, row.expires_at, Principal(row.tenant, key_id, frozenset(row.scopes.split())))
        if not _is_alive(None, known.expires_at, now):
            return None
        self._known[key_id] = known
        if len(self._known) > CACHE_SIZE:
            self._known.popitem(last=False)
        return known

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
        self._known.pop(key_id, None)
        return revoked


def forget_used_tickets(connection: Connection, now: datetime) -> None:
    """Part of a transaction."""
    connection.execute(_EXPIRE_USED, {"before": now - CLOCKS_APART})


def _is_alive(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> bool:
    return revoked_at is None and (expires_at is None or now < expires_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
