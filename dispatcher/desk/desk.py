"""
What now? The desk takes facts and the time and answers with actions; it is pure.

No clock, socket, file or thread: the live loop and the simulated world drive the very same object,
and a recorded day gives the identical actions again. Must not write; commands do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dispatcher.desk import gate
from dispatcher.desk.command import gates
from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.rounds import Rounds
from dispatcher.desk.command.timing import MOST_AT_ONCE, Alarms
from dispatcher.desk.planning import crews, order, search
from dispatcher.desk.planning.budget import breaks_more
from dispatcher.desk.planning.day import Day, compile_day
from dispatcher.desk.planning.roads import Roads
from dispatcher.desk.settling import settled
from dispatcher.domain import custody, duty, provider
from dispatcher.domain import events as ev
from dispatcher.domain.ids import TicketId
from dispatcher.domain.memory import MemoryDocs, follow
from dispatcher.domain.plan import Route
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.domain.trace import PROVIDER_SILENT
from dispatcher.policy import Policy, Terms, due_times, load_terms

# facts after which a better plan may exist, besides those that bring a ticket
_STIR = (
    ev.WorkFinished,
    ev.TicketSolved,
    ev.VisitIncomplete,
    ev.TicketCancelled,
    ev.TicketHeld,
    ev.TicketUnlocked,
    ev.TicketAssigned,
    ev.AbsenceRecorded,
    ev.ShiftsSet,
    ev.EngineerRegistered,
    ev.OutdoorWorkStopped,
    ev.EngineerExcluded,
    ev.EngineerArrived,
    ev.DueTimesSet,
    ev.TicketRebased,
    ev.TicketSequenced,
    # who may go may have changed
    custody.CustodyMoved,
    custody.PartsNeeded,
    provider.ProviderAssessed,
    provider.ContractTermsSet,
    duty.MoveBlocked,
)
# somebody has it and has not left for it
_NOT_BEGUN = frozenset({Status.PLANNED, Status.DISPATCHED, Status.ACCEPTED})
# how often a gate that time alone may open is looked at again, seconds
_LOOK_S = 60
# facts that bring a ticket into the plan
_OPENED = (
    ev.TicketTriaged,
    ev.TicketReleased,
    ev.TicketResumed,
    ev.CustomerDisputed,
    ev.VisitRecalled,
    ev.VisitDeclined,
    ev.HandedOver,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Improve:
    """A question for an engine: make this day's plan better."""

    day: Day


Action = w.Command | Improve


