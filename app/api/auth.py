"""Who calls: `Authorization: Bearer KEY`, and what the key may do."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.api.context import context_of
from app.errors import Refused
from app.ports import Principal

Scope = Literal["read", "write"]
_BEARER = re.compile(r"bearer +([!-~]{1,512})", re.IGNORECASE)


def secret_in(connection: HTTPConnection) -> str | None:
    """The key in the header; None where there is no header. Raises `Refused(401)` for one that says something else, or two."""
    given = connection.headers.getlist("authorization")
    if not given:
        return None
    match = _BEARER.fullmatch(given[0].strip())
    if match is None or len(given) > 1:
        raise Refused(401, "unauthenticated", "send: Authorization: Bearer KEY")
    return match[1]


async def authenticate(connection: HTTPConnection, scope: Scope) -> Principal:
    """Raises `Refused(401)` for no or no valid key, `Refused(403)` for one without the scope."""
    secret = secret_in(connection)
    if secret is None:
        raise Refused(401, "unauthenticated", "send: Authorization: Bearer KEY")
    principal = await context_of(connection).invoices.authenticate(secret)
    if principal is None:
        raise Refused(401, "unauthenticated", "the key is unknown, expired or revoked")
    demand(principal, scope)
    return principal


def demand(principal: Principal, scope: Scope) -> None:
    if scope not in principal.scopes:
        raise Refused(403, "insufficient_scope", f"this needs a key with the scope `{scope}`")


def _dependency(scope: Scope) -> Callable[[HTTPConnection], Awaitable[Principal]]:
    async def principal(connection: HTTPConnection) -> Principal:
        return await authenticate(connection, scope)

    return principal


Reader = Annotated[Principal, Depends(_dependency("read"))]
Writer = Annotated[Principal, Depends(_dependency("write"))]
