"""
Virtual time: one heap of what will happen, the very same desk and commands, nothing else.

At equal times people act before requests come in, and timers come last; ties go by order of
planning, so two runs are the same bit for bit.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.desk import Action, Desk, Improve
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import Day
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import ActorId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.errors import Refused
from dispatcher.policy import Policy
from dispatcher.sim.demand import Request
from dispatcher.sim.scenario import Stats
from dispatcher.sim.world import Step, World

logger = logging.getLogger(__name__)

_PEOPLE, _REQUESTS, _ANSWERS, _TIMERS = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proposal:
    day: Day
    answer: search.Answer | None


_Item = Step | Request | _Proposal | None


@dataclass(slots=True)
class VirtualDay:
    """One day in virtual time; `run` plays it to the end."""

    desk: Desk
    world: World
    policy: Policy
    stats: Stats
    seed: int
    facts: list[Fact] = field(default_factory=list)
    # what people tried and the desk refused, by error code
    refusals: dict[str, int] = field(default_factory=dict)
    # called after every fact
    watch: Callable[[Fact], None] | None = None
    _heap: list[tuple[int, int, int, _Item]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)
    _wake_at: int = -1
    _asked: int = 0
    _ask_at: int = 0

    @property
    def docs(self) -> MemoryDocs:
        """The documents as they stand."""
        return self.desk.docs

    def run(self, start_at: int, until_at: int) -> None:
        """Play from `start_at` to `until_at` (epoch seconds), or until nothing is left to happen."""
        for step in self.world.opening(start_at):
            self._push(step.at, _PEOPLE, step)
        for request in self.world.tape:
            self._push(max(request.at, start_at), _REQUESTS, request)
        while self._heap:
            now, _, _, item = heapq.heappop(self._heap)
            if now > until_at:
                return
            self._happen(item, now)
            self._plan(now)

    def _push(self, at: int, priority: int, item: _Item) -> None:
        heapq.heappush(self._heap, (at, priority, next(self._order), item))

    def _happen(self, item: _Item, now: int) -> None:
        match item:
            case Step():
                self._take(item, now, at=now)
            case Request():
                self._take(self.world.request(item), now, at=item.at)
            case _Proposal():
                self._do(self.desk.propose(item.day, item.answer), now)
            case None:
                self._wake_at = -1
                self._do(self.desk.wake(now), now)

    def _plan(self, now: int) -> None:
        """Ask the engine when something stirred, and set the next timer."""
        if self.stats.solver_iterations > 0 and now >= self._ask_at:
            question = self.desk.ask(now)
            if question is not None:
                self._ask_at = now + self.stats.ask_every_s
                self._improve(question, now)
        wake_at = self.desk.next_wake(now)
        if wake_at is not None and (self._wake_at < now or wake_at < self._wake_at):
            self._wake_at = max(now + 1, wake_at)
            self._push(self._wake_at, _TIMERS, None)

    def _improve(self, question: Improve, now: int) -> None:
        self._asked += 1
        answer = search.improve(
            question.day, iterations=self.stats.solver_iterations, seed=self.seed + self._asked
        )
        proposal = _Proposal(day=question.day, answer=answer)
        self._push(now + self.stats.decision_delay_s, _ANSWERS, proposal)

    def _do(self, actions: list[Action], now: int) -> None:
        for action in actions:
            if not isinstance(action, Improve):
                self._try(action, "planner", now, at=now)

    def _take(self, step: Step, now: int, *, at: int) -> None:
        """Let a person take a step, and before it what a gate asks for."""
        for command in (*step.first, step.command):
            self._try(command, step.actor, now, at=at, role=step.role)

    def _try(
        self, command: w.Command, actor: str, now: int, *, at: int, role: str = "service"
    ) -> None:
        """Let a command become facts, and let the desk and the world react to each."""
        context = Context(now=now, policy=self.policy, at=at, role=role, actor=ActorId(actor))
        try:
            decision = decide(command, self.docs, context)
        except Refused as refusal:
            self.refusals[refusal.code()] = self.refusals.get(refusal.code(), 0) + 1
            logger.debug("refused", extra={"action": "refused", "why": str(refusal)})
            return
        for site in decision.sites:
            self.docs.sites[site.id] = site
        pending: list[Action] = []
        for event in decision.events:
            fact = Fact(
                territory=self.docs.home.id,
                seq=self.docs.next_seq(),
                event=event,
                actor=ActorId(actor),
                at=context.happened_at,
                recorded_at=now,
            )
            self.facts.append(fact)
            pending += self.desk.handle(fact, now)
            for step in self.world.react(fact, self.docs):
                self._push(max(step.at, now), _PEOPLE, step)
            if self.watch:
                self.watch(fact)
        self._do(pending, now)
