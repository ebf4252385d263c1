"""
The world around the desk: customers, engineers and the people who call back.

It holds the truth the desk must not see (real work time, real travel, first-visit fixes) and turns
facts into what people do next. It speaks to the desk only by commands, in virtual time and in the
demo alike. Every chance is keyed by what it is about, so no policy can shift another one's luck.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dispatcher.desk.command import wishes as w
from dispatcher.desk.planning.roads import Leg, Roads
from dispatcher.domain import duty
from dispatcher.domain import events as ev
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Place
from dispatcher.domain.plan import Visit
from dispatcher.domain.ticket import MOVES, Status, Ticket
from dispatcher.policy import Policy
from dispatcher.sim import proofs
from dispatcher.sim.demand import Request
from dispatcher.sim.hands import Hands
from dispatcher.sim.quarrels import Quarrels, root_of
from dispatcher.sim.scenario import Scenario
from dispatcher.sim.things import draw_assets
from dispatcher.sim.voices import Voices

# what people other than engineers are to the desk
ROLES: Final[dict[str, str]] = {
    "customer": "customer-service",
    "triage": "dispatcher",
    "call-back": "customer-service",
    "customer-service": "customer-service",
    "stores": "operations",
    "supervisor": "supervisor",
    "operations": "operations",
}
_MENDED: Final = "repaired and tested"
# seconds until somebody brings what the desk found missing
_BRING_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something a person will do."""

    # epoch seconds
    at: int
    command: w.Command
    # who does it: an engineer's id, or a name of ROLES
    actor: str
    # what the same person writes down just before, because a gate asks for it
    first: tuple[w.Command, ...] = ()

    @property
    def role(self) -> str:
        """What the one who does it is to the desk."""
        return ROLES.get(self.actor, "engineer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A drive under way, as the world knows it."""

    engineer: EngineerId
    leg: Leg
    from_at: int
    until_at: int

    def place_at(self, now: int) -> Place:
        """Return where the car is at `now` (epoch seconds)."""
        share = (now - self.from_at) / max(1, self.until_at - self.from_at)
        lat, lon = np.array(self.leg.lat), np.array(self.leg.lon)
        if len(lat) < 2:
            return Place(lat=float(lat[0]), lon=float(lon[0]))
        steps = np.hypot(np.diff(lat), np.diff(lon) * np.cos(np.radians(lat[:-1])))
        gone = np.concatenate(([0.0], np.cumsum(steps)))
        where = min(1.0, max(0.0, share)) * gone[-1]
        return Place(
            lat=round(float(np.interp(where, gone, lat)), 6),
            lon=round(float(np.interp(where, gone, lon)), 6),
        )


class World:
    """The people of one day; fed with facts, it answers with steps."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        tape: tuple[Request, ...],
        roster: tuple[Engineer, ...],
        roads: Roads,
        policy: Policy,
    ) -> None:
        self.scenario, self.seed = scenario, seed
        self.tape, self.roster, self.roads, self.policy = tape, roster, roads, policy
        self._people = frozenset(engineer.id for engineer in roster)
        self.assets = draw_assets(scenario, seed=seed, tape=tape)
        self.trips: dict[EngineerId, Trip] = {}
        self.hands = Hands(self._rng, scenario.people.loaner_refused)
        self.voices = Voices(self._rng) if scenario.people.talk else None
        self.quarrels = Quarrels(self._rng, scenario.people)
        self._request_by_name: dict[str, Request] = {self.name_of(r): r for r in tape}

    def opening(self, start_at: int) -> Iterator[Step]:
        """Return the store, the firms and the roster, which are there before the day begins."""
        for command in self.hands.before(self.roster):
            yield Step(at=start_at, command=command, actor="operations")
        for engineer in self.roster:
            yield Step(
                at=start_at, command=w.RegisterEngineer(engineer=engineer), actor="operations"
            )
        for request in self.tape:
            asset = self.assets.get(request.number)
            if asset is not None:
                command = w.RegisterAsset(asset=asset, site=request.site)
                yield Step(at=start_at, command=command, actor="operations")
        for command in self.hands.after(self.roster):
            yield Step(at=start_at, command=command, actor="stores")

    def name_of(self, request: Request) -> str:
        """Return the number the customer's own system gave the request."""
        return f"{self.scenario.name}-{self.seed}-{request.number:04d}"

    def request(self, request: Request) -> Step:
        """Return the step by which a request of the tape reaches the desk."""
        known = not request.is_raw
        command = w.ReportTicket(
            channel=request.channel,
            site=request.site,
            symptom=request.symptom,
            category=request.category,
            model=request.model,
            asset=self.assets[request.number].id if request.number in self.assets else None,
            external_id=self.name_of(request),
            severity=request.severity if known else None,
            skills=request.skills if known else (),
            certificates=request.certificates if known else (),
            duration_s=request.duration_s if known else None,
            windows=(request.window,) if request.window else (),
            outdoor=request.outdoor,
        )
        return Step(at=request.at, command=command, actor="customer")

    def react(self, fact: ev.Fact, docs: MemoryDocs) -> Iterator[Step]:
        """Return what people do because of a fact; `docs` must have it applied."""
        event = fact.event
        about = ev.engineer_of(event)
        if about is not None and about not in self._people:
            return  # somebody with a phone, not one of ours
        yield from self._beside(fact, docs)
        match event:
            case ev.TicketReported():
                yield from self._triage(event, fact.at)
                yield from self._order(event, fact.at)
            case ev.TicketTriaged() | ev.TicketResumed() | ev.CustomerDisputed():
                yield from self._papers(event.ticket, docs, fact.at)
            case duty.MoveBlocked(missing=missing) if missing:
                yield from self._papers(event.ticket, docs, fact.at + _BRING_S)
                yield from self._exceptions(event.ticket, docs, fact.at + _BRING_S)
            case ev.VisitDispatched():
                yield self._answer(event, fact)
            case ev.VisitAccepted():
                yield from self._set_out(event.ticket, event.engineer, docs, fact.at)
            case ev.LunchStarted():
                yield from self._after_lunch(event.engineer, docs, fact.at)
            case ev.EngineerDeparted():
                yield self._drive(event.ticket, event.engineer, docs, fact.at)
            case ev.EngineerArrived():
                self.trips.pop(event.engineer, None)
                yield self._work(event.ticket, event.engineer, docs, fact.at)
            case ev.WorkFinished():
                if docs.ticket(event.ticket).joins is None:
                    # the customer signs once, on the first engineer's ticket
                    yield self._judged(event.ticket, docs, fact.at)
                yield from self._what_next(event.engineer, docs, fact.at)
            case ev.VisitIncomplete():
                yield self._again(event.ticket, docs, fact.at)
                yield from self._what_next(event.engineer, docs, fact.at)
            case ev.VisitRecalled() | ev.VisitDeclined():
                yield from self._what_next(event.engineer, docs, fact.at)
            case ev.CustomerAccepted():
                step = self._call_back(event.ticket, fact.at)
                yield self._with_papers(step, event.ticket, "call_back", docs)
            case ev.CustomerCalledBack():
                close = w.Step(ticket=event.ticket, move="close")
                step = Step(at=fact.at + 60, command=close, actor="call-back")
                yield self._with_papers(step, event.ticket, "close", docs)
            case ev.ReturnDecided():
                yield from self._gate(event, docs, fact.at)
            case ev.EngineerHome():
                self.trips.pop(event.engineer, None)
            case _:
                pass

    def _judged(self, ticket: TicketId, docs: MemoryDocs, at: int) -> Step:
        """Return the customer's signature under a repair, or the dispute of it (R55)."""
        step = self._plain("customer_accept", ticket, "sign_s", "customer", at)
        known = docs.ticket(ticket)
        if self.quarrels.is_disputed(known):
            return replace(step, command=self.quarrels.disputed(known))
        return self._with_papers(step, ticket, "customer_accept", docs)

    def _again(self, ticket: TicketId, docs: MemoryDocs, at: int) -> Step:
        """Return how the desk goes on after a visit in vain: the same ticket anew, or another (R56)."""
        wait = self._span("resume_s", ticket, (600, 1800))
        follow_up = self.quarrels.following(docs.ticket(ticket))
        command: w.Command = follow_up or w.Resume(ticket=ticket)
        step = Step(at=at + wait, command=command, actor="triage")
        return self._with_papers(step, ticket, "follow_up" if follow_up else "resume", docs)

    def _is_ours(self, ticket: Ticket, docs: MemoryDocs) -> bool:
        """Tell whether a ticket, or the one it goes on with, came from our customers."""
        return root_of(ticket, docs).external_id in self._request_by_name

    def _with_papers(
        self,
        step: Step,
        ticket: TicketId,
        move: str,
        docs: MemoryDocs,
        brings: Mapping[str, str] | None = None,
    ) -> Step:
        """Return a step before which its person shows what the gate asks for."""
        known = docs.ticket(ticket)
        first = proofs.shown(self.policy, docs, known, move, step.at, brings)
        return replace(step, first=first)

    def _papers(self, ticket: TicketId, docs: MemoryDocs, at: int) -> Iterator[Step]:
        """Return how the desk's people bring what a dispatch waits for."""
        known = docs.ticket(ticket)
        if not self._is_ours(known, docs):
            return  # somebody else's ticket: its papers are not ours to bring
        for command in proofs.shown(self.policy, docs, known, "dispatch", at):
            yield Step(at=at, command=command, actor="triage")

    def _beside(self, fact: ev.Fact, docs: MemoryDocs) -> Iterator[Step]:
        """Return what people do beside the visits: with things, money and the phone."""
        for at, command, actor in self.hands.react(fact, docs):
            yield Step(at=at, command=command, actor=actor)
        for at, command, actor in self.voices.react(fact, docs) if self.voices else ():
            yield Step(at=at, command=command, actor=actor)
        yield from self._phone(fact, docs)

    def _phone(self, fact: ev.Fact, docs: MemoryDocs) -> Iterator[Step]:
        """Return what is said: help with software by line (R13), the judging of a dispute (R58)."""
        match fact.event:
            case ev.TicketTriaged(ticket=name) if self._is_tried(docs.ticket(name)):
                wait = self._span("remote_s", name, (180, 600))
                talk = w.LogContact(ticket=name, purpose="guidance")
                yield Step(at=fact.at + wait, command=talk, actor="call-back")
            case ev.CustomerContacted(ticket=name, purpose="guidance"):
                yield from self._by_line(name, docs, fact.at)
            case ev.TicketSolved(ticket=name):
                step = self._plain("customer_accept", name, "sign_s", "customer", fact.at)
                yield self._with_papers(step, name, "customer_accept", docs)
            case ev.CustomerDisputed(ticket=name) if self._is_ours(docs.ticket(name), docs):
                at, judged = self.quarrels.reviewed(docs.ticket(name), fact.at)
                yield Step(at=at, command=judged, actor="supervisor")
            case _:
                return

    def _is_tried(self, ticket: Ticket) -> bool:
        """Tell whether a request is one of those that somebody tries to solve on the phone."""
        about = ticket.external_id or ""
        if ticket.category != "software" or about not in self._request_by_name:
            return False
        return bool(self._rng("remote", about).random() < self.scenario.work.remote_share)

    def _by_line(self, ticket: TicketId, docs: MemoryDocs, at: int) -> Iterator[Step]:
        """Return the end of a talk that helped, unless somebody is under way by then (R68)."""
        known = docs.ticket(ticket)
        lucky = self._rng("remote_fix", ticket).random() < self.scenario.work.remote_fix
        if lucky and self._is_tried(known) and known.status in MOVES["solve"].sources:
            solve = w.Solve(ticket=ticket, found=known.symptom, done="solved by line")
            yield Step(at=at + 30, command=solve, actor="call-back")

    def _exceptions(self, ticket: TicketId, docs: MemoryDocs, at: int) -> Iterator[Step]:
        known = docs.ticket(ticket)
        if not self._is_ours(known, docs):
            return
        role = ROLES["supervisor"]
        for command in proofs.excepted(self.policy, docs, known, "dispatch", at, role):
            yield Step(at=at, command=command, actor="supervisor")

    def _rng(self, stream: str, about: str) -> np.random.Generator:
        """Return chance keyed by what it is about; the order of events does not matter."""
        digest = hashlib.blake2b(f"{self.seed}|{stream}|{about}".encode(), digest_size=16).digest()
        return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "big")))

    def _span(self, stream: str, about: str, span: tuple[int, int]) -> int:
        return int(self._rng(stream, about).integers(span[0], span[1] + 1))

    def _truth(self, stream: str, about: str, spread: float) -> float:
        """Return a factor around one."""
        return float(self._rng(stream, about).lognormal(-spread * spread / 2, spread))

    def _triage(self, event: ev.TicketReported, at: int) -> Iterator[Step]:
        ticket = event.ticket
        request = self._request_by_name.get(ticket.external_id or "")
        if ticket.skills or request is None:
            return
        command = w.Triage(
            ticket=ticket.id,
            severity=request.severity,
            skills=request.skills,
            certificates=request.certificates,
            duration_s=request.duration_s,
            windows=(request.window,) if request.window else (),
        )
        wait = self._span("triage", str(request.number), self.scenario.people.triage_s)
        yield Step(at=at + wait, command=command, actor="triage")

    def _order(self, event: ev.TicketReported, at: int) -> Iterator[Step]:
        """Return that some requests wait for the one that came before; who is told too late lets it be."""
        request = self._request_by_name.get(event.ticket.external_id or "")
        if request is None or self._rng("order", str(request.number)).random() >= (
            self.scenario.demand.order_share
        ):
            return
        first = next((one for one in self.tape if one.number == request.number - 1), None)
        if first is not None:
            command = w.Sequence(
                ticket=event.ticket.id,
                after=self.name_of(first),
                lag_s=self.scenario.demand.order_lag_s,
            )
            yield Step(at=at + 1, command=command, actor="triage")

    def _answer(self, event: ev.VisitDispatched, fact: ev.Fact) -> Step:
        about = f"{event.ticket}|{event.engineer}"
        people = self.scenario.people
        says_no = self._rng("decline", about).random() < people.decline
        command = w.VisitStep(
            ticket=event.ticket,
            engineer=event.engineer,
            move="decline" if says_no else "accept",
            reason="parts missing in the van" if says_no else "",
        )
        wait = self._span("accept", about, people.accept_s)
        return Step(at=fact.at + wait, command=command, actor=event.engineer)

    def _visit(self, ticket: TicketId, engineer: EngineerId, docs: MemoryDocs) -> Visit | None:
        for route in docs.routes_of(engineer):
            for visit in route.visits:
                if visit.ticket == ticket:
                    return visit
        return None

    def _set_out(
        self, ticket: TicketId, engineer: EngineerId, docs: MemoryDocs, at: int
    ) -> Iterator[Step]:
        if any(docs.ticket(t).status is Status.ON_SITE for t in self._ahead(engineer, docs)):
            return  # accepted while still at work; sets out when that is finished
        yield from self._leave(ticket, engineer, docs, at)

    def _leave(
        self, ticket: TicketId, engineer: EngineerId, docs: MemoryDocs, at: int
    ) -> Iterator[Step]:
        visit = self._visit(ticket, engineer, docs)
        lunch_at = self._lunch_at(engineer, docs, at, planned=bool(visit and visit.lunch_before))
        if lunch_at is not None:
            lunch = w.EngineerStep(engineer=engineer, move="lunch")
            yield Step(at=lunch_at, command=lunch, actor=engineer)
            return
        wait = self._span("depart", f"{ticket}|{engineer}", self.scenario.people.depart_s)
        leave_at = max(at + wait, min(visit.depart_at, at + 1800) if visit else 0)
        command = w.VisitStep(ticket=ticket, engineer=engineer, move="depart")
        step = Step(at=leave_at, command=command, actor=engineer)
        yield self._with_papers(step, ticket, "depart", docs)

    def _lunch_at(
        self, engineer: EngineerId, docs: MemoryDocs, at: int, *, planned: bool
    ) -> int | None:
        """Return when an engineer takes lunch before driving on, None when not now."""
        person = docs.engineer(engineer)
        shift = person.shift_at(at)
        if shift is None or shift.lunch is None:
            return None
        if person.lunch_at is not None and person.lunch_at >= shift.start_at:
            return None
        if planned or at >= shift.lunch.latest_at:
            return max(at + 60, shift.lunch.earliest_at)
        return None

    def _after_lunch(self, engineer: EngineerId, docs: MemoryDocs, at: int) -> Iterator[Step]:
        shift = docs.engineer(engineer).shift_at(at)
        until = at + (shift.lunch.duration_s if shift and shift.lunch else 0)
        yield from self._what_next(engineer, docs, until)

    def _ahead(self, engineer: EngineerId, docs: MemoryDocs) -> list[TicketId]:
        return [t for route in docs.routes_of(engineer) for t in route.tickets]

    def _what_next(self, engineer: EngineerId, docs: MemoryDocs, at: int) -> Iterator[Step]:
        """Return how an engineer without work at hand goes on: to the next visit, or to the gate."""
        for ticket in self._ahead(engineer, docs):
            if docs.ticket(ticket).status is Status.ACCEPTED:
                yield from self._leave(ticket, engineer, docs, at)
                return
            if docs.ticket(ticket).is_frozen:
                return
        wait = self._span("gate", f"{engineer}|{at}", self.scenario.people.gate_s)
        ask = w.EngineerStep(engineer=engineer, move="ask_return")
        yield Step(at=at + wait, command=ask, actor=engineer)

    def _drive(self, ticket: TicketId, engineer: EngineerId, docs: MemoryDocs, at: int) -> Step:
        goal = docs.sites[docs.ticket(ticket).site].place
        until = self._travel(engineer, docs, goal, at, f"{engineer}|{ticket}")
        command = w.VisitStep(ticket=ticket, engineer=engineer, move="arrive")
        step = Step(at=until, command=command, actor=engineer)
        return self._with_papers(step, ticket, "arrive", docs)

    def _travel(
        self, engineer: EngineerId, docs: MemoryDocs, goal: Place, at: int, about: str
    ) -> int:
        """Begin a trip and return its end, epoch seconds."""
        person = docs.engineer(engineer)
        under_way = self.trips.get(engineer)
        if under_way is not None and at < under_way.until_at:
            start = under_way.place_at(at)
        elif person.at is not None and person.at in docs.sites:
            start = docs.sites[person.at].place
        else:
            start = person.base
        leg = self.roads.leg(start, goal, at)
        factor = self._truth("travel", about, self.scenario.work.travel_spread)
        until = at + max(30, int(leg.duration_s * factor))
        self.trips[engineer] = Trip(engineer=engineer, leg=leg, from_at=at, until_at=until)
        return until

    def _work(self, ticket: TicketId, engineer: EngineerId, docs: MemoryDocs, at: int) -> Step:
        known = docs.ticket(ticket)
        site = docs.sites[known.site]
        spread = self.scenario.work.spread
        about = known.external_id or known.id
        length = known.duration_s * self._truth("work", about, spread)
        # what another ticket goes on with is mended then
        tries = int(Status.INCOMPLETE.value in known.since or known.follows is not None)
        fixed = self._rng("fix", f"{about}|{tries}").random()
        works = tries > 0 or fixed < self.scenario.work.first_visit_fix
        command = w.VisitStep(
            ticket=ticket,
            engineer=engineer,
            move="finish" if works else "leave_incomplete",
            reason="" if works else "parts",
            found=known.symptom,
            done=(self.voices.done(known) if self.voices else _MENDED) if works else "",
        )
        length = length if works else length * 0.6
        ends_at = at + site.access_s + max(300, int(length))
        step = Step(at=ends_at, command=command, actor=engineer)
        told = {"reason": command.reason, "found": command.found, "done": command.done}
        return self._with_papers(step, ticket, command.move, docs, told)

    def _plain(self, move: str, ticket: TicketId, span: str, actor: str, at: int) -> Step:
        wait = self._span(span, ticket, getattr(self.scenario.people, span))
        return Step(at=at + wait, command=w.Step(ticket=ticket, move=move), actor=actor)

    def _call_back(self, ticket: TicketId, at: int) -> Step:
        wait = self._span("call_back", ticket, self.scenario.people.call_back_s)
        mark = int(self._rng("mark", ticket).choice([3, 4, 5], p=[0.1, 0.35, 0.55]))
        command = w.CallBack(ticket=ticket, satisfaction=mark)
        return Step(at=at + wait, command=command, actor="call-back")

    def _gate(self, event: ev.ReturnDecided, docs: MemoryDocs, at: int) -> Iterator[Step]:
        person = docs.engineer(event.engineer)
        if event.answer != "go_home" or person.at is None:
            return
        until = self._travel(event.engineer, docs, person.base, at, f"{event.engineer}|home|{at}")
        home = w.EngineerStep(engineer=event.engineer, move="home")
        first = tuple(
            command
            for ticket in person.trip
            for command in proofs.shown(self.policy, docs, docs.ticket(ticket), "end_trip", until)
        )
        yield Step(at=until, command=home, actor=event.engineer, first=first)


def moved(step: Step, at: int) -> Step:
    """Return a step at another moment."""
    return replace(step, at=at)
