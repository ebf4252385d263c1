"""Ledgers: books that the facts of the log make and nothing else; adding one is a row here."""

from __future__ import annotations

from typing import Any, Final

from dispatcher.ledgers.book import NEVER_AT, Columns, Ledger, Seen, Shelf, fold_all, hear, tell
from dispatcher.ledgers.clocks import clocks
from dispatcher.ledgers.custody import custody
from dispatcher.ledgers.hours import hours
from dispatcher.ledgers.knowledge import knowledge
from dispatcher.ledgers.notices import notices
from dispatcher.ledgers.outcomes import outcomes
from dispatcher.ledgers.promises import promises
from dispatcher.ledgers.providers import providers
from dispatcher.ledgers.recalls import recalls
from dispatcher.ledgers.rotation import rotation
from dispatcher.ledgers.stock import stock
from dispatcher.ledgers.tasks import tasks
from dispatcher.ledgers.troubles import troubles

LEDGERS: Final[tuple[Ledger[Any], ...]] = (
    promises,
    clocks,
    rotation,
    custody,
    stock,
    hours,
    providers,
    tasks,
    notices,
    outcomes,
    troubles,
    recalls,
    knowledge,
)
BY_NAME: Final[dict[str, Ledger[Any]]] = {one.name: one for one in LEDGERS}

__all__ = [
    "BY_NAME",
    "LEDGERS",
    "NEVER_AT",
    "Columns",
    "Ledger",
    "Seen",
    "Shelf",
    "fold_all",
    "hear",
    "tell",
]
