"""
Every refusal as `application/problem+json` in the asker's language; never a stack trace.

Must not decide anything: it only tells what was raised.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

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


class FieldFault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with one field, dotted as sent."""

    field: str
    code: str
    text: str
    # as sent, when it is one value and none of a customer's own (R91)
    value: str = ""


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


# R91: what names or quotes a customer, or opens a door, is told by its place, not by its words
_OWN = frozenset(
    {
        *("name", "phone", "email", "address", "note", "symptom", "remark", "model"),
        *("link", "token", "session"),
    }
)
_VALUE_CHARS = 80


def field_faults(found: Sequence[Any], lang: Lang, model: object = None) -> tuple[FieldFault, ...]:
    """Return what a validation found, in words, at most twenty of it; `model` knows the right names."""
    return tuple(_field_fault(one, lang, model) for one in found[:20])


def _field_fault(found: dict[str, Any], lang: Lang, model: object) -> FieldFault:
    where = [str(part) for part in found.get("loc", ())]
    if where and where[0] in {"body", "query", "path", "header"}:
        where = where[1:]
    kind, field = str(found.get("type", "")), ".".join(where)
    facts = {str(k): _plain(v) for k, v in (found.get("ctx") or {}).items()}
    value = _value_of(found, where)
    error = (found.get("ctx") or {}).get("error")
    if isinstance(error, DispatcherError):
        return FieldFault(field=field, code=error.code(), text=error.message(lang), value=value)
    if "expected" in facts:
        facts["expected"] = _choice(str(facts["expected"]), lang)
    key, hint = f"field.{kind}", f"column.{where[-1] if where else ''}"
    near = get_close_matches(where[-1], _names(model, where[:-1]), 1) if where else []
    if kind == "extra_forbidden" and near:
        text = say("field.extra_near", lang, near=near[0])
    elif kind == "string_pattern_mismatch" and hint in catalogue("en"):
        # what to write, where people would only see a pattern
        text = say("field.instead", lang, instead=say(hint, lang))
    elif key in catalogue("en"):
        text = say(key, lang, **facts)
    else:
        text = say("field.other", lang, why=found.get("msg", ""))
    return FieldFault(field=field, code=kind, text=text, value=value)


def _value_of(found: dict[str, Any], where: Sequence[str]) -> str:
    value = found.get("input")
    is_own = bool(_OWN & set(where)) or found.get("type") in {"missing", "extra_forbidden"}
    if is_own or isinstance(value, bool) or not isinstance(value, str | int | float):
        return str(value).lower() if isinstance(value, bool) and not is_own else ""
    return str(value)[:_VALUE_CHARS]


def _choice(expected: str, lang: Lang) -> str:
    """Return "'a', 'b' or 'c'" as people of a language list it."""
    if lang == "en":
        return expected
    return expected.replace("'", "").replace(" or ", "、").replace(", ", "、")


def _names(model: object, where: Sequence[str]) -> list[str]:
    """Return the fields that a body has at a place."""
    for part in where:
        if not part.isdigit():
            fields = getattr(model, "model_fields", {})
            model = _inner(fields[part].annotation) if part in fields else None
    return [*getattr(model, "model_fields", {})]


def _inner(kind: object) -> object:
    """Return the body inside `Body | None` or `tuple[Body, ...]`."""
    if hasattr(kind, "model_fields"):
        return kind
    return next((found for one in get_args(kind) if (found := _inner(one)) is not None), None)


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
    body = getattr(request.scope.get("route"), "body_field", None)
    model = getattr(getattr(body, "field_info", None), "annotation", None)
    faults = field_faults(found, lang, _inner(model))
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
