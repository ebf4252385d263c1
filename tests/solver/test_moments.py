"""Moments at which couples hold, whatever each route makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.moments import Moments, agreed, coupled_tasks, guessed, parted
from dispatcher.solver.problem import Problem
from tests.solver.days import random_day


def tied_day(seed: int) -> Problem:
    """Return a day of ten tasks with a pair, a chain, and a pair that follows it."""
    return random_day(
        seed,
        num_tasks=10,
        sync=np.array([[0, 1], [6, 7]]),
        precedence=np.array([[3, 4, 300], [4, 5, 0], [5, 6, 900], [8, 9, 60]]),
    )


def holds(problem: Problem, moments: Moments) -> None:
    """Whenever tasks start within their moments, nobody waits for anybody."""
    for a, b in problem.sync.tolist():
        assert (a in moments) == (b in moments)
        assert a not in moments or moments[a] == moments[b]
        assert a not in moments or moments[a][0] == moments[a][1]
    for first, second, lag in problem.precedence.tolist():
        assert first in moments or second not in moments
        if second in moments:
            done = moments[first][1] + int(problem.duration[first])
            assert done + lag <= moments[second][0]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    starts=st.lists(st.one_of(st.none(), st.integers(0, 20_000)), min_size=10, max_size=10),
    is_first_free=st.booleans(),
)
def test_agreed_moments_hold_for_every_couple(
    *, seed: int, starts: list[int | None], is_first_free: bool
) -> None:
    """From any starts: teams have one moment, followers begin after the last their first may."""
    problem = tied_day(seed)
    known = {i: at for i, at in enumerate(starts) if at is not None}
    moments = agreed(problem, known, is_first_free=is_first_free)
    assert set(moments) <= set(known)
    holds(problem, moments)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), is_first_free=st.booleans())
def test_a_plan_that_holds_keeps_its_starts(*, seed: int, is_first_free: bool) -> None:
    """Starts at which all couples hold already, in their windows, stay possible."""
    problem = replace(
        tied_day(seed),
        window_ptr=np.zeros(11, np.int64),
        window_open=np.empty(0, np.int64),
        window_close=np.empty(0, np.int64),
    )
    rng = np.random.default_rng(seed)
    starts = {i: int(rng.integers(0, 9000)) for i in range(10)}
    starts[1] = starts[0]
    for first, second, lag in problem.precedence.tolist():
        starts[second] = starts[first] + int(problem.duration[first]) + lag + int(rng.integers(500))
    starts[7] = starts[6]
    moments = agreed(problem, starts, is_first_free=is_first_free)
    assert sorted(moments) == coupled_tasks(problem)
    holds(problem, moments)
    assert all(low <= starts[i] <= high for i, (low, high) in moments.items())


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_time_is_shared_between_first_and_follower(seed: int, share: float) -> None:
    """Parted moments leave the follower after its first; guessed starts lie between soonest and due."""
    problem = tied_day(seed)
    moments = parted(problem, coupled_tasks(problem))
    for first, second, lag in problem.precedence.tolist():
        done = moments[first][1] + int(problem.duration[first])
        assert done + lag <= moments[second][0]
    starts = guessed(problem, range(10), share)
    assert all(starts[i] >= int(problem.release[i]) for i in starts)
    holds(problem, agreed(problem, starts, is_first_free=True))
