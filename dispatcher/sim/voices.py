"""
What the world's people say: faults found, fees drafted, complaints, and now and then harm done.

Plausible, not measured: shares are house guesses. Speaks to the desk only by commands, draws its own streams
of chance, and says nothing that calls a team or changes a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dispatcher.desk.command import wishes as w
from dispatcher.domain import events as ev
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import FeeItem, Status, Ticket
from dispatcher.units import MINUTE_S

Chance = Callable[[str, str], np.random.Generator]
Wish = tuple[int, w.Command, str]

# what was wrong, by category, with its cause and what mended it
FAULTS = {
    "hardware": (
        ("Power supply fails under load", "wear", "Power supply exchanged, load test passed"),
        ("Feed roller worn", "wear", "Roller exchanged, 50 pages without a jam"),
        ("Fan blocked by dust", "wear", "Fan cleaned, temperature back to normal"),
        ("Loose connector on the main board", "installation", "Connector seated and locked"),
        ("Memory module defective", "defect", "Module exchanged, memory test passed"),
    ),
    "software": (
        ("Licence service does not start", "defect", "Service repaired, licence read again"),
        ("Update left half installed", "installation", "Update repeated and checked"),
        ("Certificate expired", "wear", "Certificate renewed, reminder set"),
        ("Database index damaged", "defect", "Index rebuilt, query times normal"),
    ),
    "integration": (
        ("Interface times out at the gateway", "installation", "Time limit raised, queue emptied"),
        ("Addresses given twice after a move", "installation", "Address plan put right"),
        ("Switch port defective", "defect", "Moved to a spare port, port marked"),
    ),
}
# shares of one, house
_LATE, _VAIN, _GRUMBLES = 0.25, 0.3, 0.2
_CLAIMS, _SETTLED, _WRITES = 0.04, 0.6, 0.06
_CLAIM_CENTS = (1_000_000, 4_000_000)
_REMARKS = {
    "service": "Waited longer than promised",
    "product": "Second visit for the same fault",
    "fee": "Does not see why the call-out is charged",
    "conduct": "Nobody explained what was done",
}


class Voices:
    """What a day's people say about it."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def react(self, fact: ev.Fact, docs: MemoryDocs) -> Iterator[Wish]:
        """Return what is said because of a fact: when, what, who."""
        at, event = fact.at, fact.event
        match event:
            case ev.EngineerArrived(ticket=name, engineer=who):
                yield from self._looked_at(docs.ticket(name), who, at)
            case ev.WorkFinished(ticket=name, engineer=who):
                yield from self._done(docs.ticket(name), who, at)
            case ev.ComplaintRaised(ticket=name):
                yield from self._answered(docs.ticket(name), at)
            case _:
                yield from self._unhappy(fact, docs)

    def _unhappy(self, fact: ev.Fact, docs: MemoryDocs) -> Iterator[Wish]:
        """Complain about a late visit, one in vain, or a job that was judged middling."""
        at = fact.at
        match fact.event:
            case ev.ClockBreached(ticket=name, clock="arrive") if self._is("late", name, _LATE):
                yield from self._complaint(docs, name, "service", at)
            case ev.VisitIncomplete(ticket=name) if self._is("claim", name, _CLAIMS):
                yield at + 900, self._harm(name), "customer-service"
            case ev.VisitIncomplete(ticket=name) if self._is("vain", name, _VAIN):
                yield from self._complaint(docs, name, "product", at)
            case ev.CustomerCalledBack(ticket=name, satisfaction=3):
                if self._is("grumble", name, _GRUMBLES):
                    subject = ("fee", "conduct")[int(self._is("which", name, 0.5))]
                    yield from self._complaint(docs, name, subject, at)
            case _:
                return

    def _answered(self, ticket: Ticket, at: int) -> Iterator[Wish]:
        """Settle a first complaint after a while; some stay open."""
        said = [mark for mark in ticket.trace if mark.kind == "complaint_raised"]
        if len(said) == 1 and self._is("settled", ticket.id, _SETTLED):
            wait = int(self._chance("settle_s", ticket.id).integers(1800, 7200))
            end = w.SettleComplaint(ticket=ticket.id, remark="Called, explained, apologised")
            yield at + wait, end, "supervisor"

    def done(self, ticket: Ticket) -> str:
        """Return what mended a ticket's fault."""
        return self._fault(ticket)[2]

    def _fault(self, ticket: Ticket) -> tuple[str, str, str]:
        known = FAULTS.get(ticket.category)
        if known is None:
            return "", "", "checked, cleaned and tested"
        about = ticket.external_id or ticket.id
        return known[int(self._chance("fault", about).integers(len(known)))]

    def _is(self, stream: str, about: str, share: float) -> bool:
        return bool(self._chance(stream, about).random() < share)

    def _looked_at(self, ticket: Ticket, who: EngineerId, at: int) -> Iterator[Wish]:
        """Say what is broken a little after the arrival (R11)."""
        fault, cause, _ = self._fault(ticket)
        if fault and ticket.joins is None and Status.INCOMPLETE.value not in ticket.since:
            found = w.Diagnose(ticket=ticket.id, fault=fault, cause=cause, engineer=who)
            yield at + 240, found, who

    def _done(self, ticket: Ticket, who: EngineerId, at: int) -> Iterator[Wish]:
        """Draft the fee by the hours worked, and write up what is rare."""
        if ticket.joins is not None:
            return
        worked_s = max(MINUTE_S, at - ticket.since.get(Status.ON_SITE.value, at))
        items = (
            FeeItem(kind="labour", quantity=-(-worked_s // MINUTE_S)),
            FeeItem(kind="call_out"),
        )
        yield at + 5, w.DraftFee(ticket=ticket.id, items=items), who
        fault, _, mended = self._fault(ticket)
        if fault and self._is("case", ticket.id, _WRITES):
            case = w.WriteCase(
                ticket=ticket.id,
                title=fault,
                text=f"{ticket.symptom}. Looked like something else at first: {fault.lower()}. {mended}.",
            )
            yield at + 20, case, who

    def _complaint(self, docs: MemoryDocs, name: TicketId, subject: str, at: int) -> Iterator[Wish]:
        if docs.ticket(name).joins is None:
            wish = w.Complain(ticket=name, subject=subject, remark=_REMARKS[subject])
            yield at + 600, wish, "customer-service"

    def _harm(self, name: TicketId) -> w.RaiseIncident:
        low, high = _CLAIM_CENTS
        claim = int(self._chance("claim_cents", name).integers(low, high)) // 10_000 * 10_000
        remark = "Claims the working day that was lost"
        return w.RaiseIncident(ticket=name, claim_cents=claim, remark=remark)
