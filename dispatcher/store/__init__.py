"""
The store: everything durable, behind `seam.Store`.

`SqlStore` keeps it in SQLite or PostgreSQL, `MemoryStore` in memory for tests and simulation.
"""

from __future__ import annotations

from dispatcher.store.bus import Bus, Listener, LocalBus, follow
from dispatcher.store.memory import MemoryStore
from dispatcher.store.records import (
    EVERYTHING,
    AssetFilter,
    ClockDay,
    Decision,
    EngineerFilter,
    Grant,
    Happening,
    Health,
    Lease,
    LedgerFilter,
    LedgerRow,
    LedgerSum,
    Mark,
    Page,
    Receipt,
    Request,
    Scope,
    Session,
    TicketFilter,
)
from dispatcher.store.seam import Decide, Store, StoreDocs
from dispatcher.store.sql import SqlStore, open_store

# every row passes the same contract tests
STORES: tuple[type[Store], ...] = (SqlStore, MemoryStore)

__all__ = [
    "EVERYTHING",
    "STORES",
    "AssetFilter",
    "Bus",
    "ClockDay",
    "Decide",
    "Decision",
    "EngineerFilter",
    "Grant",
    "Happening",
    "Health",
    "Lease",
    "LedgerFilter",
    "LedgerRow",
    "LedgerSum",
    "Listener",
    "LocalBus",
    "Mark",
    "MemoryStore",
    "Page",
    "Receipt",
    "Request",
    "Scope",
    "Session",
    "SqlStore",
    "Store",
    "StoreDocs",
    "TicketFilter",
    "follow",
    "open_store",
]
