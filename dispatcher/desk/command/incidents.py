"""
Complaints and quality incidents: their level, whose they are, and the team that goes (R73-R76).

Pure, like `commands`, whose table lists these handlers.
"""

from __future__ import annotations

from dispatcher.desk.command import crews
from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import events as ev
from dispatcher.domain.events import Event
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import BadField, MissingReason
from dispatcher.policy.routing import Harm, complaint_row, incident_row

# the level of a complaint, and of an incident, for which a team of two goes the same day (R76)
MAJOR_COMPLAINT, WORST_INCIDENT = 3, 1


def complain(command: w.Complain, docs: CommandDocs, context: Context) -> Decision:
    """Write down a complaint with its level and whose it is; a major one calls a second engineer."""
    ticket = docs.ticket(command.ticket)
    row = complaint_row(command.subject, context.money)
    level = command.level if command.level is not None else row.level if row else 1
    if level not in {1, 2, 3}:
        raise BadField(field="level", value=level, rule="choose one of 1, 2, 3")
    raised = ev.ComplaintRaised(
        ticket=ticket.id,
        level=level,
        remark=command.remark,
        subject=command.subject,
        owner=row.owner if row else "",
        clause=row.clause if row else "",
    )
    team = _team(ticket, docs, context) if level == MAJOR_COMPLAINT else ()
    return facts(raised, *team)


def raise_incident(command: w.RaiseIncident, docs: CommandDocs, context: Context) -> Decision:
    """Write down a quality incident in the level that the table gives it."""
    ticket = docs.ticket(command.ticket)
    harm = Harm(
        injury=command.injury,
        media=command.media,
        loss_cents=command.loss_cents,
        product_cents=command.product_cents,
        claim_cents=command.claim_cents,
    )
    row = incident_row(harm, context.money)
    if row is None:
        rule = "nothing given reaches a level of the table of incidents; log a complaint instead"
        raise BadField(field="claim_cents", value=command.claim_cents, rule=rule)
    told = {
        "injury": harm.injury,
        "media": harm.media,
        "loss": harm.loss_cents > 0,
        "claim": harm.claim_cents > 0,
    }
    raised = ev.IncidentRaised(
        ticket=ticket.id,
        level=row.level,
        owner=row.owner,
        clause=row.clause,
        harm=tuple(name for name, holds in told.items() if holds),
        claim_cents=command.claim_cents,
        remark=command.remark,
    )
    team = _team(ticket, docs, context) if row.level == WORST_INCIDENT else ()
    return facts(raised, *team)


def note(command: w.NoteIncident, docs: CommandDocs, _context: Context) -> Decision:
    """Write the daily report on an incident, or settle it."""
    ticket = docs.ticket(command.ticket)
    is_incident = is_open(ticket, "incident")
    if not is_incident and command.is_settled:
        raise BadField(field="ticket", value=ticket.id, rule="it has no incident that is open")
    if not is_incident and not is_open(ticket, "complaint"):
        rule = "it has neither incident nor complaint that is open"
        raise BadField(field="ticket", value=ticket.id, rule=rule)
    if not command.remark.strip():
        raise MissingReason(move="note_incident", ticket=ticket.id)
    cls = ev.IncidentSettled if command.is_settled else ev.IncidentNoted
    return facts(cls(ticket=ticket.id, remark=command.remark))


def settle(command: w.SettleComplaint, docs: CommandDocs, _context: Context) -> Decision:
    """Write down that a complaint was answered."""
    ticket = docs.ticket(command.ticket)
    if not is_open(ticket, "complaint"):
        raise BadField(field="ticket", value=ticket.id, rule="it has no complaint that is open")
    return facts(ev.ComplaintSettled(ticket=ticket.id, remark=command.remark))


def is_open(ticket: Ticket, what: str) -> bool:
    """Tell whether a ticket has a complaint or an incident that nobody has settled."""
    kinds = {f"{what}_raised": True, f"{what}_settled": False}
    said = [kinds[mark.kind] for mark in ticket.trace if mark.kind in kinds]
    return bool(said) and said[-1]


def write_case(command: w.WriteCase, docs: CommandDocs, _context: Context) -> Decision:
    """Write up a fault and its repair; later words replace earlier ones."""
    ticket = docs.ticket(command.ticket)
    for field, value in (("title", command.title), ("text", command.text)):
        if not value.strip():
            raise BadField(field=field, value="", rule="say what was wrong and how it was mended")
    return facts(ev.CaseWritten(ticket=ticket.id, title=command.title, text=command.text))


def _team(ticket: Ticket, docs: CommandDocs, context: Context) -> tuple[Event, ...]:
    """Return the facts that call the rest of a team, as far as nobody else is called yet."""
    if not ticket.skills:
        return ()
    wish = w.CallSecond(ticket=ticket.id, skills=ticket.skills)
    team: list[Event] = []
    for _ in range(crews.wanted(ticket, docs, context.money.file.team_size)):
        # the complaint itself is the next fact
        team += crews.second_of(wish, docs, context, after=1 + len(team))
    return tuple(team)
