"""
Commands about a customer's data: lifting the veil for a purpose, and forgetting (R91).

Pure, like `decide`, whose table lists these handlers.
"""

from __future__ import annotations

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import events as ev
from dispatcher.domain.privacy import PURPOSES, is_under_way, purposes_of
from dispatcher.domain.ticket import FINISHED
from dispatcher.errors import BadField, ContactHidden, OtherEngineer, Refused, WrongPurpose


def read_contact(command: w.ReadContact, docs: CommandDocs, _context: Context) -> Decision:
    """Note that someone lifts the veil from a customer, or refuse it."""
    ticket = docs.ticket(command.ticket)
    mine = purposes_of(command.role)
    if command.purpose not in PURPOSES:
        raise BadField(field="purpose", value=command.purpose, rule=f"one of {', '.join(mine)}")
    if command.purpose not in mine:
        raise WrongPurpose(
            role=command.role, purpose=command.purpose, possible=", ".join(mine) or "nothing"
        )
    if command.engineer is not None:
        if ticket.engineer != command.engineer:
            raise OtherEngineer(ticket=ticket.id, engineer=ticket.engineer, asked=command.engineer)
        routes = docs.routes_of(command.engineer)
        ahead = (docs.ticket(visit) for route in routes for visit in route.tickets)
        if not is_under_way(ticket, command.engineer, ahead):
            raise ContactHidden(ticket=ticket.id, status=ticket.status.value)
    shown = PURPOSES[command.purpose].shows
    return facts(ev.ContactRead(ticket=ticket.id, purpose=command.purpose, shown=shown))


def erase_contacts(command: w.EraseContacts, docs: CommandDocs, context: Context) -> Decision:
    """Forget customers whose tickets have all been over for as long as their profiles keep them."""
    told = []
    for expired in command.tickets:
        ticket = docs.ticket(expired)
        if ticket.status not in FINISHED:
            raise Refused(why=f"ticket {ticket.id} is not finished; someone still has to go there")
        days = context.policy.profile_of(ticket).file.privacy.contact_days
        told.append(ev.ContactErased(ticket=ticket.id, site=ticket.site, kept_days=days))
    sites = tuple(dict.fromkeys(one.site for one in told))
    return Decision(events=tuple(told), erased=sites)


def erase_pictures(command: w.ErasePictures, docs: CommandDocs, context: Context) -> Decision:
    """Forget pictures of tickets that have been over for as long as their profiles keep customers."""
    told = []
    for expired, count in command.tickets:
        ticket = docs.ticket(expired)
        if ticket.status not in FINISHED:
            raise Refused(why=f"ticket {ticket.id} is not finished; its pictures are needed")
        days = context.policy.profile_of(ticket).file.privacy.contact_days
        told.append(ev.PicturesErased(ticket=ticket.id, pictures=count, kept_days=days))
    return Decision(events=tuple(told))
