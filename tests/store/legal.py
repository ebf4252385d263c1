"""Legal days: turns numbers into events that may happen to the documents as they are."""

from __future__ import annotations

from collections.abc import Callable

from dispatcher.domain import duty, months
from dispatcher.domain import events as ev
from dispatcher.domain.asset import Asset, Warranty
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.custody import ITEM_KINDS, Need
from dispatcher.domain.custody import MOVES as MOVES_OF_THINGS
from dispatcher.domain.engineer import Absence, Shift
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Choice, Reason, Route, Unassigned, Visit
from dispatcher.domain.territory import Storm
from dispatcher.domain.ticket import DueTime, Exclusion, FeeItem, Severity, Ticket, possible_moves
from tests.store.village import NOW, engineer, ticket

# three small numbers stand for one event: what, on which, how
Step = tuple[int, int, int]

DUE = (DueTime(clock="arrive", due_at=NOW + 3600, weight=2, step=100, clause="M3 2(2)"),)
# more tickets than this are not alive at once, so that some get old
CROWD = 8
SETBACKS = {
    "solve",
    "hand_over",
    "cancel",
    "hold",
    "decline",
    "recall",
    "leave_incomplete",
    "dispute",
}

MOVES: dict[str, Callable[[Ticket, str, int], ev.Event]] = {
    "triage": lambda t, _, n: ev.TicketTriaged(
        ticket=t.id, severity=Severity(n % 4 + 1), skills=(), duration_s=600 + n, due=DUE
    ),
    "dispatch": lambda t, e, _: ev.VisitDispatched(ticket=t.id, engineer=e),
    "recall": lambda t, e, _: ev.VisitRecalled(ticket=t.id, engineer=e, reason="rain"),
    "accept": lambda t, e, _: ev.VisitAccepted(ticket=t.id, engineer=e),
    "decline": lambda t, e, _: ev.VisitDeclined(ticket=t.id, engineer=e, reason="ill"),
    "depart": lambda t, e, _: ev.EngineerDeparted(ticket=t.id, engineer=e),
    "arrive": lambda t, e, _: ev.EngineerArrived(ticket=t.id, engineer=e),
    "finish": lambda t, e, _: ev.WorkFinished(ticket=t.id, engineer=e, found="x", done="é漏"),
    "leave_incomplete": lambda t, e, n: ev.VisitIncomplete(
        ticket=t.id, engineer=e, reason="parts", again_at=NOW + n if n % 2 else None
    ),
    "resume": lambda t, _, n: ev.TicketResumed(ticket=t.id, duration_s=n, due=DUE),
    "customer_accept": lambda t, _, __: ev.CustomerAccepted(ticket=t.id),
    "dispute": lambda t, _, __: ev.CustomerDisputed(ticket=t.id, reason="drips", due=DUE),
    "call_back": lambda t, _, n: ev.CustomerCalledBack(ticket=t.id, satisfaction=n % 5 + 1),
    "close": lambda t, _, __: ev.TicketClosed(ticket=t.id),
    "hold": lambda t, _, n: ev.TicketHeld(
        ticket=t.id, kind="weather", reason="", until_at=NOW + n if n % 2 else None
    ),
    "release": lambda t, _, __: ev.TicketReleased(ticket=t.id, due=()),
    "cancel": lambda t, _, __: ev.TicketCancelled(ticket=t.id, reason="solved"),
    "solve": lambda t, _, n: ev.TicketSolved(
        ticket=t.id, how=("remote", "follow_up", "upheld")[n % 3], found="x", done="é漏"
    ),
    "hand_over": lambda t, e, n: ev.HandedOver(ticket=t.id, engineer=e, to=e if n % 2 else ""),
    "follow_up": lambda t, _, n: ev.FollowUpOpened(ticket=t.id, follow_up=f"F{n}"),
}


