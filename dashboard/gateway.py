"""
The dashboard's way to the API: one HTTP client, the visitor's session passed on as a bearer token.

Must not know pages; what the API refuses comes back as `Refusal`, its silence as `Silence`.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

API_URL: Final = "http://127.0.0.1:8000"
# step, how many are done, of how many
Show = Callable[[str, int, int], None]
Query = Mapping[str, str | int | float | bool | Sequence[str] | None]


def api_url() -> str:
    """Return where this server finds the API."""
    return os.environ.get("DISPATCHER_API_URL", API_URL).rstrip("/")


def public_url() -> str:
    """Return where the visitor's browser finds the API."""
    return os.environ.get("DISPATCHER_API_PUBLIC_URL", api_url()).rstrip("/")


class Refusal(Exception):
    """The API said no; the text is in the visitor's language."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.detail = str(body.get("detail") or body.get("title") or f"HTTP {status}")
        # wrong cells of a file
        self.cells: Sequence[Mapping[str, Any]] = tuple(body.get("cells") or ())
        self.fields = {
            str(one.get("field", "")): str(one.get("text", "")) for one in body.get("errors") or []
        }
        # everything a closed gate waits for, with clause and way
        self.missing: list[Mapping[str, Any]] = list(body.get("missing") or [])
        super().__init__(self.detail)


class Silence(Exception):
    """The API did not answer."""


def open_client() -> httpx.Client:
    """Return the connections all visitors share; it holds no session."""
    return httpx.Client(
        base_url=f"{api_url()}/api/v1", timeout=httpx.Timeout(12, connect=3), trust_env=False
    )


@dataclass(frozen=True, slots=True)
class Gateway:
    """The API as one visitor sees it."""

    client: httpx.Client
    # the visitor's session cookie, empty when there is none
    session: str
    lang: str

    def get(self, path: str, query: Query | None = None) -> Any:
        """Return what a GET answers, parsed."""
        wanted = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        return self._call("GET", path, params=wanted)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str = "") -> Any:
        """Return what a POST answers; the same `key` again gives the same answer."""
        return self._call("POST", path, json=dict(body or {}), key=key or new_key())

    def fetch(self, path: str, query: Query | None = None) -> bytes:
        """Return a file that a GET answers."""
        wanted = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        return self._ask("GET", path, params=wanted).content

    def send(
        self, path: str, query: Query, name: str, content: bytes, show: Show | None = None
    ) -> Any:
        """Return what the API says to a file; `show` is told how far it is."""
        wanted = {key: value for key, value in query.items() if value is not None}
        how: dict[str, Any] = {"params": wanted, "files": {"file": (name, content)}}
        headers = self._headers() | {"Accept": "application/x-ndjson"}
        try:
            with self.client.stream("POST", path, headers=headers, **how) as answer:
                if not answer.is_success:
                    answer.read()
                    return _read(answer)
                return _followed(answer.iter_lines(), show)
        except httpx.HTTPError as error:
            raise Silence(str(error)) from error

    def _call(self, method: str, path: str, *, key: str = "", **how: Any) -> Any:
        return _read(self._ask(method, path, key=key, **how))

    def _headers(self) -> dict[str, str]:
        headers = {"Accept-Language": self.lang}
        if self.session:
            headers["Authorization"] = f"Bearer {self.session}"
        return headers

    def _ask(self, method: str, path: str, *, key: str = "", **how: Any) -> httpx.Response:
        """Return a good answer; anything else is a refusal or silence."""
        headers = self._headers()
        if key:
            headers["Idempotency-Key"] = key
        try:
            answer = self.client.request(method, path, headers=headers, **how)
        except httpx.HTTPError as error:
            raise Silence(str(error)) from error
        if not answer.is_success:
            _read(answer)
        return answer


def _read(answer: httpx.Response) -> Any:
    is_json = "json" in answer.headers.get("content-type", "")
    try:
        body = answer.json() if is_json and answer.content else {}
    except ValueError as error:
        raise Silence(str(error)) from error
    if answer.is_success:
        return body
    if answer.status_code >= httpx.codes.BAD_GATEWAY and not is_json:
        raise Silence(f"HTTP {answer.status_code}")
    raise Refusal(answer.status_code, body if isinstance(body, dict) else {})


def _followed(lines: Iterable[str], show: Show | None) -> Any:
    """Return the report that ends a file's answer, having shown each step before it."""
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError as error:
            raise Silence(str(error)) from error
        if "report" in told:
            return told["report"]
        if "problem" in told:
            raise Refusal(int(told["problem"]["status"]), told["problem"])
        if show is not None:
            show(told["step"], told["done"], told["total"])
    # the work goes on there; the same file again tells what became of it
    raise Silence("the answer broke off")


def new_key() -> str:
    """Return an idempotency key nobody else has."""
    return uuid.uuid4().hex
