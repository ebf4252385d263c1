"""
`apply` folds one fact into the documents; the store, the desk and the simulation share it.

Must not refuse anything: a fact has happened. Commands refuse, before a fact is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol, assert_never

from dispatcher.domain import custody, duty, months, provider
from dispatcher.domain import events as ev
from dispatcher.domain.asset import Asset
from dispatcher.domain.duty import Duty, DutyEvent, Evidence, Leave
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.ids import ActorId, AssetId, EngineerId, RouteId, TicketId
from dispatcher.domain.months import MonthStep
from dispatcher.domain.plan import Route
from dispatcher.domain.provider import ContractTerms, ProviderEvent, changed
from dispatcher.domain.territory import AdoptedPolicy, Territory
from dispatcher.domain.ticket import Hold, Mark, Status, Ticket
from dispatcher.domain.trace import PLANNED, UNPLACED, UNPLANNED, mark_of, why_unplaced


class Docs(Protocol):
    """The documents of one territory that a fact may read and write."""

    def ticket(self, ticket: TicketId) -> Ticket:
        """Return a ticket; `UnknownTicket` when there is none."""
        ...

    def engineer(self, engineer: EngineerId) -> Engineer:
        """Return an engineer; `UnknownEngineer` when there is none."""
        ...

    def has_engineer(self, engineer: EngineerId) -> bool:
        """Tell whether the engineer is known."""
        ...

    def find_asset(self, asset: AssetId) -> Asset | None:
        """Return an asset; None when there is none, or when these documents do not hold it."""
        ...

    def route(self, route: RouteId) -> Route | None:
        """Return a route; None when that shift has no visits yet."""
        ...

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        """Return all routes of an engineer, earliest shift first."""
        ...

    def territory(self) -> Territory:
        """Return the territory itself."""
        ...

    def put_ticket(self, ticket: Ticket) -> None:
        """Keep this state of a ticket."""
        ...

    def put_engineer(self, engineer: Engineer) -> None:
        """Keep this state of an engineer."""
        ...

    def put_asset(self, asset: Asset) -> None:
        """Keep this state of an asset."""
        ...

    def put_route(self, route: Route) -> None:
        """Keep this state of a route."""
        ...

    def put_territory(self, territory: Territory) -> None:
        """Keep this state of the territory."""
        ...


def apply(docs: Docs, fact: ev.Fact) -> None:
    """Fold `fact` into `docs`; the same facts in the same order always give the same documents."""
    event = fact.event
    match event:
        case ev.TicketReported():
            born = replace(event.ticket, since={}, version=0)
            born = _marked(replace(born, trace=()), mark_of(event, fact.at, fact.recorded_at))
            docs.put_ticket(_enter(born, Status.REPORTED, fact.at))
            if born.joins is not None:
                first = docs.ticket(born.joins)
                docs.put_ticket(_touch(replace(first, crew=(*first.crew, born.id))))
        case ev.PlanPublished():
            _publish(docs, event, fact)
        case ev.OutdoorWorkStopped() | ev.CalendarChanged() | ev.PolicyAdopted():
            docs.put_territory(_home(docs.territory(), event, fact.seq))
        case months.HoursApproved() | months.HoursReturned():
            docs.put_territory(_month(docs.territory(), event, fact))
        case ev.EngineerRegistered():
            _register(docs, event)
        case custody.CustodyMoved():
            _custody(docs, event, fact)
        case custody.ExpenseClaimed():
            # lives in the ledger of hours
            pass
        case (
            custody.ItemListed()
            | provider.ProviderListed()
            | provider.ProviderAssessed()
            | provider.ProviderChangeAsked()
            | provider.ProviderChangeSettled()
            | provider.ContractTermsSet()
        ):
            docs.put_territory(_books(docs.territory(), event, fact.actor))
        case ev.AssetRegistered():
            docs.put_asset(event.asset)
        case ev.RoundWritten():
            asset = docs.find_asset(event.asset)
            if asset is not None:
                visited = {**asset.visited, event.name: event.day_at}
                docs.put_asset(replace(asset, visited=visited, version=asset.version + 1))
        case ev.RecallOrdered():
            # kept for the evidence; its tickets are facts of their own
            pass
        case ev.ContactRead() | ev.ContactErased():
            # kept for the audit; no document changes
            pass
        case (
            ev.ShiftsSet()
            | ev.AbsenceRecorded()
            | ev.LunchStarted()
            | ev.EngineerHome()
            | ev.ReturnRequested()
            | ev.ReturnDecided()
        ):
            _engineer(docs, event, fact)
        case (
            ev.EngineerDeparted()
            | ev.EngineerArrived()
            | ev.WorkFinished()
            | ev.VisitIncomplete()
            | ev.VisitRecalled()
            | ev.VisitDeclined()
            | ev.VisitDispatched()
            | ev.VisitAccepted()
        ):
            _visit(docs, event, fact)
        case (
            ev.TicketTriaged()
            | ev.TicketRebased()
            | ev.DueTimesSet()
            | ev.ClockWarned()
            | ev.ClockBreached()
            | ev.CustomerContacted()
            | ev.CustomerAsked()
            | ev.FaultDiagnosed()
            | ev.FeeDrafted()
            | ev.ComplaintRaised()
            | ev.ComplaintSettled()
            | custody.PartsNeeded()
            | ev.CaseWritten()
            | ev.IncidentRaised()
            | ev.IncidentNoted()
            | ev.IncidentSettled()
            | ev.TicketHeld()
            | ev.TicketReleased()
            | ev.TicketCancelled()
            | ev.TicketAssigned()
            | ev.TicketLocked()
            | ev.TicketUnlocked()
            | ev.EngineerExcluded()
            | ev.ArrivalPromised()
            | ev.TicketResumed()
            | ev.CustomerAccepted()
            | ev.CustomerDisputed()
            | ev.CustomerCalledBack()
            | ev.TicketClosed()
        ):
            _ticket(docs, event, fact)
        case (
            duty.EvidenceRecorded()
            | duty.ExceptionGranted()
            | duty.MoveBlocked()
            | duty.PromiseMoved()
            | duty.TaskOpened()
            | duty.TaskClosed()
            | duty.TaskTaken()
            | duty.TaskDone()
            | duty.TaskEscalated()
            | duty.NoticeSent()
        ):
            _duty(docs, event, fact)
        case _:
            assert_never(event)
    docs.put_territory(replace(docs.territory(), seq=fact.seq))


def _home(
    home: Territory, event: ev.OutdoorWorkStopped | ev.CalendarChanged | ev.PolicyAdopted, seq: int
) -> Territory:
    match event:
        case ev.OutdoorWorkStopped():
            return replace(home, storms=event.storms)
        case ev.CalendarChanged():
            rows = {(one.table, one.date): one for one in (*home.days, *event.days)}
            return replace(home, days=tuple(rows[key] for key in sorted(rows)))
        case ev.PolicyAdopted():
            kept = tuple(one for one in home.policies if one.key != event.policy)
            return replace(home, policies=(*kept, AdoptedPolicy(key=event.policy, seq=seq)))
        case _:
            assert_never(event)


def _month(
    home: Territory, event: months.HoursApproved | months.HoursReturned, fact: ev.Fact
) -> Territory:
    if isinstance(event, months.HoursReturned):
        # it is checked from the start
        return replace(home, months=tuple(m for m in home.months if m.month != event.month))
    step = MonthStep(
        month=event.month, step=event.step, by=fact.actor, at=fact.at, digest=event.digest
    )
    return replace(home, months=(*home.months, step))


def _books(
    home: Territory,
    event: custody.ItemListed | provider.ContractTermsSet | ProviderEvent,
    actor: str,
) -> Territory:
    match event:
        case custody.ItemListed():
            return replace(home, stock=custody.listed(home.stock, event))
        case provider.ContractTermsSet():
            terms = {one.contract: one for one in home.terms}
            terms[event.contract] = ContractTerms(event.contract, event.own_staff_only)
            return replace(home, terms=tuple(terms[key] for key in sorted(terms)))
        case _:
            firms = {one.id: one for one in home.providers}
            firms[event.provider] = changed(firms.get(event.provider), event, actor)
            return replace(home, providers=tuple(firms[key] for key in sorted(firms)))


def _custody(docs: Docs, event: custody.CustodyMoved, fact: ev.Fact) -> None:
    _shift(docs, event, event.source_kind, event.source, -event.quantity)
    _shift(docs, event, event.target_kind, event.target, event.quantity)
    if event.ticket is not None:
        ticket = docs.ticket(event.ticket)
        mark = mark_of(event, fact.at, fact.recorded_at)
        docs.put_ticket(_touch(_marked(replace(ticket, blocked=()), mark)))


def _shift(docs: Docs, event: custody.CustodyMoved, kind: str, holder: str, by: int) -> None:
    """Give a holder more of an item, or less."""
    if kind == custody.DEPOT:
        home = docs.territory()
        stock = custody.stocked(home.stock, event.item, holder, event.what, by)
        docs.put_territory(replace(home, stock=stock))
    elif kind == custody.ENGINEER:
        person = docs.engineer(EngineerId(holder))
        holds = custody.shifted(person.holds, event.item, event.what, event.trip, by)
        docs.put_engineer(replace(person, holds=holds, version=person.version + 1))
    elif kind == custody.CUSTOMER:
        ticket = docs.ticket(TicketId(holder))
        loans = custody.shifted(ticket.loans, event.item, event.what, "", by)
        docs.put_ticket(replace(ticket, loans=loans))


def _marked(ticket: Ticket, mark: Mark | None) -> Ticket:
    return ticket if mark is None else replace(ticket, trace=(*ticket.trace, mark))


def _enter(ticket: Ticket, status: Status, at: int) -> Ticket:
    """Move a ticket into a state and remember when it entered that one for the first time."""
    since = ticket.since if status.value in ticket.since else {**ticket.since, status.value: at}
    return replace(ticket, status=status, since=since, entered_at=at, version=ticket.version + 1)


def _touch(ticket: Ticket) -> Ticket:
    return replace(ticket, version=ticket.version + 1)


def _off_plan(docs: Docs, ticket: Ticket) -> Ticket:
    """Take a ticket out of its route and off its engineer."""
    _drop(docs, ticket)
    return replace(ticket, engineer=None, is_locked=False, unassigned=())


def _drop(docs: Docs, ticket: Ticket) -> None:
    if ticket.engineer is None:
        return
    for route in docs.routes_of(ticket.engineer):
        if ticket.id in route.tickets:
            rest = tuple(v for v in route.visits if v.ticket != ticket.id)
            docs.put_route(replace(route, visits=rest))


_TicketEvent = (
    ev.TicketTriaged
    | ev.TicketRebased
    | ev.DueTimesSet
    | ev.ClockWarned
    | ev.ClockBreached
    | ev.CustomerContacted
    | ev.CustomerAsked
    | ev.FaultDiagnosed
    | ev.FeeDrafted
    | ev.ComplaintRaised
    | ev.ComplaintSettled
    | custody.PartsNeeded
    | ev.CaseWritten
    | ev.IncidentRaised
    | ev.IncidentNoted
    | ev.IncidentSettled
    | ev.TicketHeld
    | ev.TicketReleased
    | ev.TicketCancelled
    | ev.TicketAssigned
    | ev.TicketLocked
    | ev.TicketUnlocked
    | ev.EngineerExcluded
    | ev.ArrivalPromised
    | ev.TicketResumed
    | ev.CustomerAccepted
    | ev.CustomerDisputed
    | ev.CustomerCalledBack
    | ev.TicketClosed
)


def _ticket(docs: Docs, event: _TicketEvent, fact: ev.Fact) -> None:
    ticket = _marked(docs.ticket(event.ticket), mark_of(event, fact.at, fact.recorded_at))
    match event:
        case ev.TicketTriaged():
            ticket = _triage(ticket, event, fact.at)
        case ev.TicketRebased():
            ticket = _touch(replace(ticket, policy=event.policy, due=event.due))
        case ev.DueTimesSet():
            ticket = _touch(replace(ticket, due=event.due))
        case ev.FeeDrafted():
            ticket = _touch(replace(ticket, items=event.items))
        case (
            ev.ClockWarned()
            | ev.ClockBreached()
            | ev.CustomerContacted()
            | ev.CustomerAsked()
            | ev.FaultDiagnosed()
            | ev.ComplaintRaised()
            | ev.ComplaintSettled()
            | ev.CaseWritten()
            | ev.IncidentRaised()
            | ev.IncidentNoted()
            | ev.IncidentSettled()
        ):
            # they live in the trace; a word with the customer may be what was missing
            is_news = isinstance(event, ev.CustomerContacted)
            ticket = _touch(replace(ticket, blocked=() if is_news else ticket.blocked))
        case custody.PartsNeeded():
            ticket = _touch(replace(ticket, parts=event.parts, blocked=()))
        case ev.TicketHeld():
            hold = Hold(
                kind=event.kind,
                reason=event.reason,
                back_to=Status.REPORTED if ticket.status is Status.REPORTED else Status.TRIAGED,
                until_at=event.until_at,
            )
            ticket = _enter(replace(_off_plan(docs, ticket), hold=hold), Status.HELD, fact.at)
        case ev.TicketReleased():
            back = ticket.hold.back_to if ticket.hold else Status.TRIAGED
            ticket = _enter(replace(ticket, hold=None, due=event.due), back, fact.at)
        case ev.TicketCancelled():
            ticket = replace(_off_plan(docs, ticket), reason=event.reason, hold=None)
            ticket = _enter(ticket, Status.CANCELLED, fact.at)
        case ev.TicketAssigned():
            ticket = _assign(docs, ticket, event, fact.at)
        case ev.TicketLocked() | ev.TicketUnlocked():
            ticket = _touch(replace(ticket, is_locked=isinstance(event, ev.TicketLocked)))
        case ev.EngineerExcluded():
            ticket = _touch(replace(ticket, excluded=(*ticket.excluded, event.exclusion)))
        case ev.ArrivalPromised():
            ticket = _touch(replace(ticket, promised_at=event.promised_at))
        case ev.TicketResumed():
            ticket = replace(
                ticket,
                duration_s=event.duration_s,
                due=event.due,
                not_before_at=event.not_before_at,
            )
            ticket = _enter(ticket, Status.TRIAGED, fact.at)
        case ev.CustomerDisputed():
            # the repair was none: the clock that stops with it runs again
            since = {k: v for k, v in ticket.since.items() if k != Status.DONE.value}
            ticket = replace(ticket, engineer=None, reason=event.reason, due=event.due, since=since)
            ticket = _enter(ticket, Status.TRIAGED, fact.at)
        case ev.CustomerAccepted():
            ticket = _enter(ticket, Status.CUSTOMER_ACCEPTED, fact.at)
        case ev.CustomerCalledBack():
            ticket = _enter(ticket, Status.CALLED_BACK, fact.at)
        case ev.TicketClosed():
            ticket = _enter(ticket, Status.CLOSED, fact.at)
        case _:
            assert_never(event)
    docs.put_ticket(ticket)


def _duty(docs: Docs, event: DutyEvent, fact: ev.Fact) -> None:
    ticket = _marked(docs.ticket(event.ticket), mark_of(event, fact.at, fact.recorded_at))
    match event:
        case duty.EvidenceRecorded():
            shown = evidence_of(event, fact.actor, fact.at, fact.recorded_at)
            # what is still missing is looked at anew
            ticket = replace(ticket, evidence=(*ticket.evidence, shown), blocked=())
        case duty.ExceptionGranted():
            leave = Leave(
                move=event.move,
                condition=event.condition,
                at=fact.at,
                by=fact.actor,
                role=event.role,
                reason=event.reason,
                document=event.document,
                clause=event.clause,
                then=event.then,
            )
            ticket = replace(ticket, leaves=(*ticket.leaves, leave), blocked=())
        case duty.MoveBlocked():
            ticket = replace(ticket, blocked=event.missing)
        case duty.TaskOpened():
            opened = Duty(
                task=event.task,
                role=event.role,
                opened_at=event.opened_at,
                due_at=event.due_at,
                clause=event.clause,
                cause=event.cause,
                notice=event.notice,
            )
            ticket = replace(ticket, duties=(*ticket.duties, opened))
        case duty.TaskClosed():
            left = tuple(one for one in ticket.duties if one.task != event.task)
            ticket = replace(ticket, duties=left)
        case duty.TaskTaken():
            ticket = _with_duty(ticket, event.task, taken_by=fact.actor)
        case duty.TaskEscalated():
            known = next((one for one in ticket.duties if one.task == event.task), None)
            told = (*known.escalated, event.role) if known else ()
            ticket = _with_duty(ticket, event.task, escalated=told)
        case duty.NoticeSent():
            ticket = _with_duty(ticket, event.task, is_told=True)
        case duty.TaskDone() | duty.PromiseMoved():
            # they live in the trace; a task that is done is closed by the next fact
            pass
        case _:
            assert_never(event)
    docs.put_ticket(_touch(ticket))


def evidence_of(
    event: duty.EvidenceRecorded, actor: ActorId | None, at: int, recorded_at: int
) -> Evidence:
    """Return what a fact says was shown, as the ticket keeps it."""
    return Evidence(
        kind=event.kind,
        at=at,
        recorded_at=recorded_at,
        by=actor or ActorId(""),
        role=event.role,
        items=event.items,
        value=event.value,
        document=event.document,
    )


def _with_duty(ticket: Ticket, task: str, **news: Any) -> Ticket:
    changed = tuple(replace(one, **news) if one.task == task else one for one in ticket.duties)
    return replace(ticket, duties=changed)


def _triage(ticket: Ticket, event: ev.TicketTriaged, at: int) -> Ticket:
    ticket = replace(
        ticket,
        severity=event.severity,
        skills=event.skills,
        certificates=event.certificates,
        duration_s=event.duration_s,
        windows=event.windows,
        not_before_at=event.not_before_at,
        due=event.due,
        policy=event.policy or ticket.policy,
    )
    # judging a planned ticket anew keeps its place until the next plan
    return _touch(ticket) if ticket.status is Status.PLANNED else _enter(ticket, Status.TRIAGED, at)


def _assign(docs: Docs, ticket: Ticket, event: ev.TicketAssigned, at: int) -> Ticket:
    _drop(docs, ticket)
    docs.put_route(event.route)
    ticket = replace(ticket, engineer=event.engineer, is_locked=True, unassigned=())
    return _enter(ticket, Status.PLANNED, at)


_VisitEvent = (
    ev.EngineerDeparted
    | ev.EngineerArrived
    | ev.WorkFinished
    | ev.VisitIncomplete
    | ev.VisitRecalled
    | ev.VisitDeclined
    | ev.VisitDispatched
    | ev.VisitAccepted
)


def _visit(docs: Docs, event: _VisitEvent, fact: ev.Fact) -> None:
    ticket = _marked(docs.ticket(event.ticket), mark_of(event, fact.at, fact.recorded_at))
    match event:
        case ev.VisitDispatched():
            ticket = _enter(replace(ticket, blocked=()), Status.DISPATCHED, fact.at)
        case ev.VisitAccepted():
            ticket = _enter(ticket, Status.ACCEPTED, fact.at)
        case ev.VisitRecalled():
            ticket = _enter(_off_plan(docs, ticket), Status.TRIAGED, fact.at)
        case ev.VisitDeclined():
            ticket = _enter(_off_plan(docs, ticket), Status.TRIAGED, fact.at)
            ticket = replace(ticket, reason=event.reason)
        case ev.EngineerDeparted():
            ticket = _enter(ticket, Status.TRAVELLING, fact.at)
            engineer = docs.engineer(event.engineer)
            rest = tuple(one for one in engineer.trip if one != ticket.id)
            trip = (*rest, ticket.id)
            docs.put_engineer(replace(engineer, gate="", trip=trip, version=engineer.version + 1))
        case ev.EngineerArrived():
            ticket = _enter(ticket, Status.ON_SITE, fact.at)
            _stand(docs, event.engineer, ticket, fact.at)
        case ev.WorkFinished():
            _drop(docs, ticket)
            ticket = _enter(replace(ticket, reason=""), Status.DONE, fact.at)
        case ev.VisitIncomplete():
            _stand(docs, event.engineer, ticket, fact.at)
            ticket = replace(_off_plan(docs, ticket), reason=event.reason)
            if event.again_at is not None:
                ticket = replace(ticket, not_before_at=event.again_at)
            ticket = _enter(ticket, Status.INCOMPLETE, fact.at)
        case _:
            assert_never(event)
    docs.put_ticket(ticket)


def _stand(docs: Docs, engineer_id: EngineerId, ticket: Ticket, at: int) -> None:
    """Put the engineer at the ticket's site."""
    engineer = docs.engineer(engineer_id)
    docs.put_engineer(replace(engineer, at=ticket.site, at_since=at, version=engineer.version + 1))


