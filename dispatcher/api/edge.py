"""
The edge around every request: its id, its size, its origin, its headers, one line in the log.

Must not know routes; refusals here look like all others.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress

from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatcher.api.problems import respond
from dispatcher.api.seat import COOKIE
from dispatcher.config import LOOPBACKS, Settings
from dispatcher.errors import DispatcherError, ForeignOrigin, TooLarge
from dispatcher.texts import language

logger = logging.getLogger(__name__)

JSON_LIMIT = 256 * 1024
IMPORT_LIMIT = 10 * 1024 * 1024
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = ("/api/v1/texts/", "/api/v1/map/", "/api/v1/tiles/", "/ui/")
_ALLOW_HEADERS = "Accept-Language, Authorization, Content-Type, Idempotency-Key"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# the phone's page and its scripts come from here alone
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)

REQUESTS = Counter("dispatcher_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "dispatcher_request_seconds",
    "Seconds until the answer began",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def own_origins(settings: Settings) -> frozenset[str]:
    """Return the origins whose pages may talk to us: the listed ones and our own."""
    here = {f"http://{host}:{settings.port}" for host in LOOPBACKS}
    return frozenset({*settings.allowed_origins, *here, settings.url})


def origin_allowed(settings: Settings, headers: Mapping[str, str]) -> bool:
    """Tell whether a socket's origin may talk to us; programs send none."""
    origin = headers.get("origin")
    return origin is None or origin in own_origins(settings)


class Edge:
    """Pure ASGI around the app."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._origins = own_origins(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; sockets and lifespan pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, self._origins)
        try:
            refusal = request.refusal()
            if refusal is not None:
                response = respond(
                    refusal, language(request.headers.get("accept-language")), request.id
                )
                await response(scope, receive, request.watching(send))
            elif request.is_preflight:
                await _preflight(request.watching(send))
            else:
                await self._guarded(request, receive, send)
        finally:
            request.log()

    async def _guarded(self, request: _Request, receive: Receive, send: Send) -> None:
        watching = request.watching(send)
        read = 0
        overflow: TooLarge | None = None

        async def counted() -> Message:
            nonlocal read, overflow
            message = await receive()
            read += len(message.get("body", b""))
            if read > request.limit and overflow is None:
                overflow = TooLarge(size=read, limit=request.limit)
            if overflow is not None:
                raise overflow
            return message

        async def unless_overflow(message: Message) -> None:
            # what the app makes of a body cut short is not the reason
            if overflow is None or request.status:
                await watching(message)

        with suppress(TooLarge):
            await self._app(request.scope, counted, unless_overflow)
        if overflow is not None and not request.status:
            lang = language(request.headers.get("accept-language"))
            await respond(overflow, lang, request.id)(request.scope, receive, watching)


class _Request:
    """What the edge remembers of one request."""

    def __init__(self, scope: Scope, origins: frozenset[str]) -> None:
        self.scope = scope
        self.headers = Headers(scope=scope)
        self.id = secrets.token_hex(8)
        scope["request_id"] = self.id
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.origin = self.headers.get("origin")
        self.is_trusted = self.origin is not None and self.origin in origins
        self.is_open = self.path.startswith(_OPEN)
        # a table, or a plan of five hundred routes
        is_large = self.path.endswith("/import") or self.path.startswith("/api/v1/planner/")
        self.limit = IMPORT_LIMIT if is_large else JSON_LIMIT
        self.status = 0
        self._began = time.perf_counter()

    @property
    def is_preflight(self) -> bool:
        """A browser asks whether a page of another origin may ask."""
        wants = "access-control-request-method" in self.headers
        return self.method == "OPTIONS" and wants and (self.is_trusted or self.is_open)

    def refusal(self) -> DispatcherError | None:
        """Return why the request goes no further, if it does not."""
        length = self.headers.get("content-length", "0")
        if length.isdigit() and int(length) > self.limit:
            return TooLarge(size=length, limit=self.limit)
        by_cookie = COOKIE in self.headers.get("cookie", "") and "authorization" not in self.headers
        if self.method in _SAFE or not by_cookie:
            return None
        if self.origin is not None:
            return None if self.is_trusted else ForeignOrigin(origin=self.origin)
        if self.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}:
            return None
        return ForeignOrigin(origin=self.headers.get("sec-fetch-site"))

    def watching(self, send: Send) -> Send:
        """Return `send` with our headers on the answer."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self._dress(MutableHeaders(scope=message))
                SECONDS.labels(self.method, self._route()).observe(
                    time.perf_counter() - self._began
                )
            await send(message)

        return watched

    def _dress(self, headers: MutableHeaders) -> None:
        headers["X-Request-Id"] = self.id
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        if self.path.startswith("/m/"):
            headers.setdefault("Content-Security-Policy", _POLICY)
        if self.is_open:
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        elif self.is_trusted and self.origin is not None:
            headers["Access-Control-Allow-Origin"] = self.origin
            headers["Access-Control-Allow-Credentials"] = "true"
            headers["Access-Control-Expose-Headers"] = "Idempotency-Replayed"
            headers["Access-Control-Allow-Methods"] = "GET, POST"
            headers["Access-Control-Allow-Headers"] = _ALLOW_HEADERS
            headers["Access-Control-Max-Age"] = "600"
            headers.add_vary_header("Origin")

    def _route(self) -> str:
        route = self.scope.get("route")
        return getattr(route, "path_format", "") or "other"

    def log(self) -> None:
        """Write one line without personal data: the route, never the address asked for."""
        REQUESTS.labels(self.method, self._route(), str(self.status)).inc()
        logger.debug(
            "request",
            extra={
                "action": "request",
                "method": self.method,
                "route": self._route(),
                "status": self.status,
                "ms": round((time.perf_counter() - self._began) * 1000, 1),
                "actor": self.scope.get("actor", ""),
                "request_id": self.id,
            },
        )


async def _preflight(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
