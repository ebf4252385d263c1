"""Filters, scopes and pages over plain records: what `sql/queries.py` leaves to the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from dispatcher.domain.asset import Asset
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import Ticket
from dispatcher.store.paging import (
    By,
    asset_columns,
    cursor_after,
    engineer_columns,
    needle,
    order_of,
    read_cursor,
    ticket_columns,
)
from dispatcher.store.records import (
    PAGE_LIMIT,
    AssetFilter,
    EngineerFilter,
    Page,
    Scope,
    TicketFilter,
    checked_limit,
)

T = TypeVar("T")


def may_see_ticket(ticket: Ticket, scope: Scope) -> bool:
    """Tell whether a ticket lies within a scope."""
    return (
        (scope.territories is None or ticket.territory in scope.territories)
        and (scope.engineer is None or ticket.engineer == scope.engineer)
        and (not scope.statuses or ticket.status in scope.statuses)
    )


def may_see_engineer(engineer: Engineer, scope: Scope) -> bool:
    """Tell whether an engineer lies within a scope."""
    return (scope.territories is None or engineer.territory in scope.territories) and (
        scope.engineer is None or engineer.id == scope.engineer
    )


def may_see_asset(asset: Asset, scope: Scope, docs: MemoryDocs) -> bool:
    """Tell whether an asset lies within a scope."""
    if scope.territories is not None and asset.territory not in scope.territories:
        return False
    return scope.engineer is None or any(
        ticket.asset == asset.id and ticket.engineer == scope.engineer
        for ticket in docs.tickets.values()
    )


def fits_asset(asset: Asset, wanted: AssetFilter) -> bool:
    """Tell whether an asset is asked for."""
    row = asset_columns(asset)
    equal = {
        "territory": wanted.territory,
        "site": wanted.site,
        "code": wanted.code or None,
        "customer": wanted.customer or None,
        "contract": wanted.contract or None,
    }
    if any(value is not None and row[name] != value for name, value in equal.items()):
        return False
    if wanted.models and asset.model not in wanted.models:
        return False
    if wanted.statuses and asset.status not in wanted.statuses:
        return False
    low, high = wanted.installed_from_at, wanted.installed_until_at
    if (low is not None or high is not None) and not row["installed_at"]:
        return False
    return (
        needle(wanted.text.strip()) in row["words"]
        and wanted.serial_from <= row["serial"]
        and (not wanted.serial_until or row["serial"] <= wanted.serial_until)
        and _between(row["installed_at"], low, high)
    )


def fits_ticket(ticket: Ticket, wanted: TicketFilter) -> bool:
    """Tell whether a ticket is asked for."""
    row = ticket_columns(ticket)
    equal = {
        "territory": wanted.territory,
        "engineer": wanted.engineer,
        "site": wanted.site,
        "asset": wanted.asset,
        "external_id": wanted.external_id,
    }
    if any(value is not None and row[name] != value for name, value in equal.items()):
        return False
    if wanted.statuses and ticket.status not in wanted.statuses:
        return False
    if wanted.severities and ticket.severity not in wanted.severities:
        return False
    if wanted.needs_visit not in {None, ticket.needs_visit}:
        return False
    if wanted.has_engineer is not None and wanted.has_engineer != (ticket.engineer is not None):
        return False
    return (
        (ticket.external_id or "").startswith(wanted.external_prefix)
        and needle(wanted.text.strip()) in row["words"]
        and _between(row["reported_at"], wanted.reported_from_at, wanted.reported_until_at)
        and _between(row["due_at"], wanted.due_from_at, wanted.due_until_at)
    )


def fits_engineer(engineer: Engineer, wanted: EngineerFilter) -> bool:
    """Tell whether an engineer is asked for."""
    row = engineer_columns(engineer)
    return (
        wanted.territory in {None, engineer.territory}
        and needle(wanted.text.strip()) in row["words"]
        and (not wanted.skill or f"\n{needle(wanted.skill)}\n" in row["skills"])
    )


def _between(value: int, low: int | None, high: int | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def page(
    rows: Sequence[tuple[T, dict[str, Any]]],
    sorts: Mapping[str, tuple[By, ...]],
    *,
    sort: str,
    limit: int,
    cursor: str | None,
) -> Page[T]:
    """Return the rows after `cursor`, `limit` at most, in the order that `sort` names."""
    checked_limit(limit, PAGE_LIMIT)
    order = order_of(sorts, sort)
    after = None if cursor is None else read_cursor(cursor, sort, order)
    ordered = list(rows)
    # stable sorts, the last column first, since each has its own direction
    for by in reversed(order):
        ordered.sort(key=lambda pair: pair[1][by.column], reverse=by.descending)
    if after is not None:
        ordered = [pair for pair in ordered if _stands_after(pair[1], order, after)]
    some = ordered[:limit]
    more = cursor_after(sort, order, some[-1][1]) if len(ordered) > limit else None
    return Page(items=tuple(item for item, _ in some), total=len(rows), cursor=more)


def _stands_after(row: dict[str, Any], order: Sequence[By], after: Sequence[int | str]) -> bool:
    for by, value in zip(order, after, strict=True):
        if row[by.column] != value:
            return bool(row[by.column] < value if by.descending else row[by.column] > value)
    return False