def _register(docs: Docs, event: ev.EngineerRegistered) -> None:
    known = event.engineer.id
    version = docs.engineer(known).version + 1 if docs.has_engineer(known) else 1
    docs.put_engineer(replace(event.engineer, version=version))


_EngineerEvent = (
    ev.ShiftsSet
    | ev.AbsenceRecorded
    | ev.LunchStarted
    | ev.EngineerHome
    | ev.ReturnRequested
    | ev.ReturnDecided
)


def _engineer(docs: Docs, event: _EngineerEvent, fact: ev.Fact) -> None:
    engineer = docs.engineer(event.engineer)
    match event:
        case ev.ShiftsSet():
            engineer = replace(engineer, shifts=event.shifts)
        case ev.AbsenceRecorded():
            engineer = replace(engineer, absences=(*engineer.absences, event.absence))
        case ev.LunchStarted():
            engineer = replace(engineer, lunch_at=fact.at)
        case ev.EngineerHome():
            engineer = replace(engineer, at=None, at_since=fact.at, gate="", trip=())
        case ev.ReturnRequested():
            engineer = replace(engineer, gate="asked")
        case ev.ReturnDecided():
            engineer = replace(engineer, gate=event.answer)
        case _:
            assert_never(event)
    docs.put_engineer(replace(engineer, version=engineer.version + 1))


