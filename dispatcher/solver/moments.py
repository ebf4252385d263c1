"""
When coupled tasks may start so that their routes need not know of each other.

Must not search and must not judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dispatcher.solver.problem import Problem

# first and last start of tasks
Moments = dict[int, tuple[int, int]]
# a start that is free
ANY: Final = (-(1 << 40), 1 << 40)


def coupled_tasks(problem: Problem) -> list[int]:
    """Return the tasks that belong to a pair or precede or follow another."""
    return sorted({*problem.sync.ravel().tolist(), *problem.precedence[:, :2].ravel().tolist()})


def agreed(problem: Problem, starts: Mapping[int, int], *, is_first_free: bool) -> Moments:
    """
    Return moments at which all couples hold, near the starts that their tasks have by themselves.

    Those who start together do so when the last of them would; who follows starts no sooner than
    what it follows allows. Tasks without a start, or whose partner or first has none, are left out.

    Parameters
    ----------
    starts
        Of coupled tasks, as if they were not coupled.
    is_first_free
        Whether the time between a task and its follower is the first one's to use, or the follower's.
    """
    team = _teams(problem)
    turn = _turns(problem, team, starts)
    moments: Moments = {
        i: (turn[at], turn[at]) if len(team[at]) > 1 else ANY
        for at in sorted(turn)
        for i in team[at]
    }
    head = _heads(team)
    for first, second, lag in problem.precedence.tolist():
        if first not in moments or second not in moments:
            continue
        least = int(problem.duration[first]) + lag
        until = turn[head[second]] if is_first_free else turn[head[first]] + least
        if len(team[head[first]]) == 1:
            low, high = moments[first]
            moments[first] = (low, min(high, until - least))
        if len(team[head[second]]) == 1:
            low, high = moments[second]
            moments[second] = (max(low, until), high)
    # what is under way is not held up by what it is coupled to
    return moments | {i: ANY for i in problem.fixed_task.tolist() if i in head}


def parted(problem: Problem, tasks: Sequence[int]) -> Moments:
    """
    Return moments for coupled tasks nobody serves yet, as if they were not coupled.

    The time from when a task could be done to when its follower is due is shared between the two, so
    that the first is not put off for want of a reason.
    """
    moments: Moments = dict.fromkeys(tasks, ANY)
    for first, second, lag in problem.precedence.tolist():
        if first in moments and second in moments:
            least = int(problem.duration[first]) + lag
            soonest = _soonest(problem, first) + least
            until = max(soonest, (soonest + _latest(problem, second)) // 2)
            (low, high), (after, end) = moments[first], moments[second]
            moments[first] = (low, min(high, until - least))
            moments[second] = (max(after, until), end)
    return moments


def guessed(problem: Problem, tasks: Sequence[int], share: float) -> dict[int, int]:
    """Return a start of each task, a share of the way from the first possible to the last in time."""
    starts = {}
    for i in tasks:
        first = _soonest(problem, i)
        starts[i] = first + int(share * max(0, _latest(problem, i) - first))
    return starts


def _soonest(problem: Problem, task: int) -> int:
    """Return the first moment at which a task may start."""
    at = max(int(problem.release[task]), int(problem.earliest.min()))
    opens = _opening(problem, (task,), at)
    return at if opens is None else opens


def _latest(problem: Problem, task: int) -> int:
    """Return the last moment at which a task starts in time, within its windows and the shifts."""
    duration = int(problem.duration[task])
    rows = slice(int(problem.window_ptr[task]), int(problem.window_ptr[task + 1]))
    closes = int(problem.window_close[rows].max(initial=-1))
    due = min(int(problem.arrive_due[task]), int(problem.finish_due[task]) - duration)
    due = due if closes < 0 else min(due, closes)
    return min(due, int(problem.shift_end.max()) - duration)


def _teams(problem: Problem) -> dict[int, tuple[int, ...]]:
    """Return coupled tasks that start together, under the least of each team."""
    head = {i: i for i in coupled_tasks(problem)}
    head |= {i: min(pair) for pair in problem.sync.tolist() for i in pair}
    teams: dict[int, tuple[int, ...]] = {}
    for i, at in head.items():
        teams[at] = (*teams.get(at, ()), i)
    return teams


def _heads(team: Mapping[int, tuple[int, ...]]) -> dict[int, int]:
    return {i: at for at, members in team.items() for i in members}


def _turns(
    problem: Problem, team: Mapping[int, tuple[int, ...]], starts: Mapping[int, int]
) -> dict[int, int]:
    """Return when each team starts, the teams left out that cannot."""
    pinned = set(problem.fixed_task.tolist())
    turn: dict[int, int] = {}
    for at, members in team.items():
        if all(i in starts for i in members):
            begun = [starts[i] for i in members if i in pinned]
            turn[at] = max(begun or [starts[i] for i in members])
    head, held = _heads(team), {at for at, members in team.items() if pinned & set(members)}
    for _ in range(len(team) + 1):
        before = dict(turn)
        for first, second, lag in problem.precedence.tolist():
            leads, follows = head[first], head[second]
            if leads not in turn and second not in pinned:
                turn.pop(follows, None)
            elif leads in turn and follows in turn and follows not in held:
                soonest = turn[leads] + int(problem.duration[first]) + lag
                turn[follows] = max(turn[follows], soonest)
        for at in [one for one in turn if one not in held]:
            opens = _opening(problem, team[at], turn[at])
            if opens is None:
                del turn[at]
            else:
                turn[at] = opens
        if turn == before:
            break
    return turn


def _opening(problem: Problem, members: tuple[int, ...], moment: int) -> int | None:
    """Return the first moment, this or later, in a window of every member; None = there is none."""
    ptr = problem.window_ptr
    at = moment
    while True:
        before = at
        for i in members:
            rows = range(int(ptr[i]), int(ptr[i + 1]))
            opens = [
                max(at, int(problem.window_open[r])) for r in rows if problem.window_close[r] >= at
            ]
            if rows and not opens:
                return None
            at = min(opens, default=at)
        if at == before:
            return at
