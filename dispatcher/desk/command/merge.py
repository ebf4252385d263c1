"""
A proposal meets the facts that came after it: what fits is taken, the rest is thrown away.

Routes that exchange tickets stand or fall together, so a ticket is never lost or doubled. A
person's decision and a visit under way always win.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dispatcher.desk.command import wishes as w
from dispatcher.domain.documents import Docs
from dispatcher.domain.duty import PromiseMoved
from dispatcher.domain.ids import RouteId, TicketId
from dispatcher.domain.plan import Route, Unassigned, Visit
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import PlanChanged, UnknownTicket


def merged(docs: Docs, proposed: Iterable[Route], now: int) -> tuple[Route, ...]:
    """
    Return the proposed routes that still fit the documents and change something.

    Parameters
    ----------
    docs
        The documents as they are now.
    proposed
        Whole routes; those not named stay as they are.
    now
        Epoch seconds, for exclusions that lapse.
    """
    wanted = {route.id: route for route in proposed if route != docs.route(route.id)}
    taken = {rid for rid, route in wanted.items() if _fits(docs, route, now)}
    while True:
        torn = {rid for rid in taken if not _closed(docs, wanted, taken, rid)}
        if not torn:
            return tuple(wanted[rid] for rid in sorted(taken))
        taken -= torn


def _fits(docs: Docs, route: Route, now: int) -> bool:
    """True when a route breaks no lock, no visit under way and no ticket's state."""
    engineer = docs.engineer(route.engineer)
    if all(shift.start_at != route.shift_at for shift in engineer.shifts):
        return False
    current = docs.route(route.id)
    before = current.tickets if current else ()
    frozen = tuple(t for t in before if docs.ticket(t).is_frozen)
    if route.tickets[: len(frozen)] != frozen or len(set(route.tickets)) != len(route.tickets):
        return False
    # what has to wait for another ticket cannot hold its place
    locked = {t for t in before if docs.ticket(t).is_locked and docs.ticket(t).waits_for is None}
    if not locked <= set(route.tickets):
        return False
    return all(_may_stand(docs, t, route, frozen, now) for t in route.tickets)


def _may_stand(
    docs: Docs, ticket_id: TicketId, route: Route, frozen: tuple[TicketId, ...], now: int
) -> bool:
    try:
        ticket = docs.ticket(ticket_id)
    except UnknownTicket:
        return False
    if ticket_id in frozen:
        return True
    if not ticket.is_open or (ticket.is_locked and ticket.engineer != route.engineer):
        return False
    return not any(
        one.engineer == route.engineer and (one.until_at is None or one.until_at > now)
        for one in ticket.excluded
    )


def _closed(docs: Docs, wanted: dict[RouteId, Route], taken: set[RouteId], rid: RouteId) -> bool:
    """True when every ticket that enters or leaves this route does so within the taken ones."""
    route = wanted[rid]
    current = docs.route(rid)
    before = set(current.tickets) if current else set()
    for ticket_id in set(route.tickets) - before:
        home = _home(docs, docs.ticket(ticket_id))
        if home is not None and (home not in taken or ticket_id in wanted[home].tickets):
            return False
    if any(taker in wanted and taker not in taken for taker in _mates(docs, wanted, route)):
        return False
    if not _in_order(docs, {r: wanted[r] for r in taken}, route):
        return False
    for ticket_id in before - set(route.tickets):
        takers = [r for r in wanted if ticket_id in wanted[r].tickets]
        if any(taker not in taken for taker in takers):
            return False
    return True


def _in_order(docs: Docs, taken: Mapping[RouteId, Route], route: Route) -> bool:
    """True when nobody of a route begins before what is waited for has ended, as the plan would be."""
    for visit in route.visits:
        ticket = docs.ticket(visit.ticket)
        followers = [docs.ticket(one) for one in ticket.waiting]
        pairs = [(visit, _visit(docs, taken, f), f) for f in followers if f.waits_for == ticket.id]
        if ticket.waits_for is not None and not ticket.is_frozen:
            first = _visit(docs, taken, docs.ticket(ticket.waits_for))
            if first is None:
                return False
            pairs.append((first, visit, ticket))
        for before, after, waits in pairs:
            if after is not None and after.start_at < before.finish_at + waits.after_lag_s:
                return False
    return True


