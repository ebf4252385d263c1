"""
The live loop of one territory: hears facts, keeps the clock, lets the desk answer, proposes.

One thread thinks and proposes, one follows the log, one improves; only the first touches the desk.
Must not decide anything itself: every answer is the desk's, so a recorded day replays.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, Queue

from dispatcher.desk.command import wishes as w
from dispatcher.desk.desk import Action, Desk, Improve
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import Day
from dispatcher.desk.planning.roads import Roads
from dispatcher.desk.remote import Batch, Outcome, RemoteDesk
from dispatcher.errors import DispatcherError, LeaseHeld, StalePlan, Unavailable
from dispatcher.policy import Policy, Terms, load_terms
from dispatcher.units import DeskClock

logger = logging.getLogger(__name__)

LEASE_S = 15.0
RENEW_S = 5.0
# how often the desk is asked what the clock alone asks for, wall seconds
BEAT_S = 0.25
# wall seconds between two questions to the engine, so that small stirs are answered together
GAP_S = 1.0
# while nothing stirs each question gets twice the time of the one before, up to so many times the
# first: a longer search begins hotter and leaves valleys that a short one only polishes
WIDEST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Improved:
    """An engine's answer on its way back."""

    day: Day
    answer: search.Answer | None


@dataclass(slots=True)
class Widening:
    """How long questions may take: a first time after a stir, twice the last while it is quiet."""

    # wall seconds
    first_s: float
    next_s: float = math.inf

    def take(self, *, is_stirred: bool) -> float | None:
        """Return the wall seconds of the next question; None = nothing more is worth asking."""
        if is_stirred:
            self.next_s = self.first_s
        elif self.next_s > WIDEST * self.first_s:
            return None
        seconds, self.next_s = self.next_s, 2 * self.next_s
        return seconds


class Improver(threading.Thread):
    """
    Answers one question at a time; the kernels let go of the interpreter.

    Parameters
    ----------
    inbox
        Where answers go.
    seconds
        Wall seconds every question gets; a wider one may be cut off after them.
    """

    def __init__(self, inbox: Queue[Batch | _Improved], seconds: float) -> None:
        super().__init__(name="improver", daemon=True)
        self._inbox, self._seconds = inbox, seconds
        self._questions: Queue[tuple[Improve, int, float] | None] = Queue()
        self._moved = threading.Event()

    def ask(self, question: Improve, seed: int, seconds: float) -> None:
        """Take a question that may have so many wall seconds; the answer comes through the inbox."""
        self._moved.clear()
        self._questions.put((question, seed, seconds))

    def hurry(self) -> None:
        """Say that the day has moved on: what takes longer than a first question is ended."""
        self._moved.set()

    def end(self) -> None:
        """Stop after the question at hand."""
        self._questions.put(None)

    def run(self) -> None:
        """Answer questions until the end."""
        while (item := self._questions.get()) is not None:
            question, seed, seconds = item
            answer = None
            try:
                answer = search.improve(
                    question.day, seconds=seconds, seed=seed, should_stop=self._cut_off()
                )
            except DispatcherError:
                logger.exception("engine failed", extra={"action": "engine_failed"})
            self._inbox.put(_Improved(day=question.day, answer=answer))

    def _cut_off(self) -> Callable[[], bool]:
        """Return the test that ends a question: the day has moved on and it had its due."""
        due_at = time.monotonic() + self._seconds
        return lambda: self._moved.is_set() and time.monotonic() >= due_at


@dataclass(slots=True)
class Loop:
    """The planner of one territory of a running desk."""

    remote: RemoteDesk
    territory: str
    roads: Roads
    policy: Policy
    clock: DeskClock
    # who leads; the same name takes its own lease back at once
    owner: str
    # wall seconds of improvement the first question after a stir gets
    improve_s: float = 1.0
    # contracts and their calendars
    terms: Terms = field(default_factory=load_terms)
    stop: threading.Event = field(default_factory=threading.Event)
    # proposals written and refused, for whoever looks
    proposed: int = 0
    refused: int = 0

    def run(self) -> None:
        """Lead the territory until stopped; wait while another planner leads or the desk is away."""
        while not self.stop.is_set():
            try:
                self._lead()
            except LeaseHeld:
                self.stop.wait(1.0)
            except StalePlan:
                logger.warning("another planner leads", extra={"action": "lease_lost"})
            except Unavailable as error:
                logger.warning("desk away", extra={"action": "desk_away", "why": str(error)})
                self.stop.wait(0.5)

    def _lead(self) -> None:
        epoch = self.remote.acquire(self.territory, self.owner, LEASE_S)
        docs = self.remote.snapshot(self.territory).docs()
        desk = Desk(docs=docs, roads=self.roads, policy=self.policy, terms=self.terms)
        logger.info("leading", extra={"action": "leading", "epoch": epoch, "seq": docs.home.seq})
        inbox: Queue[Batch | _Improved] = Queue()
        done = threading.Event()
        follower = threading.Thread(
            target=self._follow, args=(docs.home.seq, inbox, done), name="follower", daemon=True
        )
        improver = Improver(inbox, self.improve_s)
        follower.start()
        improver.start()
        try:
            _Lead(self, desk, epoch, inbox, improver).run()
        finally:
            done.set()
            improver.end()
            if self.stop.is_set():
                self.remote.release(self.territory, self.owner, epoch)

    def _follow(self, after: int, inbox: Queue[Batch | _Improved], done: threading.Event) -> None:
        for batch in self.remote.follow(self.territory, after, done):
            inbox.put(batch)


