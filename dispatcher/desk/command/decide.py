"""
May this happen? `decide` turns a command into facts, or refuses with the sentence to show.

Pure: reads documents, never a clock, a socket or a street. Must not plan.
"""

from __future__ import annotations

from dataclasses import replace

from dispatcher.desk.command import (
    assets,
    crews,
    duties,
    incidents,
    keeping,
    merge,
    months,
    order,
    privacy,
    rounds,
    solving,
    stores,
    timing,
    visits,
)
from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.gates import check, ready
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, Handler, facts, legal
from dispatcher.domain import events as ev
from dispatcher.domain.events import Event
from dispatcher.domain.ids import EngineerId, SiteId, TicketId
from dispatcher.domain.ticket import (
    FROZEN,
    Exclusion,
    Severity,
    Status,
    Ticket,
    Window,
)
from dispatcher.errors import (
    BadField,
    MissingReason,
    NoEngineerYet,
    NotEligible,
    NotPlanned,
    UnderWay,
    VisitBefore,
    WindowInPast,
)


def decide(command: w.Command, docs: CommandDocs, context: Context) -> Decision:
    """
    Return the facts that `command` becomes.

    Raises
    ------
    DispatcherError
        The command may not happen now; the message says why and what is possible.
    """
    decided = HANDLERS[type(command)](command, docs, context)
    whole = order.in_order(crews.in_step(solving.passed_on(decided, docs), docs), docs)
    return timing.timed(whole, docs, context)


_NOBODY_GOES = "leave it out: a request that needs no visit sends nobody anywhere"


def _report(command: w.ReportTicket, docs: CommandDocs, context: Context) -> Decision:
    number = docs.next_seq()
    home = docs.territory().id
    asset = assets.known_asset(command.asset, docs)
    command = assets.informed(command, asset, context.happened_at)
    ticket_id = TicketId(f"{home}-{number}")
    site = command.site
    if not site.id:
        site = replace(site, id=SiteId(f"{home}-S{number}"), territory=home)
    _future_windows(command.windows, context.now)
    if not command.needs_visit and (command.skills or command.windows):
        field = "skills" if command.skills else "windows"
        raise BadField(field=field, value=len(getattr(command, field)), rule=_NOBODY_GOES)
    severity = command.severity or Severity.GENERAL
    profile = context.policy.choose(
        command.contract, command.category, severity, needs_visit=command.needs_visit
    )
    ticket = Ticket(
        id=ticket_id,
        territory=home,
        status=Status.REPORTED,
        severity=severity,
        channel=command.channel,
        site=site.id,
        cell=site.place.cell(),
        reported_at=context.happened_at,
        symptom=command.symptom,
        category=command.category,
        model=command.model,
        asset=command.asset,
        external_id=command.external_id,
        contract=command.contract,
        weight_g=command.weight_g,
        policy=profile.key,
        source=command.source,
        bought_from=command.bought_from,
        skills=command.skills,
        certificates=command.certificates,
        duration_s=command.duration_s or profile.work_s(command.category),
        windows=command.windows,
        not_before_at=command.not_before_at,
        outdoor=command.outdoor,
        needs_visit=command.needs_visit,
        has_place=site.confidence != "nowhere",
    )
    if ticket.needs_visit:
        solving.placed(ticket)
    if command.after is not None:
        first = order.checked(ticket, command.after, command.after_lag_s, docs)
        ticket = replace(ticket, after=first, after_lag_s=command.after_lag_s)
    events: list[Event] = [ev.TicketReported(ticket=ticket)]
    if command.severity is not None and command.skills:
        events.append(_triaged(ticket))
    events += timing.adopted(profile, docs)
    return Decision(events=tuple(events), sites=(site,))


def _triaged(ticket: Ticket) -> ev.TicketTriaged:
    return ev.TicketTriaged(
        ticket=ticket.id,
        severity=ticket.severity,
        skills=ticket.skills,
        duration_s=ticket.duration_s,
        due=ticket.due,
        certificates=ticket.certificates,
        windows=ticket.windows,
        not_before_at=ticket.not_before_at,
    )


def _future_windows(windows: tuple[Window, ...], now: int) -> None:
    for window in windows:
        if window.close_at <= now:
            raise WindowInPast(close_at=window.close_at)


