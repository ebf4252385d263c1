"""The first temperature grows with the budget, between limits, and never with the clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.solver.schedule import HOT, WARM, Schedule, first_heat


def heat(iterations: int, num_tasks: int, *, is_warm: bool = False) -> float:
    """Return the first temperature of a run by iterations."""
    schedule = Schedule(seconds=None, iterations=iterations, is_warm=is_warm)
    return first_heat(schedule, num_tasks)


@given(least=st.integers(0, 10**7), more=st.integers(0, 10**7), num_tasks=st.integers(1, 5000))
def test_more_iterations_never_begin_colder(least: int, more: int, num_tasks: int) -> None:
    """A larger budget begins as hot or hotter, always within the limits."""
    low, high = heat(least, num_tasks), heat(least + more, num_tasks)
    assert HOT[0] <= low <= high <= HOT[1]
    low, high = (heat(n, num_tasks, is_warm=True) for n in (least, least + more))
    assert WARM[0] <= low <= high <= WARM[1]


def test_a_plan_that_is_given_keeps_its_order_in_a_short_run() -> None:
    """A second for 200 tickets only polishes; half a minute may take the plan apart."""
    assert heat(20_000, 200, is_warm=True) == WARM[0]
    assert heat(600_000, 200, is_warm=True) == WARM[1]


def test_a_hundred_iterations_a_ticket_undo_a_late_clock() -> None:
    """From there on, up to twice as many, the heat stays at what takes back a late clock's step."""
    assert heat(10_000, 100) == heat(20_000, 100) > 2 * heat(3_000, 100)
