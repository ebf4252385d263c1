"""
Tasks that wait for each other in a circle, so that nobody could ever serve them.

Must not know times of day, nor what is under way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# a task, one that follows it, and the least seconds between their starts
_Row = tuple[int, int, int]


def circle_in(
    pairs: Iterable[Sequence[int]],
    followers: Iterable[Sequence[int]],
    duration: Sequence[int],
) -> list[tuple[int, int]]:
    """
    Return the first and second of each row of a circle that cannot be, in order; [] = no circle.

    Parameters
    ----------
    pairs
        Two tasks that start together, each.
    followers
        First, second, lag: the second starts >= lag seconds after the first has finished, each. A
        circle is possible when its lags are so negative that it takes no time.
    duration
        Seconds of service of each task.
    """
    team = _teams(pairs)
    rows = [(int(a), int(b), int(lag) + int(duration[a])) for a, b, lag in followers]
    return _turning(_peeled(rows, team), team)


def _teams(pairs: Iterable[Sequence[int]]) -> dict[int, int]:
    """Return for each task of a pair the smaller of the two."""
    return {int(i): int(min(pair)) for pair in pairs for i in pair}


def _peeled(rows: list[_Row], team: dict[int, int]) -> list[_Row]:
    """Return the rows whose first follows something and whose second is followed."""
    while True:
        firsts = {team.get(a, a) for a, _, _ in rows}
        seconds = {team.get(b, b) for _, b, _ in rows}
        both = firsts & seconds
        kept = [row for row in rows if team.get(row[0], row[0]) in both]
        kept = [row for row in kept if team.get(row[1], row[1]) in both]
        if len(kept) == len(rows):
            return rows
        rows = kept


def _turning(rows: list[_Row], team: dict[int, int]) -> list[tuple[int, int]]:
    """Return a circle that takes longer than no time, found by starts that rise for ever."""
    start: dict[int, int] = {}
    cause: dict[int, _Row] = {}
    moved = -1
    for _ in range(len(rows) + 1):
        moved = -1
        for row in rows:
            a, b = team.get(row[0], row[0]), team.get(row[1], row[1])
            if start.get(a, 0) + row[2] > start.get(b, 0):
                start[b], cause[b], moved = start.get(a, 0) + row[2], row, b
        if moved < 0:
            return []
    if moved < 0:
        return []
    for _ in rows:
        # certainly on the circle after so many steps back
        moved = team.get(cause[moved][0], cause[moved][0])
    circle: list[tuple[int, int]] = []
    at = moved
    while not circle or at != moved:
        first, second, _ = cause[at]
        circle.append((first, second))
        at = team.get(first, first)
    return circle[::-1]
