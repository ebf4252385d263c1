"""
The sign-ins of the demo's people: each acts in the own name, with the rights of the own role.

Must not know what they do; `live` sends their requests.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import httpx

from dispatcher.sim.world import ROLES

# systems of the company, which ask faster than people may
_SYSTEMS = frozenset({"customer", "operations", "stores"})


@dataclass(slots=True)
class Sessions:
    """One session an actor, opened when it is first needed."""

    # a supervisor's client: it lets the others in
    admin: httpx.Client
    _tokens: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def headers(self, actor: str) -> dict[str, str]:
        """
        Return what a request in somebody's name must carry.

        Raises
        ------
        httpx.HTTPError
            The desk is away, or lets nobody in.
        """
        with self._lock:
            token = self._tokens.get(actor) or self._open(actor)
        return {"Authorization": f"Bearer {token}"}

    def forget(self, actor: str) -> None:
        """Drop a session that has ended; the next request opens another."""
        with self._lock:
            self._tokens.pop(actor, None)

    def _open(self, actor: str) -> str:
        if actor in _SYSTEMS:
            body = {"role": "service", "actor": actor}
        elif actor in ROLES:
            body = {"role": ROLES[actor], "actor": actor}
        else:
            body = {"role": "engineer", "engineer": actor}
        answer = self.admin.post("/api/v1/tokens", json={**body, "label": "world"})
        answer.raise_for_status()
        token = str(answer.json()["token"])
        self._tokens[actor] = token
        return token
