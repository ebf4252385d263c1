"""
What lists are filtered, sorted and continued by: the columns beside a document, and the cursor.

Both stores use it, so that a list looks the same in each. Must not know SQL.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dispatcher.domain.asset import Asset
from dispatcher.domain.codec import to_json
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.errors import BadField
from dispatcher.ledgers import Columns, Ledger
from dispatcher.ledgers.book import is_note

# when no clock runs: after every real due time, and still an exact number everywhere
NEVER_AT = 2**53

# the state that stops a clock; a clock with another name runs until the ticket is finished
STOPPED_BY: Mapping[str, Status] = {
    "triage": Status.TRIAGED,
    "response": Status.DISPATCHED,
    "arrive": Status.ON_SITE,
    "fix": Status.DONE,
}


class By(NamedTuple):
    """One column of a sort order."""

    column: str
    descending: bool = False


# adding an order is a row here; the id always breaks ties
TICKET_SORTS: Mapping[str, tuple[By, ...]] = {
    "due": (By("due_at"),),
    "-due": (By("due_at", descending=True),),
    "reported": (By("reported_at"),),
    "-reported": (By("reported_at", descending=True),),
    "severity": (By("severity", descending=True), By("due_at")),
    "-severity": (By("severity"), By("due_at")),
}
ENGINEER_SORTS: Mapping[str, tuple[By, ...]] = {
    "name": (By("name"),),
    "-name": (By("name", descending=True),),
    "id": (),
}


ASSET_SORTS: Mapping[str, tuple[By, ...]] = {
    "serial": (By("serial"),),
    "-serial": (By("serial", descending=True),),
    "installed": (By("installed_at"),),
    "-installed": (By("installed_at", descending=True),),
    "model": (By("model"), By("serial")),
}
# columns of sort orders that hold texts
_TEXTS = frozenset({"id", "name", "serial", "model"})
LEDGER_SORTS: Mapping[str, tuple[By, ...]] = {
    "at": (By("at"),),
    "-at": (By("at", descending=True),),
    "until": (By("until_at"),),
    "-until": (By("until_at", descending=True),),
    "amount": (By("amount"),),
    "-amount": (By("amount", descending=True),),
}
# what the sums of a ledger may be told by
LEDGER_GROUPS = ("state", "subject", "engineer", "ticket")


def order_of(sorts: Mapping[str, tuple[By, ...]], sort: str) -> tuple[By, ...]:
    """Return the columns of a sort order with the id last; `BadField` for an unknown one."""
    if sort not in sorts:
        raise BadField(field="sort", value=sort, rule=f"it must be one of {', '.join(sorts)}")
    return (*sorts[sort], By("id"))


def cursor_after(sort: str, order: Sequence[By], row: Mapping[str, Any]) -> str:
    """Return the cursor that goes on after `row`."""
    text = json.dumps([sort, *(row[by.column] for by in order)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, sort: str, order: Sequence[By]) -> list[int | str]:
    """
    Return the values of the row a cursor stands after.

    Raises
    ------
    BadField
        The cursor was not made by `cursor_after`, or for another sort order.
    """
    bad = BadField(
        field="cursor", value=cursor[:80], rule="give back the cursor of the page before, unchanged"
    )
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise bad from None
    if not isinstance(values, list) or len(values) != len(order) + 1 or values[0] != sort:
        raise bad
    for by, value in zip(order, values[1:], strict=True):
        wanted = str if by.column in _TEXTS else int
        if type(value) is not wanted or (isinstance(value, int) and abs(value) > 2**62):
            raise bad
    return values[1:]


def due_at(ticket: Ticket) -> int:
    """Return when the first clock that still runs is due, epoch seconds; `NEVER_AT` if none."""
    if ticket.status in FINISHED:
        return NEVER_AT
    running = (
        due.due_at
        for due in ticket.due
        if due.clock not in STOPPED_BY or STOPPED_BY[due.clock].value not in ticket.since
    )
    return min(running, default=NEVER_AT)


def ended_at(ticket: Ticket) -> int | None:
    """Return when nothing could happen to a ticket any more, epoch seconds; None = it still can."""
    if ticket.status in {Status.CLOSED, Status.CANCELLED}:
        return ticket.since.get(ticket.status.value, ticket.reported_at)
    return None


def needle(text: str) -> str:
    """Return a text as it is looked for: without case, without what no database keeps."""
    return text.replace("\0", "").casefold()


def ticket_columns(ticket: Ticket) -> dict[str, Any]:
    """Return what lists know of a ticket."""
    words = (ticket.id, ticket.external_id or "", ticket.symptom, ticket.category)
    return {
        "id": ticket.id,
        "territory": ticket.territory,
        "external_id": ticket.external_id,
        "status": ticket.status.value,
        "severity": int(ticket.severity),
        "engineer": ticket.engineer,
        "site": ticket.site,
        "asset": ticket.asset,
        "needs_visit": int(ticket.needs_visit),
        "reported_at": ticket.reported_at,
        "due_at": due_at(ticket),
        "ended_at": ended_at(ticket),
        "words": needle("\n".join(words)),
    }


def ticket_row(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as the row of its table."""
    return {**ticket_columns(ticket), "doc": to_json(ticket).decode()}


