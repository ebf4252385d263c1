"""
The day's charts: plain rows in, Altair charts out, colours that differ for every eye.

Must not fetch; every sentence comes from `Words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from dashboard.words import Words

# kept, still running, missed; driving, work, lunch, free: apart in lightness as well as in hue
_SLA: Final = {
    "light": ["#2f7d5b", "#b9c4ce", "#a3213b"],
    "dark": ["#5fd39b", "#4a5661", "#ff8a80"],
}
_USE: Final = {
    "light": ["#8fb3e0", "#27569b", "#d9a441", "#e6eaee"],
    "dark": ["#9fc3f2", "#3f7fd6", "#e0b458", "#2b343d"],
}
_PAIR: Final = {"light": ["#66A5C4", "#27569b"], "dark": ["#8FD3FF", "#3f7fd6"]}
_LINE: Final = {"light": "#0b62bd", "dark": "#62aeff"}
# times a cheap plan; a line of this height leaves the others no room
_FAR_ABOVE: Final = 10
_KINDS: Final = ("added", "moved", "resequenced", "retimed", "removed")


def _rows(rows: Sequence[Mapping[str, Any]]) -> alt.Data:
    return alt.Data(values=list(rows))


def _legend() -> alt.Legend:
    return alt.Legend(title=None, orient="top")


def clock_chart(say: Words, theme: str, clocks: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """Return kept, running and missed tickets per clock, stacked."""
    kinds = ("met", "open", "breached")
    names = [say(f"sla.{kind}") for kind in kinds]
    rows = [
        {"clock": say.word("clock", one["clock"]), "kind": names[i], "n": one[kind], "order": i}
        for one in clocks
        for i, kind in enumerate(kinds)
    ]
    return (
        alt.Chart(_rows(rows), height=110 + 44 * len(clocks))
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("clock:N", title=None, sort=[row["clock"] for row in rows]),
            x=alt.X("n:Q", title=say("sla.count"), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=names, range=_SLA[theme]), legend=_legend()
            ),
            order="order:Q",
            tooltip=["clock:N", "kind:N", "n:Q"],
        )
    )


def hour_chart(say: Words, theme: str, hours: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """Return requests and finished jobs side by side for each hour."""
    names = [say("day.reported"), say("day.finished")]
    rows = [
        {"hour": say.hour(one["at"]), "kind": names[i], "n": one[kind]}
        for one in hours
        for i, kind in enumerate(("reported", "finished"))
    ]
    return (
        alt.Chart(_rows(rows), height=260)
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            xOffset=alt.XOffset("kind:N", sort=names),
            y=alt.Y("n:Q", title=say("count"), axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=names, range=_PAIR[theme]), legend=_legend()
            ),
            tooltip=["hour:O", "kind:N", "n:Q"],
        )
    )


def crew_chart(say: Words, theme: str, engineers: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """Return how each engineer's shift was used, in hours, busiest first."""
    kinds = ("travel", "work", "lunch", "idle")
    names = [say(f"use.{kind}") for kind in kinds]
    ranked = sorted(engineers, key=lambda one: (-(one["travel_s"] + one["work_s"]), one["name"]))
    rows = []
    for one in ranked:
        spent = [one["travel_s"], one["work_s"], one["lunch_s"]]
        spent.append(max(0, one["shift_s"] - sum(spent)))
        rows += [
            {"name": one["name"], "kind": names[i], "h": round(s / 3600, 2), "order": i}
            for i, s in enumerate(spent)
        ]
    return (
        alt.Chart(_rows(rows), height=110 + 19 * len(ranked))
        .mark_bar(cornerRadius=2)
        .encode(
            # every bar has its name, however many there are
            y=alt.Y(
                "name:N",
                title=None,
                sort=[one["name"] for one in ranked],
                axis=alt.Axis(labelOverlap=False),
            ),
            x=alt.X("h:Q", title=say("use.hours"), axis=alt.Axis(tickCount=8)),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=names, range=_USE[theme]), legend=_legend()
            ),
            order="order:Q",
            tooltip=["name:N", "kind:N", "h:Q"],
        )
    )


def _cost_axis(say: Words, costs: Sequence[int]) -> alt.Y:
    """Return the axis of costs; one plan far above the rest (a morning's first) must not flatten them."""
    # the cheapest quarter: while requests pour in, most plans are dear ones of a few seconds each
    some = sorted(cost for cost in costs if cost > 0)
    if some and some[-1] > _FAR_ABOVE * some[len(some) // 4]:
        return alt.Y(
            "cost:Q",
            title=say("plan.cost.log"),
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(tickCount=4),
        )
    return alt.Y("cost:Q", title=say("plan.cost"), scale=alt.Scale(zero=False))


def plan_charts(
    say: Words, theme: str, plans: Sequence[Mapping[str, Any]]
) -> tuple[alt.LayerChart, alt.Chart]:
    """Return the plan's cost over the day with its bound, and what each plan changed."""
    offset = say.local(plans[0]["at"]).utcoffset()
    shift_s = 0 if offset is None else int(offset.total_seconds())
    rows = _rows(
        [
            {
                # Vega knows no zones: the territory's clock is told as if it were UTC
                "at": (one["at"] + shift_s) * 1000,
                "hour": say.hour(one["at"]),
                "cost": one["cost"] / 3600,
                "bound": None if one.get("bound") is None else one["bound"] / 3600,
                "changed": sum(one["changes"].get(kind, 0) for kind in _KINDS),
            }
            for one in plans
        ]
    )
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%H:%M"))
    tip = ["hour:N", alt.Tooltip("cost:Q", format=".1f"), alt.Tooltip("bound:Q", format=".1f")]
    # an empty plan costs nothing and says nothing, and no logarithm has a place for it
    base = alt.Chart(rows, height=210).transform_filter("datum.cost > 0")
    line = base.mark_line(interpolate="step-after", color=_LINE[theme]).encode(
        x=x, y=_cost_axis(say, [one["cost"] for one in plans]), tooltip=tip
    )
    bound = base.mark_line(strokeDash=[4, 4], color=_LINE[theme], opacity=0.7).encode(
        x=x, y="bound:Q", tooltip=tip
    )
    changed = (
        alt.Chart(rows, height=150)
        .mark_bar(color=_LINE[theme], opacity=0.7, width=3)
        .encode(
            x=x, y=alt.Y("changed:Q", title=say("change.count")), tooltip=["hour:N", "changed:Q"]
        )
    )
    return alt.layer(line, bound), changed
