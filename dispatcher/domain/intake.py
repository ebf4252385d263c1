"""
How complete a request is: which of the fields the manuals ask for somebody has filled in (R05).

Counts only; a name or a number never leaves its site (R91).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dispatcher.domain.place import Site
from dispatcher.domain.ticket import Ticket

# M1 5.6, M3 3(1), M4 P1 5.2.2; their words stand under ``intake.NAME``
FIELDS: Final[tuple[str, ...]] = (*("name", "address", "phone", "model", "symptom", "bought_from"),)


class Completeness(NamedTuple):
    """How much of what is asked for is known."""

    # percent of the fields
    score: int
    missing: tuple[str, ...]


def completeness(ticket: Ticket, site: Site | None) -> Completeness:
    """Return how much of a request is known; `site` None = the customer's data are deleted."""
    of_site = {"name", "address", "phone"}
    missing = tuple(
        name
        for name in FIELDS
        if not str(getattr(site if name in of_site else ticket, name, "") or "").strip()
    )
    return Completeness(100 * (len(FIELDS) - len(missing)) // len(FIELDS), missing)