def engineer_columns(engineer: Engineer) -> dict[str, Any]:
    """Return what lists know of an engineer."""
    skills = sorted({skill.name for skill in engineer.skills})
    return {
        "id": engineer.id,
        "territory": engineer.territory,
        "name": engineer.name.replace("\0", ""),
        "skills": needle("\n" + "\n".join(skills) + "\n"),
        "words": needle(f"{engineer.id}\n{engineer.name}"),
    }


def engineer_row(engineer: Engineer) -> dict[str, Any]:
    """Return an engineer as the row of the table."""
    return {**engineer_columns(engineer), "doc": to_json(engineer).decode()}


def asset_columns(asset: Asset) -> dict[str, Any]:
    """Return what lists know of an asset."""
    words = (asset.id, asset.serial, asset.model, asset.code, asset.customer, asset.category)
    return {
        "id": asset.id,
        "territory": asset.territory,
        "serial": asset.serial.replace("\0", ""),
        "model": asset.model.replace("\0", ""),
        "code": asset.code,
        "customer": asset.customer.replace("\0", ""),
        "site": asset.site,
        "contract": asset.contract.replace("\0", ""),
        "status": asset.status,
        # what was never installed comes first
        "installed_at": asset.installed_at or 0,
        "words": needle("\n".join(words)),
    }


def asset_row(asset: Asset) -> dict[str, Any]:
    """Return an asset as the row of its table."""
    return {**asset_columns(asset), "doc": to_json(asset).decode()}


def route_row(route: Route, territory: str) -> dict[str, Any]:
    """Return a route as the row of its table."""
    return {
        "id": route.id,
        "territory": territory,
        "engineer": route.engineer,
        "shift_at": route.shift_at,
        "num_visits": len(route.visits),
        "doc": to_json(route).decode(),
    }


def site_row(site: Site) -> dict[str, Any]:
    """Return a site as the row of its table."""
    return {"id": site.id, "territory": site.territory, "doc": to_json(site).decode()}


def ledger_columns(ledger: Ledger[Any], key: str, row: Any) -> dict[str, Any]:
    """Return what lists know of a ledger's row; a note has no state."""
    columns = None if is_note(key) else ledger.columns(row)
    if columns is None:
        columns = Columns(at=0, state="")
    return {
        "id": key,
        "at": columns.at,
        "until_at": columns.until_at,
        "state": columns.state or None,
        "subject": columns.subject,
        "engineer": columns.engineer,
        "ticket": columns.ticket,
        "amount": columns.amount,
        "doc": to_json(row).decode(),
    }


def ledger_text(
    ledger: Ledger[Any], territory: str, rows: Iterable[tuple[str, Any]]
) -> list[dict[str, Any]]:
    """Return the tokens of a ledger's rows as rows of their table; none for one that has none."""
    if ledger.words is None:
        return []
    told = [(key, ledger.words(row)) for key, row in rows]
    return [
        {"territory": territory, "ledger": ledger.name, "id": key, "words": words}
        for key, words in told
        if words
    ]


def ledger_row(ledger: Ledger[Any], territory: str, key: str, row: Any) -> dict[str, Any]:
    """Return a ledger's row as the row of its table."""
    return {"territory": territory, "ledger": ledger.name, **ledger_columns(ledger, key, row)}