def event_of(docs: MemoryDocs, step: Step) -> ev.Event:
    """Return the legal event that three numbers stand for in this state."""
    what, which, how = step
    home = docs.home.id
    if not docs.engineers or what % 16 == 0:
        return ev.EngineerRegistered(
            engineer=engineer(f"{home}-E{which % 3}", territory=home, name=f"N{how}")
        )
    alive = [t for t in docs.tickets.values() if possible_moves(t.status)]
    if not alive or (what % 16 <= 2 and len(alive) < CROWD):
        name = f"{home}-R{len(docs.tickets)}"
        outside = f"X{which}-{how}" if how % 2 else None
        known = {t.external_id for t in docs.tickets.values()}
        outside = None if outside in known else outside
        about = sorted(docs.assets)[which % len(docs.assets)] if docs.assets and how % 3 else None
        return ev.TicketReported(
            ticket=ticket(name, territory=home, external_id=outside, asset=about, due=DUE)
        )
    who = sorted(docs.engineers)[which % len(docs.engineers)]
    if what % 16 == 3:
        return _of_engineer(who, how, docs)
    if what % 16 <= 5:
        return _plan(docs, which, how)
    one = alive[which % len(alive)] if how % 9 else docs.tickets[min(docs.tickets)]
    # what ends or undoes a job is rarer than what brings it on
    moves = [m for m in possible_moves(one.status) if m in MOVES]
    moves = [m for m in moves if m not in SETBACKS or how % 4 == 0]
    if what % 16 in {6, 7} or not moves:
        return _beside(one, who, how)
    return MOVES[moves[(how // 4) % len(moves)]](one, one.engineer or who, how)


def _of_engineer(who: str, how: int, docs: MemoryDocs) -> ev.Event:
    some = sorted(docs.tickets)
    return (
        ev.ShiftsSet(engineer=who, shifts=(Shift(start_at=NOW, end_at=NOW + 1 + how),)),
        ev.AbsenceRecorded(
            engineer=who, absence=Absence(from_at=NOW, until_at=NOW + how, reason="ill")
        ),
        ev.LunchStarted(engineer=who),
        ev.EngineerHome(engineer=who),
        ev.ReturnRequested(engineer=who),
        ev.ReturnDecided(
            engineer=who,
            answer="take" if how % 2 else "go_home",
            ticket=some[how % len(some)] if how % 2 else None,
            considered=tuple(some[:3]),
            reasons=(Reason(code="near", facts={"detour_s": how, "share": 0.5}),),
        ),
        ev.OutdoorWorkStopped(storms=(Storm(from_at=NOW, until_at=NOW + how, reason="gale"),)),
        ev.CalendarChanged(
            days=(CalendarDay(table="CN", date=f"2027-02-{how % 28 + 1:02d}", works=how % 2 == 0),)
        ),
        ev.PolicyAdopted(policy=f"standard@{how % 3}", text="{}"),
        months.HoursApproved(month=f"2026-{how % 12 + 1:02d}", step="checked", digest=str(how)),
        months.HoursReturned(month=f"2026-{how % 12 + 1:02d}", reason="r"),
        ev.ItemListed(item=f"P{how % 4}", depot="main", what="part", grade="A", minimum=how % 3),
        _moved(who, how, docs),
        _moved(who, how + 1, docs),
        ev.ExpenseClaimed(engineer=who, category="fare", amount_cents=100 + how),
        ev.ProviderListed(provider=f"F{how % 3}", name=f"Firm {how}"),
        ev.ProviderAssessed(provider=f"F{how % 3}", score=how, rectify_by_at=NOW + how),
        ev.ProviderChangeAsked(provider=f"F{how % 3}", what="bank", due_at=NOW + how),
        ev.ProviderChangeSettled(provider=f"F{how % 3}", what="bank", is_accepted=how % 2 == 0),
        ev.ContractTermsSet(contract=f"C{how % 4}", own_staff_only=how % 2 == 0),
        _asset(docs, how),
        ev.RoundWritten(
            asset=f"{docs.home.id}-A{how % 4}",
            ticket=min(docs.tickets, default="none"),
            name="quarterly",
            day_at=NOW + how,
        ),
        ev.RecallOrdered(recall=f"R{how}", reason="leaks", models=("M1",), count=how),
    )[how % 23]


def _asset(docs: MemoryDocs, how: int) -> ev.Event:
    name = f"{docs.home.id}-A{how % 4}"
    known = docs.find_asset(name)
    return ev.AssetRegistered(
        asset=Asset(
            id=name,
            territory=docs.home.id,
            serial=f"漏{how}",
            model="M1",
            installed_at=NOW + how if how % 2 else None,
            warranties=(Warranty(part="fan", from_at=NOW, until_at=None if how % 3 else NOW),),
            contract="gold" if how % 4 == 0 else "",
            version=known.version + 1 if known else 1,
        )
    )


def _moved(who: str, how: int, docs: MemoryDocs) -> ev.Event:
    """Return a move of things of every kind; a log may hold more than anybody had."""
    move = list(MOVES_OF_THINGS)[how % len(MOVES_OF_THINGS)]
    route = MOVES_OF_THINGS[move]
    job = min(docs.tickets, default=None)
    name = {"depot": "main", "engineer": who, "customer": job, "outside": ""}
    source, target = (
        route.sources[how % len(route.sources)],
        route.targets[how % len(route.targets)],
    )
    if job is None and "customer" in {source, target}:
        source, target, move = "outside", "depot", "received"
    return ev.CustodyMoved(
        move=move,
        item=f"P{how % 4}",
        what=ITEM_KINDS[how % 5],
        quantity=1 + how % 3,
        source=name[source],
        target=name[target],
        source_kind=source,
        target_kind=target,
        ticket=job if how % 2 or "customer" in {source, target} else None,
        engineer=who if "engineer" in {source, target} else None,
        trip=(job or "") if how % 3 else "",
    )


def _beside(one: Ticket, who: str, how: int) -> ev.Event:
    root = f"{one.territory}-R0"
    return (
        ev.TicketLocked(ticket=one.id),
        ev.TicketUnlocked(ticket=one.id),
        ev.EngineerExcluded(
            ticket=one.id, exclusion=Exclusion(engineer=who, reason="r", until_at=None)
        ),
        ev.ArrivalPromised(ticket=one.id, promised_at=NOW + how),
        ev.ContactRead(ticket=one.id),
        ev.TicketRebased(ticket=one.id, policy=f"machine@{how}", reason="contract", due=DUE),
        ev.DueTimesSet(ticket=one.id, due=DUE, cause="calendar_changed"),
        ev.ClockWarned(
            ticket=one.id, clock="fix", level="amber", crossed_at=NOW + how, due_at=NOW + 2 * how
        ),
        ev.ClockBreached(ticket=one.id, clock="fix", due_at=NOW + how, cause="queue"),
        ev.CustomerContacted(ticket=one.id, purpose="reply", is_reached=how % 2 == 0),
        ev.CustomerAsked(ticket=one.id, wish="quote"),
        ev.FaultDiagnosed(ticket=one.id, fault="fan", engineer=who if how % 2 else None),
        ev.ComplaintRaised(ticket=one.id, level=how % 3 + 1),
        ev.ComplaintSettled(ticket=one.id),
        ev.IncidentRaised(ticket=one.id, level=how % 3 + 1, owner="supervisor", clause="M2 Auto 4"),
        ev.CaseWritten(ticket=one.id, title="风扇", text="loose screw"),
        ev.IncidentNoted(ticket=one.id, remark="seen"),
        ev.IncidentSettled(ticket=one.id, remark="done"),
        ev.ContactErased(ticket=one.id, site=one.site, kept_days=how),
        ev.PicturesErased(ticket=one.id, pictures=how, kept_days=how),
        ev.DisputeReviewed(ticket=one.id, verdict=("again", "upheld")[how % 2], reason="r"),
        ev.PartsNeeded(ticket=one.id, parts=(Need("P1", how, "A"),)),
        duty.EvidenceRecorded(ticket=one.id, kind="consent", value="yes", role="dispatcher"),
        duty.ExceptionGranted(
            ticket=one.id, move="dispatch", condition="consent", role="supervisor", reason="é"
        ),
        duty.MoveBlocked(ticket=one.id, move="dispatch", missing=("consent",) * (how % 2)),
        duty.PromiseMoved(ticket=one.id, promised_at=NOW, expected_at=NOW + how),
        duty.TaskOpened(
            ticket=one.id,
            task=f"late/{how}",
            role="assigned",
            opened_at=NOW,
            due_at=NOW + how,
            clause="house",
            cause="ticket_held",
            engineer=who if how % 2 else None,
        ),
        duty.TaskTaken(ticket=one.id, task=f"late/{how - 4}"),
        duty.TaskDone(ticket=one.id, task=f"late/{how - 5}", outcome="told"),
        duty.TaskEscalated(ticket=one.id, task=f"late/{how - 6}", role="supervisor"),
        duty.NoticeSent(
            ticket=one.id, template="late", task="late/1", audience="customer", channel="log"
        ),
        duty.TaskClosed(ticket=one.id, task=f"late/{how - 8}", state="done", closed_at=NOW),
        ev.FeeDrafted(
            ticket=one.id,
            items=(FeeItem(kind="part", name="扇", quantity=how + 1),),
            charge="paid",
            total_cents=how,
            low_cents=how,
            high_cents=how,
            currency="CNY",
            terms="t",
        ),
        ev.TicketSequenced(
            ticket=one.id, after=root if how % 2 and root != one.id else None, lag_s=how
        ),
    )[how % 34]


def _visits(names: list[str], how: int) -> tuple[Visit, ...]:
    return tuple(
        Visit(
            ticket=name,
            depart_at=NOW + how + 100 * n,
            arrive_at=NOW + how + 100 * n + 10,
            start_at=NOW + how + 100 * n + 10,
            finish_at=NOW + how + 100 * n + 90,
            travel_s=10,
        )
        for n, name in enumerate(names)
    )


def _plan(docs: MemoryDocs, which: int, how: int) -> ev.Event:
    """Return a plan for one or two engineers, or one assignment by a person."""
    free = [t.id for t in docs.tickets.values() if t.is_open and not t.is_locked]
    crew = sorted(docs.engineers)
    first, second = crew[which % len(crew)], crew[(which + 1) % len(crew)]
    if how % 5 == 0 and free:
        kept = docs.route(f"{first}/{NOW}")
        names = [t for t in (kept.tickets if kept else ()) if t != free[0]]
        route = Route(engineer=first, shift_at=NOW, visits=_visits([*names, free[0]], how))
        return ev.TicketAssigned(ticket=free[0], engineer=first, route=route)
    fixed = {
        who: [t for r in docs.routes_of(who) for t in r.tickets if t not in free] for who in crew
    }
    cut, left = how % (len(free) + 1), which % 3
    placed = free[: max(len(free) - left, 0)]
    shares = {first: placed[:cut], second: placed[cut:]} if first != second else {first: placed}
    routes = tuple(
        Route(engineer=who, shift_at=NOW, visits=_visits([*fixed[who], *names], how))
        for who, names in shares.items()
    )
    others = [t for t in free if t not in placed]
    return ev.PlanPublished(
        plan_version=docs.home.plan_version + 1,
        routes=routes,
        unassigned=tuple(
            Unassigned(ticket=t, reasons=(Reason(code="no_time", facts={"late_s": how}),))
            for t in others
        ),
        choices=tuple(Choice(ticket=t, engineer=first, parts={"travel": how}) for t in placed[:1]),
        cost=how,
        bound=how - 1 if how % 2 else None,
    )
