"""Tasks that wait for each other are refused, those that can be served are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.errors import BadProblem
from dispatcher.solver.circles import circle_in
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"precedence": [[0, 1, 0], [1, 2, 0], [2, 0, 0]]}, "0 before 1"),
        # the second of a pair waits for the first of it
        ({"precedence": [[0, 1, 0]], "sync": [[0, 1]]}, "0 before 1"),
        # through a pair: 0, then 1 with 2, then 0 again
        ({"precedence": [[0, 1, 0], [2, 0, 0]], "sync": [[1, 2]]}, "2 before 0"),
        # other rows beside the circle are not named
        ({"precedence": [[3, 4, 0], [4, 0, 0], [0, 1, 0], [1, 0, 0]]}, "1 before 0"),
    ],
)
def test_a_circle_is_refused_by_name(village: Problem, change: dict[str, Any], told: str) -> None:
    """Every task in it is named, so that one row can be taken out."""
    with pytest.raises(BadProblem, match=told) as refusal:
        replace(village, **change)
    assert refusal.value.facts["key"] == "precedence"
    assert "3 before 4" not in str(refusal.value)


def test_a_circle_that_takes_no_time_is_none(village: Problem) -> None:
    """Lags below zero let visits overlap: each may start before the other is over."""
    circle = np.array([[0, 1, -1800], [1, 0, -1800]])
    overlapping = replace(village, precedence=circle)
    # both 1800 s long; engineer 1 is at ticket 1 after 1200 s, and ticket 0 waits for that
    assert judge(overlapping, Solution(routes=((0,), (1,)))).feasible


_rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(-3, 2)).filter(
        lambda row: row[0] != row[1]
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(rows=_rows, has_pair=st.booleans())
def test_a_circle_is_found_when_no_starts_hold(
    rows: list[tuple[int, int, int]], *, has_pair: bool
) -> None:
    """Compared with trying all starts: five tasks of one second, starts up to twelve."""
    pairs = [(0, 1)] if has_pair else []
    # lags of at most 2 and a second of work: nobody need start later than 4 * 3
    start = np.indices((13,) * 5, np.int8).reshape(5, -1)
    holds = np.ones(start.shape[1], np.bool_)
    for a, b in pairs:
        holds &= start[a] == start[b]
    for a, b, lag in rows:
        holds &= start[b] >= start[a] + 1 + lag
    found = circle_in(pairs, rows, [1] * 5)
    assert bool(found) is not bool(holds.any())
    if found:
        # a chain of given rows that ends in the team it began with and takes time
        home = {1: 0} if has_pair else {}
        lags = {(a, b): max(r[2] for r in rows if r[:2] == (a, b)) for a, b in found}
        following = [*found[1:], found[0]]
        for (_, b), (c, _) in zip(found, following, strict=True):
            assert home.get(b, b) == home.get(c, c)
        assert sum(lags[row] + 1 for row in found) > 0