@dataclass(slots=True)
class Desk:
    """The planner of one territory."""

    docs: MemoryDocs
    roads: Roads
    policy: Policy
    # something changed since the last question to an engine
    stirred: bool = True
    # a question is out
    asking: bool = False
    # dispatches already asked for, by ticket version, so that no order is given twice
    _told: dict[TicketId, int] = field(default_factory=dict)
    _alarms: Alarms = field(default_factory=Alarms)
    # tickets whose due times are to be counted anew
    _stale: list[TicketId] = field(default_factory=list)
    # contracts, whose calendars bring visits
    terms: Terms = field(default_factory=load_terms)
    _rounds: Rounds = field(default_factory=Rounds)

    def handle(self, fact: ev.Fact, now: int) -> list[Action]:
        """Return what to do because of a fact; `now` is epoch seconds."""
        if not follow(self.docs, fact):
            return []
        event = fact.event
        actions: list[Action] = []
        if isinstance(event, _OPENED):
            actions += self._insert(event.ticket, now)
        elif isinstance(event, ev.ReturnRequested):
            actions += gate.answer(self.docs, event.engineer, now, self.roads, self.policy)
        elif isinstance(event, ev.PolicyAdopted):
            self.policy = self.policy.with_older([event.text])
        elif isinstance(event, ev.CalendarChanged):
            self._find_stale(now)
            actions += self._reckon()
        elif isinstance(event, ev.ClockWarned):
            actions += self._take_back(event)
        elif isinstance(event, ev.PlanPublished):
            # the third of a team goes by when the others come, which a plan has just settled
            self.stirred |= any(crews.is_apart(self.docs, route) for route in event.routes)
        self.stirred |= isinstance(event, (*_STIR, *_OPENED))
        return [*actions, *settled(self.docs, event, now, self.roads, self.policy)]

    def wake(self, now: int) -> list[Action]:
        """Return what to do because time has passed."""
        crossed = self._alarms.due(self.docs, self.policy, now)
        written = self._rounds.due(self.docs, self.terms, now)
        opened = self._unblock(now)
        noted = [*self._reckon(), *crossed, *written]
        passed = self._hand_over(now)
        return [*self._release(now), *passed, *self._dispatch(now), *opened, *noted]

    def catch_up(self, now: int) -> list[Action]:
        """Return what to do about tickets and questions that came in while nobody planned."""
        actions: list[Action] = []
        self._find_stale(now)
        for engineer in sorted(self.docs.engineers):
            if self.docs.engineers[engineer].gate == "asked":
                actions += gate.answer(self.docs, engineer, now, self.roads, self.policy)
        if any(t.status is Status.TRIAGED for t in self.docs.tickets.values()):
            day = compile_day(self.docs, now=now, roads=self.roads, policy=self.policy)
            actions.append(search.publish(day, search.insert_all(day), self.docs))
        return actions

    def ask(self, now: int, *, again: bool = False) -> Improve | None:
        """
        Return the next question for an engine, if one is worth asking.

        Parameters
        ----------
        again
            Ask though nothing has changed since the last question; a longer search may find more.
        """
        if self.asking or not (self.stirred or again):
            return None
        day = compile_day(self.docs, now=now, roads=self.roads, policy=self.policy)
        self.stirred = False
        if not day.tickets or not day.spells:
            return None
        self.asking = True
        return Improve(day=day)

    def propose(self, day: Day, answer: search.Answer | None) -> list[Action]:
        """
        Return the proposal that an engine's answer becomes.

        An answer that is no better than the plan, or that a newer fact has overtaken, is thrown
        away; what is left is checked against the newest facts when it is written.
        """
        self.asking = False
        if answer is None or answer.gain <= 0:
            return []
        if breaks_more(self.docs, day, answer, self.policy.dispatch):
            self.stirred = True
            return []
        proposal = search.publish(day, answer, self.docs)
        return [proposal] if proposal.routes or proposal.unassigned else []

    def next_wake(self, now: int) -> int | None:
        """Return the next moment at which `wake` would do something, epoch seconds."""
        moments = [
            max(now + _LOOK_S * self._is_blocked(ticket), leave_at - self.policy.dispatch.lead_s)
            for leave_at, ticket in self._next_visits(now)
        ]
        moments += [
            max(now, t.hold.until_at)
            for t in self.docs.tickets.values()
            if t.hold and t.hold.until_at is not None
        ]
        moments += [max(now, at) for at, _ in self._ending()]
        crossing_at = self._alarms.next_at(self.docs, self.policy, now)
        moments += [] if crossing_at is None else [max(now, crossing_at)]
        moments += [now] if self._stale else []
        round_at = self._rounds.next_at(self.docs, self.terms, now)
        moments += [] if round_at is None else [max(now, round_at)]
        return min(moments, default=None)

    def _find_stale(self, now: int) -> None:
        """Note the tickets whose due times are not those of the day table any more (R21)."""
        self._alarms.forget()
        # a ticket that waits is counted anew when it goes on
        settled = FINISHED | {Status.HELD}
        self._stale = [
            t.id
            for t in self.docs.tickets.values()
            if t.status not in settled and due_times(self.policy, t, self.docs.home, now) != t.due
        ]

    def _reckon(self) -> list[Action]:
        """Let some of the tickets that were found have their due times counted anew."""
        some, self._stale = self._stale[:MOST_AT_ONCE], self._stale[MOST_AT_ONCE:]
        return [w.Reckon(ticket=name) for name in some]

    def _insert(self, ticket_id: TicketId, now: int) -> list[Action]:
        """Place one ticket at once; milliseconds, and never worse than leaving it open."""
        ticket = self.docs.ticket(ticket_id)
        if ticket.status is not Status.TRIAGED:
            return []
        day = compile_day(self.docs, now=now, roads=self.roads, policy=self.policy)
        return [search.publish(day, search.insert(day, ticket_id), self.docs)]

    def _ending(self) -> list[tuple[int, Route]]:
        """Return the routes somebody has not begun all of, with the last moment of their shift."""
        found = []
        for route in self.docs.routes.values():
            # asked at every wake, and most routes of a week are of days gone by
            if not any(self.docs.ticket(v.ticket).status in _NOT_BEGUN for v in route.visits):
                continue
            shifts = self.docs.engineer(route.engineer).shifts
            ends = [s.end_at + s.max_overtime_s for s in shifts if s.start_at == route.shift_at]
            if ends:
                found.append((ends[0], route))
        return sorted(found, key=lambda one: (one[0], one[1].id))

    def _hand_over(self, now: int) -> list[Action]:
        """Pass on what a shift that is over has left, to whoever is on call by then (R23, M4 P4)."""
        on_call = sorted(
            one.id
            for one in self.docs.engineers.values()
            if (shift := one.shift_at(now)) and shift.is_on_call and not one.is_absent(now)
        )
        return [
            w.HandOver(ticket=ticket.id, to=on_call[0] if on_call else "")
            for ends_at, route in self._ending()
            if ends_at <= now
            for ticket in map(self.docs.ticket, route.tickets)
            if ticket.status in _NOT_BEGUN and self._tell(ticket)
        ]

    def _take_back(self, event: ev.ClockWarned) -> list[Action]:
        """
        Take a visit back from a provider that has not answered while the arrival becomes urgent.

        R85, M1 2.4: what goes wrong between the house and its provider must not hit the customer;
        `rules.prices.providers` gives the ticket to own staff, if anybody can go.
        """
        ticket = self.docs.ticket(event.ticket)
        if event.clock != "arrive" or ticket.status is not Status.DISPATCHED:
            return []
        if ticket.engineer is None or not self.docs.engineer(ticket.engineer).provider:
            return []
        return [w.StepBecause(ticket=ticket.id, move="recall", reason=PROVIDER_SILENT)]

    def _release(self, now: int) -> list[Action]:
        """Take back into the plan what was held until now."""
        return [
            w.Step(ticket=t.id, move="release")
            for t in self.docs.tickets.values()
            if t.hold and t.hold.until_at is not None and t.hold.until_at <= now and self._tell(t)
        ]

    def _tell(self, ticket: Ticket) -> bool:
        """True once per version of a ticket."""
        if self._told.get(ticket.id) == ticket.version:
            return False
        self._told[ticket.id] = ticket.version
        return True

    def _dispatch(self, now: int) -> list[Action]:
        """Tell engineers to go whose next visit is to be left for soon (R24)."""
        lead_s = self.policy.dispatch.lead_s
        actions: list[Action] = []
        for leave_at, name in self._next_visits(now):
            ticket = self.docs.ticket(name)
            if leave_at - lead_s > now:
                continue
            lacks = self._lacks(ticket, now)
            if not lacks and self._tell(ticket):
                actions.append(w.Step(ticket=name, move="dispatch"))
            elif lacks and lacks != ticket.blocked and self._tell(ticket):
                actions.append(w.NoteBlocked(ticket=name, move="dispatch"))
        return actions

    def _lacks(self, ticket: Ticket, now: int) -> tuple[str, ...]:
        """Return the conditions that the dispatch of a ticket waits for."""
        profile = self.policy.profile_of(ticket)
        found = gates.missing(ticket, "dispatch", self.docs, profile, now)
        return tuple(one.condition for one in found)

    def _is_blocked(self, ticket: TicketId) -> bool:
        return bool(self.docs.ticket(ticket).blocked)

    def _unblock(self, now: int) -> list[Action]:
        """Write down which gates time alone has opened, such as the end of a storm."""
        waiting = [t for t in self.docs.tickets.values() if t.blocked and t.is_open]
        return [
            w.NoteBlocked(ticket=t.id, move="dispatch")
            for t in waiting
            if not self._lacks(t, now) and self._tell(t)
        ]

    def _next_visits(self, now: int) -> list[tuple[int, TicketId]]:
        """Return when to leave for the next visit of each engineer who can be told already."""
        found = []
        for route in self.docs.routes.values():
            visit = self._next_visit(route, now)
            if visit is not None:
                found.append(visit)
        return sorted(found)

    def _next_visit(self, route: Route, now: int) -> tuple[int, TicketId] | None:
        if not route.visits or route.shift_at - self.policy.dispatch.lead_s > now:
            return None
        first = self.docs.ticket(route.visits[0].ticket)
        if first.status is Status.PLANNED:
            ahead = route.visits[0]
        elif first.status is Status.ON_SITE and len(route.visits) > 1:
            ahead = route.visits[1]
            if self.docs.ticket(ahead.ticket).status is not Status.PLANNED:
                return None
        else:
            return None
        if self.docs.engineer(route.engineer).is_absent(now):
            return None
        lead_s = self.policy.dispatch.lead_s
        leave_at = order.leave_at(self.docs.ticket(ahead.ticket), ahead, lead_s)
        return None if leave_at is None else (leave_at, ahead.ticket)
