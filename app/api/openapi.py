"""The OpenAPI document: every operation says its problems, its examples and its headers. Tests run the examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.routing import BaseRoute

from app.api.examples import ID
from app.api.problems import PROBLEM_JSON, TITLES, TYPE
from app.api.schemas import ProblemJson

SUMMARY = "An invoice goes in as PDF, scan, photo or e-invoice XML; a checked, traceable EN 16931 invoice comes out."
DESCRIPTION = """
Every call but the probes needs `Authorization: Bearer KEY`. Every error is `application/problem+json` (RFC 9457).

**Websockets** (not part of OpenAPI): `/invoices/{id}/live` and `/live`, opened with the same header or with `?ticket=` from
`POST /tickets`. The first message is `{"type": "snapshot", ...}`, then one message for each event, as in `GET /invoices/{id}/events`;
after a break, connect again with `?last_event_id=` and what was missed comes first. See docs/api.md.
"""

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"

Responses = dict[int | str, dict[str, Any]]


def answer(status: int, description: str, model: Any, example: Any, headers: Mapping[str, str] | None = None) -> Responses:
    """A good answer. `headers`: name -> what it says."""
    documented = {name: {"description": says, "schema": {"type": "string"}} for name, says in (headers or {}).items()}
    return {
        status: {
            "description": description,
            "model": model,
            "content": {"application/json": {"example": example}},
            **({"headers": documented} if documented else {}),
        }
    }


def binary(media_type: str, description: str) -> Responses:
    return {200: {"description": description, "content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


def problems(codes: Mapping[int, tuple[str, ...]], *, key: bool = True) -> Responses:
    """The problems of an operation by status. Those of the key, and of ours, are the same everywhere."""
    every: dict[int, tuple[str, ...]] = {401: ("unauthenticated",), 403: ("insufficient_scope",), 503: ("unavailable",)} if key else {}
    every[500] = ("internal_error",)
    for status, more in codes.items():
        every[status] = (*every.get(status, ()), *more)
    return {status: _problem(status, names) for status, names in sorted(every.items())}


def _problem(status: int, codes: tuple[str, ...]) -> dict[str, Any]:
    examples = {
        code: {
            "value": {
                "type": TYPE + code,
                "title": TITLES[code],
                "status": status,
                "instance": f"/invoices/{ID}",
                "trace_id": TRACE_ID,
            }
        }
        for code in codes
    }
    description = f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}"
    content = {"schema": {"$ref": "#/components/schemas/ProblemJson"}, "examples": examples}
    return {"description": description, "content": {PROBLEM_JSON: content}}


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Replaces FastAPI's document by ours, of these routes: made at the first request for it, then kept."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, routes)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, summary=SUMMARY, description=DESCRIPTION, routes=app.routes, tags=app.openapi_tags
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for invented in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of an error, which we never send
        schemas.pop(invented, None)
    problem = TypeAdapter(ProblemJson).json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    for name, schema in schemas.items():
        if schema.get("type") == "object" and "properties" in schema and name != "ProblemJson":
            schema["required"] = list(schema["properties"])  # every member is always there, null where there is nothing to say
    schemas["ProblemJson"] = problem
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "A key of one tenant."}}
    document["security"] = [{"key": []}]
    _restore_examples(routes, document)
    for path in document["paths"].values():
        for operation in path.values():
            if "401" not in operation["responses"]:
                operation["security"] = []
            refused = operation["responses"].get("422")
            if refused and "$ref" in str(refused) and "HTTPValidationError" in str(refused):
                del operation["responses"]["422"]
    return document


def _restore_examples(routes: Sequence[BaseRoute], document: dict[str, Any]) -> None:
    """FastAPI leaves out every null, and ours mean something: "the document does not say"."""
    for route in routes:
        if not isinstance(route, APIRoute):
            continue
        for method in route.methods or ():
            responses = document["paths"][route.path][method.lower()]["responses"]
            for status, response in route.responses.items():
                content = response.get("content", {}).get("application/json")
                if content is not None:
                    responses[str(status)]["content"]["application/json"]["example"] = content["example"]