def _triage(command: w.Triage, docs: CommandDocs, context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    ready(ticket, "triage", docs, context)
    _future_windows(command.windows, context.now)
    if not command.skills:
        # R05: no dispatch without place and required skill
        raise BadField(field="skills", value="[]", rule="name at least one skill the work needs")
    solving.placed(ticket)
    judged = replace(
        ticket,
        severity=command.severity,
        skills=command.skills,
        certificates=command.certificates,
        duration_s=command.duration_s,
        windows=command.windows,
        not_before_at=command.not_before_at,
    )
    # R07: the severity selects the profile
    profile = timing.profile_for(judged, command.severity, context.policy)
    changed = profile.key if profile.key != ticket.policy else ""
    triaged = replace(_triaged(judged), policy=changed)
    return facts(triaged, *(timing.adopted(profile, docs) if changed else ()))


def _hold(command: w.HoldTicket, docs: CommandDocs, context: Context) -> Decision:
    ready(docs.ticket(command.ticket), "hold", docs, context, reason=command.reason)
    if command.until_at is not None and command.until_at <= context.now:
        raise BadField(
            field="until_at", value=command.until_at, rule="choose a time that is still to come"
        )
    held = ev.TicketHeld(
        ticket=command.ticket,
        kind=command.kind,
        reason=command.reason,
        until_at=command.until_at,
    )
    return facts(held)


def _assign(command: w.Assign, docs: CommandDocs, context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    # judged and not under way: what the plan may move, a person may move
    legal(ticket, "plan")
    docs.engineer(command.engineer)
    if command.against and not (context.may_override and command.reason):
        raise NotEligible(
            engineer=command.engineer,
            ticket=command.ticket,
            reasons=", ".join(reason.code for reason in command.against),
        )
    merge.check_assigned(docs, command)
    assigned = ev.TicketAssigned(
        ticket=command.ticket,
        engineer=command.engineer,
        route=command.route,
        reason=command.reason,
        overridden=command.against,
    )
    return facts(assigned, *order.overruled(ticket, command))


def _exclude(command: w.Exclude, docs: CommandDocs, _context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    docs.engineer(command.engineer)
    if ticket.is_frozen and ticket.engineer == command.engineer:
        raise UnderWay(engineer=command.engineer, ticket=ticket.id)
    exclusion = Exclusion(
        engineer=command.engineer, reason=command.reason, until_at=command.until_at
    )
    return facts(ev.EngineerExcluded(ticket=ticket.id, exclusion=exclusion))


def _promise(command: w.Promise, docs: CommandDocs, context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    if ticket.status is not Status.PLANNED and not ticket.is_frozen:
        raise NotPlanned(ticket=ticket.id, status=ticket.status.value)
    check(ticket, "promise", docs, context)
    return facts(ev.ArrivalPromised(ticket=ticket.id, promised_at=command.promised_at))


def _step(command: w.Step, docs: CommandDocs, context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    match command.move:
        case "release":
            ready(ticket, "release", docs, context)
            return facts(ev.TicketReleased(ticket=ticket.id, due=ticket.due))
        case "lock" | "unlock":
            if ticket.engineer is None:
                raise NoEngineerYet(ticket=ticket.id)
            locked = command.move == "lock"
            cls = ev.TicketLocked if locked else ev.TicketUnlocked
            return facts() if ticket.is_locked == locked else facts(cls(ticket=ticket.id))
        case "dispatch":
            order.check_free(ticket)
            ready(ticket, "dispatch", docs, context)
            return facts(_dispatched(ticket, docs))
        case "customer_accept":
            ready(ticket, "customer_accept", docs, context)
            return facts(ev.CustomerAccepted(ticket=ticket.id))
        case "close":
            ready(ticket, "close", docs, context)
            return facts(ev.TicketClosed(ticket=ticket.id))
        case _:
            raise BadField(field="move", value=command.move, rule="not a step of a ticket")


def _dispatched(ticket: Ticket, docs: CommandDocs) -> ev.VisitDispatched:
    engineer = _engineer_of(ticket)
    for route in docs.routes_of(engineer):
        if ticket.id in route.tickets:
            for other in route.tickets[: route.tickets.index(ticket.id)]:
                if docs.ticket(other).status not in FROZEN:
                    raise VisitBefore(other=other, ticket=ticket.id, engineer=engineer)
    return ev.VisitDispatched(ticket=ticket.id, engineer=engineer)


def _engineer_of(ticket: Ticket) -> EngineerId:
    if ticket.engineer is None:
        raise NoEngineerYet(ticket=ticket.id)
    return ticket.engineer


def _step_because(command: w.StepBecause, docs: CommandDocs, context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    legal(ticket, command.move)
    if not command.reason.strip():
        raise MissingReason(move=command.move, ticket=ticket.id)
    check(ticket, command.move, docs, context, reason=command.reason)
    match command.move:
        case "cancel":
            return facts(ev.TicketCancelled(ticket=ticket.id, reason=command.reason))
        case "recall":
            engineer = _engineer_of(ticket)
            return facts(
                ev.VisitRecalled(ticket=ticket.id, engineer=engineer, reason=command.reason)
            )
        case "dispute":
            return facts(
                ev.CustomerDisputed(ticket=ticket.id, reason=command.reason, due=ticket.due)
            )
        case _:
            raise BadField(field="move", value=command.move, rule="not a step with a reason")


def _resume(command: w.Resume, docs: CommandDocs, context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    ready(ticket, "resume", docs, context)
    resumed = ev.TicketResumed(
        ticket=ticket.id,
        duration_s=command.duration_s or ticket.duration_s,
        due=ticket.due,
        not_before_at=command.not_before_at or ticket.not_before_at,
    )
    return facts(resumed)


def _call_back(command: w.CallBack, docs: CommandDocs, context: Context) -> Decision:
    ticket = docs.ticket(command.ticket)
    ready(ticket, "call_back", docs, context)
    return facts(
        ev.CustomerCalledBack(
            ticket=ticket.id, satisfaction=command.satisfaction, remark=command.remark
        )
    )


def _publish(command: w.Publish, docs: CommandDocs, context: Context) -> Decision:
    routes = merge.merged(docs, command.routes, context.now)
    unassigned = merge.still_open(docs, command.unassigned, routes)
    if not routes and not unassigned:
        return facts()
    placed = {ticket for route in routes for ticket in route.tickets}
    published = ev.PlanPublished(
        plan_version=docs.territory().plan_version + 1,
        routes=routes,
        unassigned=unassigned,
        choices=tuple(c for c in command.choices if c.ticket in placed),
        engine=command.engine,
        seed=command.seed,
        iterations=command.iterations,
        input_seq=command.input_seq,
        cost=command.cost,
        bound=command.bound,
        turn_price=context.policy.dispatch.rotation_price,
    )
    moved = merge.moved_promises(docs, routes, context.policy.dispatch.promise_tolerance_s)
    return facts(published, *moved)


# adding a command is a record in `wishes`, a function here and a row
HANDLERS: dict[type, Handler] = {
    w.ReportTicket: _report,
    w.Triage: _triage,
    w.HoldTicket: _hold,
    w.Assign: _assign,
    w.Exclude: _exclude,
    w.Promise: _promise,
    w.Step: _step,
    w.StepBecause: _step_because,
    w.Resume: _resume,
    w.CallBack: _call_back,
    w.LogContact: timing.contact,
    w.AskFor: timing.ask_for,
    w.Diagnose: timing.diagnose,
    w.DraftFee: assets.draft_fee,
    w.CallSecond: crews.call,
    w.Sequence: order.sequence,
    w.Solve: solving.solve,
    w.FollowUp: solving.follow_up,
    w.ReviewDispute: solving.review,
    w.HandOver: visits.hand_over,
    w.Complain: incidents.complain,
    w.WriteCase: incidents.write_case,
    w.RaiseIncident: incidents.raise_incident,
    w.NoteIncident: incidents.note,
    w.SettleComplaint: incidents.settle,
    w.RecordEvidence: duties.record,
    w.GrantException: duties.grant,
    w.NoteBlocked: duties.blocked,
    w.TakeTask: duties.take,
    w.FinishTask: duties.finish,
    w.NoteEscalation: duties.escalate,
    w.NoteNotice: duties.notice,
    w.Rebase: timing.rebase,
    w.Reckon: timing.reckon,
    w.NoteCrossing: timing.note,
    w.SetCalendarDays: timing.calendar_days,
    w.VisitStep: visits.visit,
    w.ReadContact: privacy.read_contact,
    w.EraseContacts: privacy.erase_contacts,
    w.ErasePictures: privacy.erase_pictures,
    w.ApproveHours: months.approve,
    w.ReturnHours: months.give_back,
    w.RegisterEngineer: visits.register,
    w.RegisterAsset: assets.register,
    w.WriteRound: rounds.write,
    w.RecallAssets: rounds.recall,
    w.SetShifts: visits.shifts,
    w.RecordAbsence: visits.absence,
    w.EngineerStep: visits.engineer,
    w.StopOutdoorWork: visits.storms,
    w.DecideReturn: visits.answer_return,
    stores.ListItem: keeping.list_item,
    stores.MoveThings: keeping.move_things,
    stores.NeedParts: keeping.need_parts,
    stores.ClaimExpense: keeping.claim_expense,
    stores.ListProvider: keeping.list_provider,
    stores.AssessProvider: keeping.assess_provider,
    stores.AskProviderChange: keeping.ask_change,
    stores.SettleProviderChange: keeping.settle_change,
    stores.SetContractTerms: keeping.contract_terms,
    w.Publish: _publish,
}