def _visit(docs: Docs, taken: Mapping[RouteId, Route], ticket: Ticket) -> Visit | None:
    """Return a ticket's visit in the plan as it would be, None when it has none."""
    home = _home(docs, ticket)
    old = docs.route(home) if home is not None and home not in taken else None
    routes = (*taken.values(), *((old,) if old else ()))
    return next((v for r in routes for v in r.visits if v.ticket == ticket.id), None)


def _mates(docs: Docs, wanted: dict[RouteId, Route], route: Route) -> set[RouteId]:
    """Return the wanted routes whose times hang on this one's: couples, and who follows whom."""
    names: set[TicketId] = set()
    for ticket_id in route.tickets:
        ticket = docs.ticket(ticket_id)
        names |= {ticket.joins} if ticket.joins else set(ticket.crew)
        names |= {ticket.waits_for} if ticket.waits_for else set()
        names |= set(ticket.waiting)
    return {rid for rid, other in wanted.items() if rid != route.id and names & set(other.tickets)}


def _home(docs: Docs, ticket: Ticket) -> RouteId | None:
    if ticket.engineer is None:
        return None
    for route in docs.routes_of(ticket.engineer):
        if ticket.id in route.tickets:
            return route.id
    return None


def still_open(
    docs: Docs, unassigned: Iterable[Unassigned], routes: Iterable[Route]
) -> tuple[Unassigned, ...]:
    """Return the entries whose ticket is open, has no place and has other reasons than before."""
    changed = {route.id: route.tickets for route in routes}
    placed = {ticket for tickets in changed.values() for ticket in tickets}
    news = []
    for entry in unassigned:
        try:
            ticket = docs.ticket(entry.ticket)
        except UnknownTicket:
            continue
        home = _home(docs, ticket)
        kept = home is not None and (home not in changed or ticket.id in changed[home])
        is_news = ticket.unassigned != entry.reasons
        if is_news and ticket.is_open and not kept and entry.ticket not in placed:
            news.append(entry)
    return tuple(news)


def check_assigned(docs: Docs, command: w.Assign) -> None:
    """
    Refuse a hand-made route that would move anything but the ticket it is about.

    Raises
    ------
    PlanChanged
        The route drops, adds or reorders other visits, or belongs to someone else.
    """
    current = docs.route(command.route.id)
    before = tuple(t for t in (current.tickets if current else ()) if t != command.ticket)
    after = tuple(t for t in command.route.tickets if t != command.ticket)
    mine = command.route.engineer == command.engineer and command.ticket in command.route.tickets
    frozen = sum(docs.ticket(t).is_frozen for t in before)
    first = mine and command.route.tickets.index(command.ticket) >= frozen
    if before != after or not first:
        raise PlanChanged(engineer=command.engineer)


def moved_promises(
    docs: Docs, routes: Iterable[Route], tolerance_s: int
) -> tuple[PromiseMoved, ...]:
    """
    Return the visits that a plan moves away from what the customer was told (R36, M0 5.3.8).

    Each promise is told once; a new promise begins anew.
    """
    found: list[PromiseMoved] = []
    for route in routes:
        for visit in route.visits:
            ticket = docs.ticket(visit.ticket)
            promised_at = ticket.promised_at
            if promised_at is None or abs(visit.arrive_at - promised_at) <= tolerance_s:
                continue
            kinds = {"arrival_promised", "promise_moved"}
            last = next((m.kind for m in reversed(ticket.trace) if m.kind in kinds), "")
            if last == "arrival_promised":
                found.append(
                    PromiseMoved(
                        ticket=ticket.id, promised_at=promised_at, expected_at=visit.arrive_at
                    )
                )
    return tuple(found)
