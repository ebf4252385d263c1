"""
`apply` folds one fact into the documents; the store, the desk and the simulation share it.

Must not refuse anything: a fact has happened. Commands refuse, before a fact is written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from dispatcher.domain import custody, duty, months, provider
from dispatcher.domain import events as ev
from dispatcher.domain.documents import Docs
from dispatcher.domain.fold_order import OrderEvent, on_order
from dispatcher.domain.fold_ticket import enter, marked, on_duty, on_ticket, on_visit, touch
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.months import MonthStep
from dispatcher.domain.plan import Route
from dispatcher.domain.provider import ContractTerms, ProviderEvent, changed
from dispatcher.domain.territory import AdoptedPolicy, Territory
from dispatcher.domain.ticket import Mark, Status, Ticket
from dispatcher.domain.trace import PLANNED, UNPLACED, UNPLANNED, mark_of, why_unplaced


def apply(docs: Docs, fact: ev.Fact) -> None:
    """Fold `fact` into `docs`; the same facts in the same order always give the same documents."""
    event = fact.event
    match event:
        case ev.TicketReported():
            born = replace(event.ticket, since={}, version=0)
            born = marked(replace(born, trace=()), mark_of(event, fact.at, fact.recorded_at))
            docs.put_ticket(enter(born, Status.REPORTED, fact.at))
            if born.joins is not None:
                first = docs.ticket(born.joins)
                docs.put_ticket(touch(replace(first, crew=(*first.crew, born.id))))
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
        case ev.ContactRead() | ev.ContactErased() | ev.PicturesErased():
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
            | ev.HandedOver()
            | ev.VisitDispatched()
            | ev.VisitAccepted()
        ):
            on_visit(docs, event, fact)
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
            | ev.TicketSolved()
            | ev.FollowUpOpened()
            | ev.DisputeReviewed()
            | ev.TicketResumed()
            | ev.CustomerAccepted()
            | ev.CustomerDisputed()
            | ev.CustomerCalledBack()
            | ev.TicketClosed()
        ):
            on_ticket(docs, event, fact)
        case ev.TicketSequenced():
            # it changes two tickets
            pass
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
            on_duty(docs, event, fact)
        case _:
            assert_never(event)
    if isinstance(event, OrderEvent):
        on_order(docs, event, fact)
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
        docs.put_ticket(touch(marked(replace(ticket, blocked=()), mark)))


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
            ticket = marked(replace(ticket, engineer=None), Mark(UNPLANNED, fact.at))
            docs.put_ticket(enter(ticket, Status.TRIAGED, fact.at))
    for entry in event.unassigned:
        ticket = docs.ticket(entry.ticket)
        if ticket.unassigned != entry.reasons:
            ticket = marked(ticket, Mark(UNPLACED, fact.at, why_unplaced(entry.reasons)))
            docs.put_ticket(touch(replace(ticket, unassigned=entry.reasons)))
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
        ticket = marked(ticket, Mark(PLANNED, at, engineer))
        docs.put_ticket(enter(ticket, Status.PLANNED, at))
    elif ticket.engineer != engineer:
        docs.put_ticket(touch(replace(ticket, engineer=engineer, unassigned=())))
