"""
Every refusal as `application/problem+json` in the asker's language; never a stack trace.

Must not decide anything: it only tells what was raised.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dispatcher.api.duty_views import LackView, lack_view
from dispatcher.desk.command.gates import Missing
from dispatcher.errors import (
    BrokenHere,
    DispatcherError,
    FieldsWrong,
    GateClosed,
    MalformedJson,
    NoSuchPath,
    RowsWrong,
    TooManyRequests,
    WrongMethod,
)
from dispatcher.texts import Lang, catalogue, language, say

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field, dotted as sent."""

    field: str
    code: str
    text: str


class CellFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with one cell of a table, and what to write instead."""

    # as numbered in the file, 1 = the header
    row: int
    # the heading in the file; empty when it stands beyond the last one
    column: str
    # as written; customers' own data are veiled
    value: str
    code: str
    text: str
    instead: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal (RFC 9457)."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    facts: dict[str, Any]
    request_id: str
    errors: tuple[FieldFault, ...] = ()
    # everything a closed gate waits for
    missing: tuple[LackView, ...] = ()
    # wrong cells of a table, the first two hundred
    cells: tuple[CellFault, ...] = ()


def problem_of(
    error: DispatcherError, lang: Lang, request_id: str, errors: tuple[FieldFault, ...] = ()
) -> Problem:
    """Return a refusal as its body."""
    code = error.code()
    return Problem(
        type=f"/errors/{code}",
        code=code,
        title=code.replace("_", " ").capitalize(),
        status=error.status,
        detail=error.message(lang),
        facts={key: _plain(value) for key, value in error.facts.items()},
        request_id=request_id,
        errors=errors,
        missing=_lacking(error, lang),
        cells=_cells(error),
    )


def _lacking(error: DispatcherError, lang: Lang) -> tuple[LackView, ...]:
    found = error.lacking if isinstance(error, GateClosed) else ()
    return tuple(lack_view(one, lang) for one in found if isinstance(one, Missing))


def _cells(error: DispatcherError) -> tuple[CellFault, ...]:
    found = error.cells if isinstance(error, RowsWrong) else ()
    return tuple(one for one in found if isinstance(one, CellFault))


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def respond(
    error: DispatcherError, lang: Lang, request_id: str, errors: tuple[FieldFault, ...] = ()
) -> Response:
    """Return the HTTP answer for a refusal."""
    headers: dict[str, str] = {"Content-Language": lang}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.facts.get("wait_s", 1))
    if error.status == WrongMethod.status:
        headers["Allow"] = str(error.facts.get("allowed", ""))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(problem_of(error, lang, request_id, errors)),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def lang_of(request: Request) -> Lang:
    """Return the language a request asks for."""
    return language(request.headers.get("accept-language"))


def request_id_of(request: Request) -> str:
    """Return the id the edge gave a request."""
    return str(request.scope.get("request_id", ""))


def field_faults(found: Sequence[Any], lang: Lang) -> tuple[FieldFault, ...]:
    """Return what a validation found, in words, at most twenty of it."""
    return tuple(_field_fault(one, lang) for one in found[:20])


def _field_fault(found: dict[str, Any], lang: Lang) -> FieldFault:
    where = [str(part) for part in found.get("loc", ())]
    if where and where[0] in {"body", "query", "path", "header"}:
        where = where[1:]
    kind = str(found.get("type", ""))
    facts = {str(k): _plain(v) for k, v in (found.get("ctx") or {}).items()}
    error = (found.get("ctx") or {}).get("error")
    if isinstance(error, DispatcherError):
        return FieldFault(field=".".join(where), code=error.code(), text=error.message(lang))
    key = f"field.{kind}"
    if key not in catalogue("en"):
        return FieldFault(
            field=".".join(where),
            code=kind,
            text=say("field.other", lang, why=found.get("msg", "")),
        )
    return FieldFault(field=".".join(where), code=kind, text=say(key, lang, **facts))


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, DispatcherError)  # noqa: S101 — registered for this class only
    return respond(error, lang_of(request), request_id_of(request))


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 — registered for this class only
    lang, request_id = lang_of(request), request_id_of(request)
    found = error.errors()
    broken = next((one for one in found if one.get("type") == "json_invalid"), None)
    if broken is not None:
        why = str((broken.get("ctx") or {}).get("error", "")) or str(broken.get("msg", ""))
        return respond(MalformedJson(problem=why), lang, request_id)
    faults = field_faults(found, lang)
    names = ", ".join(dict.fromkeys(one.field or "body" for one in faults))
    return respond(FieldsWrong(fields=names), lang, request_id, faults)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 — registered for this class only
    lang, request_id = lang_of(request), request_id_of(request)
    if error.status_code == WrongMethod.status:
        allowed = (error.headers or {}).get("Allow", "")
        return respond(WrongMethod(method=request.method, allowed=allowed), lang, request_id)
    if error.status_code == NoSuchPath.status:
        return respond(NoSuchPath(path=request.url.path[:200]), lang, request_id)
    if error.status_code == MalformedJson.status:
        return respond(MalformedJson(problem=str(error.detail)), lang, request_id)
    return Response(status_code=error.status_code, headers=error.headers)


def _broken(request: Request, error: Exception) -> Response:
    request_id = request_id_of(request)
    logger.error(
        "request failed", exc_info=error, extra={"action": "failed", "request_id": request_id}
    )
    return respond(BrokenHere(request_id=request_id), lang_of(request), request_id)


def install(app: FastAPI) -> None:
    """Let `app` answer every refusal in this form."""
    app.add_exception_handler(DispatcherError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
