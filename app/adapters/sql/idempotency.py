"""Idempotency keys: held while a request is under way, then kept with its answer. Parts of transactions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.adapters.sql.codec import accepted_of, json_bytes
from app.adapters.sql.schema import idempotency
from app.errors import Conflict, Refused
from app.ports import Accepted, IdempotencyKey

HELD_FOR = timedelta(seconds=60)
KEPT_FOR = timedelta(hours=24)

_THIS = (idempotency.c.tenant == bindparam("w_tenant"), idempotency.c.key_hash == bindparam("w_key"))
_FIND = select(idempotency.c.fingerprint, idempotency.c.state, idempotency.c.answer, idempotency.c.created_at).where(*_THIS)
_ADD = insert(idempotency)
_FINISH = (
    update(idempotency)
    .where(*_THIS, idempotency.c.state == "in_flight")
    .values(state="done", fingerprint=bindparam("w_fingerprint"), answer=bindparam("w_answer"), created_at=bindparam("w_now"))
)
_REMOVE = delete(idempotency).where(*_THIS)
_ABANDON = delete(idempotency).where(*_THIS, idempotency.c.state == "in_flight")
_LET_GO = delete(idempotency).where(idempotency.c.state == "in_flight")
_EXPIRE = delete(idempotency).where(idempotency.c.created_at < bindparam("before"))


def look_up(connection: Connection, tenant: str, key: IdempotencyKey, now: datetime) -> Sequence[Accepted] | Literal["free", "held"]:
    """The first answer if there is one. Raises `Refused(422)` for a key that was answered for another fingerprint."""
    row = _current(connection, tenant, key.key, now)
    if row is None:
        return "free"
    if row.state == "in_flight":
        return "held"
    if row.fingerprint != _hash(key.fingerprint):
        raise Refused(422, "idempotency_key_reused", "this Idempotency-Key was used with another body")
    return accepted_of(row.answer)


def hold(connection: Connection, tenant: str, key: str, now: datetime) -> bool:
    """False if the key has its answer. Raises `Refused(409)` while it is held."""
    row = _current(connection, tenant, key, now)
    if row is None:
        _add(connection, tenant, IdempotencyKey(key, ""), "in_flight", None, now)  # the fingerprint comes with the answer
        return True
    if row.state == "in_flight":
        raise Refused(409, "idempotency_in_flight", "a request with this Idempotency-Key is under way")
    return False


def finish(connection: Connection, tenant: str, key: IdempotencyKey, was: object, answer: Sequence[Accepted], now: datetime) -> None:
    """`was` is what `look_up` said. Raises `Conflict` if another request has given the key its answer since."""
    told = json_bytes(answer)
    if was == "free":
        _add(connection, tenant, key, "done", told, now)
    else:
        answered = _this(tenant, key.key) | {"w_fingerprint": _hash(key.fingerprint), "w_answer": told, "w_now": now}
        if connection.execute(_FINISH, answered).rowcount != 1:
            raise Conflict("the key has just been answered, or let go")


def abandon(connection: Connection, tenant: str, key: str) -> None:
    connection.execute(_ABANDON, _this(tenant, key))


def let_go(connection: Connection) -> None:
    """Nobody's request is under way any more: whoever held a key has died."""
    connection.execute(_LET_GO)


def expire(connection: Connection, now: datetime) -> None:
    """Removes what nobody asks for any more."""
    connection.execute(_EXPIRE, {"before": now - KEPT_FOR})


def _current(connection: Connection, tenant: str, key: str, now: datetime) -> Any:
    """The key's row; one that has expired is removed."""
    this = _this(tenant, key)
    row = connection.execute(_FIND, this).first()
    if row is not None and now - row.created_at > (KEPT_FOR if row.state == "done" else HELD_FOR):
        connection.execute(_REMOVE, this)
        return None
    return row


def _add(connection: Connection, tenant: str, key: IdempotencyKey, state: str, answer: bytes | None, now: datetime) -> None:
    row = {
        "tenant": tenant,
        "key_hash": _hash(key.key),
        "fingerprint": _hash(key.fingerprint),
        "state": state,
        "answer": answer,
        "created_at": now,
    }
    connection.execute(_ADD, row)


def _this(tenant: str, key: str) -> dict[str, object]:
    return {"w_tenant": tenant, "w_key": _hash(key)}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
