"""The live loop's questions: short after a stir, wider while it is quiet, cut off when the day moves on."""

from __future__ import annotations

import time
from queue import Queue

from dispatcher.desk.desk import Improve
from dispatcher.desk.loop import WIDEST, Improver, Widening
from dispatcher.desk.planning.day import compile_day
from dispatcher.policy import load_policy
from tests.places import MORNING, CrowFlies, village

POLICY = load_policy()


def test_questions_widen_while_it_is_quiet_and_end() -> None:
    """1, 2, 4, 8, 16 times the first; a stir begins anew, and nothing is asked before one."""
    pace = Widening(0.5)
    assert pace.take(is_stirred=False) is None
    assert pace.take(is_stirred=True) == 0.5
    quiet = [pace.take(is_stirred=False) for _ in range(6)]
    assert quiet == [1.0, 2.0, 4.0, 0.5 * WIDEST, None, None]
    assert pace.take(is_stirred=True) == 0.5
    assert pace.take(is_stirred=False) == 1.0


def test_wide_question_ends_when_the_day_moves_on() -> None:
    """A minute's question is answered at once after a stir, but never before its first second."""
    place = village()
    day = compile_day(place.docs, now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert day.tickets
    assert day.spells
    inbox: Queue = Queue()
    improver = Improver(inbox, 0.3)
    improver.start()
    try:
        improver.ask(Improve(day=day), seed=1, seconds=0.01)
        inbox.get(timeout=30)
        began = time.monotonic()
        improver.ask(Improve(day=day), seed=2, seconds=60.0)
        improver.hurry()
        answer = inbox.get(timeout=30)
        took = time.monotonic() - began
        assert answer.day is day
        assert took >= 0.3
    finally:
        improver.end()