def _publish(docs: Docs, event: ev.PlanPublished, fact: ev.Fact) -> None:
    before = {t for route in event.routes for t in _tickets(docs.route(route.id))}
    after: set[TicketId] = set()
    for route in event.routes:
        docs.put_route(route)
        for visit in route.visits:
            after.add(visit.ticket)
            _plan_ticket(docs, docs.ticket(visit.ticket), route.engineer, fact.at)
    for ticket_id in sorted(before - after):
        ticket = docs.ticket(ticket_id)
        if ticket.status is Status.PLANNED:
            ticket = _marked(replace(ticket, engineer=None), Mark(UNPLANNED, fact.at))
            docs.put_ticket(_enter(ticket, Status.TRIAGED, fact.at))
    for entry in event.unassigned:
        ticket = docs.ticket(entry.ticket)
        if ticket.unassigned != entry.reasons:
            ticket = _marked(ticket, Mark(UNPLACED, fact.at, why_unplaced(entry.reasons)))
            docs.put_ticket(_touch(replace(ticket, unassigned=entry.reasons)))
    territory = replace(
        docs.territory(),
        plan_version=event.plan_version,
        plan_cost=event.cost,
        plan_bound=event.bound,
    )
    docs.put_territory(territory)


def _tickets(route: Route | None) -> tuple[TicketId, ...]:
    return route.tickets if route else ()


def _plan_ticket(docs: Docs, ticket: Ticket, engineer: EngineerId, at: int) -> None:
    """Give a ticket its engineer; one that has the same engineer already is left untouched."""
    if ticket.status is Status.TRIAGED:
        ticket = replace(ticket, engineer=engineer, unassigned=())
        ticket = _marked(ticket, Mark(PLANNED, at, engineer))
        docs.put_ticket(_enter(ticket, Status.PLANNED, at))
    elif ticket.engineer != engineer:
        docs.put_ticket(_touch(replace(ticket, engineer=engineer, unassigned=())))
