"""
How a route is hung: its row of the access table, its documentation, its answer as plain JSON.

Must not know any single route.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response

from dispatcher.api.access import TABLE, roles_of
from dispatcher.api.problems import MEDIA_TYPE, Problem
from dispatcher.api.seat import guard

BASE = "/api/v1"
_encoder = msgspec.json.Encoder(order="deterministic")
_EXAMPLES = Path(__file__).parent / "examples.json"
_TEMPLATE = "#/components/schemas/{name}"

# what any door may answer besides its own refusals
_FAULTS = {
    400: "The body is not JSON.",
    401: "Nobody is signed in, or the session is over.",
    403: "The role may not do this, or the page is not one of ours.",
    404: "There is no such thing, or it may not be seen.",
    405: "The path knows other methods.",
    409: "It cannot happen now; `code` and `facts` say why.",
    413: "The body is too large.",
    422: "A value does not fit; `errors` names the fields.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    500: "Something broke; nothing was half written.",
    503: "A part does not answer; repeat with the same Idempotency-Key.",
}


class Json(Response):
    """An answer encoded by msgspec: records as they are."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of a record, or bytes as they are."""
        return content if isinstance(content, bytes) else _encoder.encode(content)


class Doors:
    """A group of routes; hanging one without a row in the access table fails at the start."""

    def __init__(self, tag: str) -> None:
        self.router = APIRouter(prefix=BASE, tags=[tag])
        self.hung: list[str] = []
        self.answers: dict[str, Any] = {}

    def get(self, path: str, answer: Any, **more: Any) -> Callable[[Callable[..., Any]], Any]:
        """Hang a route that only looks."""
        return self._hang("GET", path, answer, **more)

    def post(self, path: str, answer: Any, **more: Any) -> Callable[[Callable[..., Any]], Any]:
        """Hang a route that may change something."""
        return self._hang("POST", path, answer, **more)

    def _hang(
        self,
        method: str,
        path: str,
        answer: Any,
        *,
        status: int = 200,
        also: dict[int | str, dict[str, Any]] | None = None,
    ) -> Callable[[Callable[..., Any]], Any]:
        key = f"{method} {path}"
        roles = roles_of(key)

        def hang(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            self.hung.append(key)
            self.answers[f"{method} {BASE}{path} {status}"] = answer
            lines = (endpoint.__doc__ or "").strip().splitlines()
            who = "Roles: " + (", ".join(sorted(roles)) if roles else "anybody") + "."
            self.router.add_api_route(
                path,
                endpoint,
                methods=[method],
                status_code=status,
                summary=lines[0].strip().rstrip("."),
                description="\n".join([*(line.strip() for line in lines), "", who]),
                dependencies=[Depends(guard(key, roles))] if roles else [],
                response_class=Json,
                operation_id=endpoint.__name__,
                responses=also or {},
            )
            return endpoint

        return hang


def check_table(groups: Iterable[Doors]) -> None:
    """Refuse to start with a row of the table that opens nothing."""
    idle = sorted(TABLE.keys() - {key for group in groups for key in group.hung})
    if idle:
        msg = f"access table: no route for {idle}"
        raise RuntimeError(msg)


def document(app: FastAPI, groups: Iterable[Doors]) -> None:
    """Put the answers and the refusals of every route into the app's OpenAPI."""
    answers = {key: value for group in groups for key, value in group.answers.items()}
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(plain(), answers)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI asks for the schema this way


@cache
def examples() -> dict[str, Any]:
    """Return a real answer of each route by ``METHOD /path``, as recorded from a running desk."""
    recorded: dict[str, Any] = json.loads(_EXAMPLES.read_text("utf-8"))
    return recorded


def _described(schema: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in answers.values() if kind is not None]
    found, components = msgspec.json.schema_components([*kinds, Problem], ref_template=_TEMPLATE)
    schema.setdefault("components", {}).setdefault("schemas", {}).update(components)
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)
    by_kind = dict(zip((repr(kind) for kind in kinds), found, strict=False))
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            answered = operation["responses"]
            answered.pop("422", None)
            key = f"{method.upper()} {path.removeprefix(BASE)}"
            for status in [s for s in answered if s.isdigit() and int(s) < 300]:
                kind = answers.get(f"{method.upper()} {path} {status}")
                if kind is not None:
                    body: dict[str, Any] = {"schema": by_kind[repr(kind)]}
                    if key in examples():
                        body["example"] = examples()[key]
                    answered[status]["content"] = {"application/json": body}
            if path.startswith(BASE):
                answered.update(_refusals(found[-1]))
    schema["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "desk_session"},
    }
    schema["security"] = [{"bearer": []}, {"cookie": []}]
    return schema


def _refusals(problem: dict[str, Any]) -> dict[str, Any]:
    return {
        str(status): {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": problem, "example": _example(status)}},
        }
        for status, text in _FAULTS.items()
    }


def _example(status: int) -> dict[str, Any]:
    if status == 404:
        return {
            "type": "/errors/unknown_ticket",
            "code": "unknown_ticket",
            "title": "Unknown ticket",
            "status": 404,
            "detail": "There is no ticket rvk-7. Check the number, or search the list of tickets.",
            "facts": {"ticket": "rvk-7"},
            "request_id": "01jd3v9k6c",
        }
    code = {400: "malformed_json", 401: "not_signed_in", 403: "not_allowed", 405: "wrong_method",
            409: "illegal_move", 413: "too_large", 422: "fields_wrong", 429: "too_many_requests",
            500: "broken_here", 503: "store_broken"}[status]  # fmt: skip
    return {
        "type": f"/errors/{code}",
        "code": code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": _FAULTS[status],
        "facts": {},
        "request_id": "01jd3v9k6c",
    }
