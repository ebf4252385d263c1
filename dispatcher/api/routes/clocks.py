"""How every clock was kept: the share, and how much of its promise it used, from the sums of days."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from starlette.responses import Response

from dispatcher.api import clockdays
from dispatcher.api import schemas as s
from dispatcher.api.doors import Doors, Json
from dispatcher.api.seat import Housed, Seated
from dispatcher.domain.ids import TerritoryId
from dispatcher.ledgers import NEVER_AT
from dispatcher.ledgers.hours import day_of
from dispatcher.reports import ClockSum, Span, joined, quantile, share

doors = Doors("ledgers")


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """What half, nine and nineteen of ten and twenty stayed within; null of nothing."""

    p50: int | None
    p90: int | None
    p95: int | None


class ClockUse(msgspec.Struct, frozen=True, kw_only=True):
    """One clock under all its clauses, over the tickets reported in the span."""

    clock: str
    clauses: tuple[str, ...]
    met: int
    breached: int
    open: int
    # of those that are decided, 0 … 1
    kept: float | None
    # runs that stopped, in time or late
    stopped: int
    # seconds from start to stop
    used_s: Spread
    # the same in percent of what was promised: above 100 = late
    used_percent: Spread


class ClockUses(msgspec.Struct, frozen=True, kw_only=True):
    """Every clock that ran, by name."""

    items: list[ClockUse]
    # the days that were counted: epoch seconds, whole local days, the end exclusive
    from_at: int
    until_at: int
    # facts that are not counted yet
    behind: int


@doors.get("/ledgers/clocks/use", ClockUses)
def clock_use(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    from_at: s.Moment = 0,
    to_at: s.Moment | None = None,
) -> Response:
    """Tell how every clock was kept on the tickets reported on these days, with its percentiles."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    zone, now = house.mirror(where).docs.territory().zone, house.clock.now()
    first = day_of(zone, from_at).from_at if from_at else 0
    after = NEVER_AT if to_at is None else day_of(zone, to_at).from_at
    behind = clockdays.read_on(house, where)
    span = Span(name="", from_at=first, until_at=after, zone=zone)
    sums = clockdays.clock_sums(house, where, span, now)
    groups: dict[str, list[ClockSum]] = {}
    for one in sums:
        groups.setdefault(one.clock, []).append(one)
    items = [_use(clock, some) for clock, some in sorted(groups.items())]
    return Json(ClockUses(items=items, from_at=first, until_at=after, behind=behind))


def _use(clock: str, sums: Sequence[ClockSum]) -> ClockUse:
    """Return the clauses of one clock as one."""
    [whole] = joined(one._replace(clause="") for one in sums)
    return ClockUse(
        clock=clock,
        clauses=tuple(one.clause for one in sums),
        met=whole.met,
        breached=whole.breached,
        open=whole.open,
        kept=share(whole.met, whole.met + whole.breached),
        stopped=len(whole.took_s),
        used_s=_spread(np.asarray(whole.took_s), 1),
        used_percent=_spread(np.asarray(whole.used), 10),
    )


def _spread(values: np.ndarray[tuple[int], np.dtype[np.integer]], part: int) -> Spread:
    if not len(values):
        return Spread(p50=None, p90=None, p95=None)
    # of a few values the quantile of the standard library may lie beyond the last
    told = [min(int(values[-1]), quantile(values, percent, 100)) for percent in (50, 90, 95)]
    p50, p90, p95 = (round(one / part) for one in told)
    return Spread(p50=p50, p90=p90, p95=p95)
