"""
Where the desk of a data directory answers, and the token its own processes use.

Must not start anything; the api process writes the file when it answers requests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from dispatcher.config import RUN_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A running desk."""

    url: str
    link: str
    admin_token: str
    service_token: str

    def headers(self, language: str | None = None) -> dict[str, str]:
        """Return what a request of the desk's own supervisor carries."""
        spoken = {} if language is None else {"Accept-Language": language}
        return {"Authorization": f"Bearer {self.admin_token}", **spoken}


def read_run_file(data: Path) -> Address | None:
    """Return what the api process of a data directory wrote, None when there is none."""
    try:
        raw = json.loads((data / RUN_FILE).read_text("utf-8"))
        return Address(**{k: raw[k] for k in ("url", "link", "admin_token", "service_token")})
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Patience(Protocol):
    """Somebody who may call the waiting off."""

    def is_set(self) -> bool:
        """Tell whether to stop waiting."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait for at most `timeout` seconds; return whether to stop waiting."""
        ...


def await_desk(data: Path, patience: Patience, seconds: float | None = None) -> Address | None:
    """Return the desk once it answers; None when called off or after `seconds` in vain."""
    waited_s = 0.0
    while not patience.is_set() and (seconds is None or waited_s < seconds):
        desk = read_run_file(data)
        if desk is not None and answers(desk):
            return desk
        patience.wait(0.1)
        waited_s += 0.1
    return None


def answers(desk: Address) -> bool:
    """Return whether a desk takes requests."""
    try:
        return httpx.get(f"{desk.url}/livez", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