class _Lead:
    """One term of office: from a snapshot until the lease is lost or the loop is stopped."""

    def __init__(
        self,
        loop: Loop,
        desk: Desk,
        epoch: int,
        inbox: Queue[Batch | _Improved],
        improver: Improver,
    ) -> None:
        self.loop, self.desk, self.epoch = loop, desk, epoch
        self.inbox, self.improver = inbox, improver
        self.renew_at = time.monotonic() + RENEW_S
        self.beat_at = 0.0
        self.ask_at = 0.0
        self.questions = 0
        self.widening = Widening(loop.improve_s)

    def run(self) -> None:
        """Work until the loop is stopped; a lost lease ends it with `StalePlan`."""
        self._open_tickets()
        while not self.loop.stop.is_set():
            self._take_in()
            now_s = time.monotonic()
            if now_s >= self.renew_at:
                self.loop.remote.renew(self.loop.territory, self.loop.owner, self.epoch, LEASE_S)
                self.renew_at = now_s + RENEW_S
            if now_s >= self.beat_at:
                self.beat_at = now_s + BEAT_S
                self._do(self.desk.wake(self.loop.clock.now()))
            if now_s >= self.ask_at:
                self._ask(now_s)

    def _open_tickets(self) -> None:
        """Place at once what came in while nobody led."""
        self._do(self.desk.catch_up(self.loop.clock.now()))

    def _take_in(self) -> None:
        """Hear what there is, for a moment, and let the desk answer."""
        try:
            item = self.inbox.get(timeout=BEAT_S / 2)
        except Empty:
            return
        actions: list[Action] = []
        while True:
            if isinstance(item, Batch):
                actions += self._hear(item)
            else:
                actions += self.desk.propose(item.day, item.answer)
            try:
                item = self.inbox.get_nowait()
            except Empty:
                break
        self._do(actions)
        if self.desk.stirred:
            self.improver.hurry()

    def _hear(self, batch: Batch) -> list[Action]:
        docs = self.desk.docs
        docs.sites.update({site.id: site for site in batch.sites})
        actions: list[Action] = []
        for fact in batch.facts:
            if fact.seq > docs.home.seq:
                actions += self.desk.handle(fact, self.loop.clock.now())
        return actions

    def _ask(self, now_s: float) -> None:
        """Ask for a better plan: at once after a stir, then wider and wider while it is quiet."""
        if self.desk.asking:
            return
        seconds = self.widening.take(is_stirred=self.desk.stirred)
        if seconds is None:
            return
        question = self.desk.ask(self.loop.clock.now(), again=True)
        if question is not None:
            self.ask_at = now_s + GAP_S
            self.questions += 1
            self.improver.ask(question, seed=self.questions, seconds=seconds)

    def _do(self, actions: list[Action]) -> None:
        commands: list[w.Command] = [a for a in actions if not isinstance(a, Improve)]
        if not commands:
            return
        outcomes = self.loop.remote.propose(self.loop.territory, self.epoch, commands)
        for command, outcome in zip(commands, outcomes, strict=True):
            self._note(command, outcome)

    def _note(self, command: w.Command, outcome: Outcome) -> None:
        if outcome.code == StalePlan.code():
            raise StalePlan(territory=self.loop.territory, epoch=self.epoch, current="?")
        if outcome.code:
            self.loop.refused += 1
            logger.debug(
                "refused",
                extra={"action": "refused", "command": type(command).__name__, "why": outcome.code},
            )
        else:
            self.loop.proposed += 1
