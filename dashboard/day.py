"""
The day in figures: SLA per clock, driving and work, the return gate, the plans.

Must not count; the API did. Every chart has its table beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import streamlit as st

from dashboard.charts import clock_chart, crew_chart, hour_chart, plan_charts
from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.ledgers import MIME
from dashboard.words import Words

OPEN_STATES: Final = [
    "reported",
    "triaged",
    "planned",
    "dispatched",
    "accepted",
    "travelling",
    "on_site",
    "held",
    "incomplete",
]
REFRESH_S: Final = 20


def draw(frame: Frame) -> None:
    """Draw the day that is chosen; today's figures follow by themselves."""
    st.session_state.setdefault("day_shift", 0)
    st.fragment(_day, run_every=REFRESH_S)(frame)


def _day(frame: Frame) -> None:
    say = frame.say
    shift: int = st.session_state["day_shift"]
    query: dict[str, Any] = {"territory": frame.territory["id"]}
    try:
        day = frame.api.get("/day", query)
        if shift:
            date = say.local(day["from_at"]).date() + timedelta(days=shift)
            day = frame.api.get("/day", query | {"on": date.isoformat()})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    _head(say, day, shift)
    if not any(day["tickets"].values()) and not any(one["reported"] for one in day["hours"]):
        st.info(say("day.empty"))
        return
    _figures(say, day)
    left, right = st.columns(2, gap="large")
    with left:
        _sla(frame, day["clocks"])
        _gate(say, day["gate"])
    with right:
        _hours(frame, day["hours"])
        _plans(frame, day["plans"])
    if not shift:
        _quality(frame)
    _crew(frame, day["engineers"])
    _fairness(frame, say.local(day["from_at"]).date().isoformat())


def _quality(frame: Frame) -> None:
    """Draw how far the plan can be above the best possible, once somebody wants it proven."""
    say, query = frame.say, {"territory": frame.territory["id"]}
    st.markdown(f"##### {say('day.quality')}")
    st.caption(say("day.quality.why"))
    try:
        told = frame.api.get("/plan/quality", query)
        label = say(f"day.quality.{'do' if told['state'] == 'unasked' else 'again'}")
        if not told["is_running"] and st.button(label, key="quality_do"):
            told = frame.api.get("/plan/quality", {**query, "prove": True})
        version = frame.api.get("/plan", query)["plan_version"]
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    if told["state"] != "known":
        st.info(say(f"day.quality.{told['state']}"))
        return
    figure, words = st.columns([1, 3], vertical_alignment="center")
    figure.metric(say("day.quality.above"), quality_value(say, told))
    for line in quality_lines(say, told, version):
        words.caption(line)


def quality_value(say: Words, told: Mapping[str, Any]) -> str:
    """Return how far a proven plan can be above the best possible."""
    if not told["holds"] or told["above_tenths"] is None:
        return say("day.quality.unknown")
    if not told["above_tenths"]:
        return say("day.quality.best")
    return say("day.quality.most", above=f"{told['above_tenths'] / 10:.1f}")


def quality_lines(say: Words, told: Mapping[str, Any], version: int) -> list[str]:
    """Return what was proven of which plan, what limits it, and whether it is still the plan."""
    facts = {key: told[key] for key in ("tickets", "engineers")}
    costs = {key: round(told[key] / 60) for key in ("cost", "bound")}
    at = say.local(told["asked_at"]).strftime("%H:%M")
    lines = [say("day.quality.told", at=at, **facts, **costs)]
    if told["holds"]:
        lines.append(say(f"day.quality.limit.{told['limit']}"))
    else:
        lines.append(say("day.quality.broken"))
    if told["plan_version"] != version:
        lines.append(say("day.quality.old"))
    if told["is_running"]:
        lines.append(say("day.quality.running"))
    return lines


def _fairness(frame: Frame, on: str) -> None:
    """Draw what taking turns cost, once somebody wants to know: the day is solved again for it."""
    say = frame.say
    st.markdown(f"##### {say('day.fairness')}")
    st.caption(say("day.fairness.why"))
    wanted: set[str] = st.session_state.setdefault("fairness_days", set())
    if on not in wanted:
        if not st.button(say("day.fairness.do"), key="fairness_do"):
            return
        wanted.add(on)
    try:
        told = frame.api.get("/day/fairness", {"territory": frame.territory["id"], "on": on})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    if told["state"] != "known":
        st.info(say(f"day.fairness.{told['state']}"))
        return
    price, lowest, highest = (round(told[key] / 60) for key in ("price", "lowest", "highest"))
    is_noise = told["lowest"] <= 0 <= told["highest"]
    span = say(f"day.fairness.{'noise' if is_noise else 'span'}", lowest=lowest, highest=highest)
    figure, table = st.columns([1, 3], vertical_alignment="center")
    figure.metric(say("day.fairness.price"), f"{price} {say('unit.min')}", help=span)
    figure.caption(span)
    with table:
        st.table(fairness_rows(say, told))
        with st.container(horizontal=True, horizontal_alignment="right"):
            for form, mime in MIME.items():
                st.download_button(
                    form.upper(),
                    data=_fairness_file(frame, on, form),
                    file_name=f"fairness-{on}.{form}",
                    mime=mime,
                    key=f"fairness_{form}",
                    on_click="ignore",
                )


def _fairness_file(frame: Frame, on: str, form: str) -> Callable[[], bytes]:
    """Return how to fetch the file; it is asked for only when somebody wants it."""
    query = {"territory": frame.territory["id"], "on": on, "form": form}
    return lambda: frame.api.fetch("/day/fairness/export", query)


def fairness_rows(say: Words, told: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the two plans of a day: driving, visits each, how unlike, left open."""
    return [
        {
            say("day.fairness.plan"): say(f"day.fairness.{name}"),
            say("day.travel"): say.span(one["travel"]),
            say("day.fairness.visits"): f"{one['fewest']}–{one['most']}",
            say("day.fairness.spread"): f"{one['spread_hundredths'] / 100:.2f}",
            say("day.fairness.open"): str(one["unserved"]),
        }
        for name, one in (("with", told["with_turn"]), ("without", told["without_turn"]))
    ]


def _head(say: Words, day: Mapping[str, Any], shift: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"‹ {say('day.before')}", key="day_before"):
            _turn(shift - 1)
        if st.button(say("day.today"), key="day_today", disabled=shift == 0):
            _turn(0)
        if st.button(f"{say('day.after')} ›", key="day_after", disabled=shift >= 0):
            _turn(shift + 1)
        date = say.local(day["from_at"]).strftime("%Y-%m-%d")
        now = f" · {say('day.now', at=say.hour(day['now_at']))}" if shift == 0 else ""
        st.markdown(f"**{date}**{now}")


def _turn(shift: int) -> None:
    st.session_state["day_shift"] = shift
    st.rerun(scope="fragment")


def kept_share(clocks: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the share of finished clocks that were kept, 0…1, None without any."""
    met = sum(one["met"] for one in clocks)
    breached = sum(one["breached"] for one in clocks)
    return met / (met + breached) if met + breached else None


def utilisation(engineers: Sequence[Mapping[str, Any]]) -> float | None:
    """Return work and driving as a share of the shifts, 0…1, None without any shift."""
    shifts = sum(one["shift_s"] for one in engineers)
    busy = sum(one["travel_s"] + one["work_s"] for one in engineers)
    return busy / shifts if shifts else None


def percent(share: float | None) -> str:
    """Return a share as percent; one that was missed is never rounded away."""
    if share is None:
        return "–"
    is_near = share < 1 and f"{100 * share:.0f}" == "100"
    return f"{min(99.9, 100 * share):.1f} %" if is_near else f"{100 * share:.0f} %"


def _figures(say: Words, day: Mapping[str, Any]) -> None:
    tickets, engineers = day["tickets"], day["engineers"]
    figures = [
        ("reported", str(sum(one["reported"] for one in day["hours"]))),
        ("finished", str(sum(one["finished"] for one in day["hours"]))),
        ("open", str(sum(tickets.get(state, 0) for state in OPEN_STATES))),
        ("kept", percent(kept_share(day["clocks"]))),
        ("travel", say.span(sum(one["travel_s"] for one in engineers))),
        ("work", say.span(sum(one["work_s"] for one in engineers))),
        ("use", percent(utilisation(engineers))),
    ]
    for column, (name, value) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(say(f"day.{name}"), value)
    with st.expander(say("day.states")):
        st.table(
            [
                {say("col.status"): say.word("status", state), say("count"): str(count)}
                for state, count in tickets.items()
                if count
            ]
        )


def _sla(frame: Frame, clocks: Sequence[Mapping[str, Any]]) -> None:
    say = frame.say
    st.markdown(f"##### {say('day.sla')}")
    if not clocks:
        st.caption(say("day.none"))
        return
    st.altair_chart(clock_chart(say, frame.theme, clocks), alt=say("day.sla"))
    with st.expander(say("day.table")):
        st.table(
            [
                {
                    say("sla.clock"): say.word("clock", one["clock"]),
                    say("sla.met"): str(one["met"]),
                    say("sla.breached"): str(one["breached"]),
                    say("sla.open"): str(one["open"]),
                    say("sla.median"): say.span(one.get("median_s")),
                    say("sla.p90"): say.span(one.get("p90_s")),
                }
                for one in clocks
            ]
        )


def _hours(frame: Frame, hours: Sequence[Mapping[str, Any]]) -> None:
    say = frame.say
    st.markdown(f"##### {say('day.hours')}")
    st.altair_chart(hour_chart(say, frame.theme, hours), alt=say("day.hours"))
    with st.expander(say("day.table")):
        st.table(
            [
                {
                    say("hour"): say.hour(one["at"]),
                    say("day.reported"): str(one["reported"]),
                    say("day.finished"): str(one["finished"]),
                }
                for one in hours
            ]
        )


def _crew(frame: Frame, engineers: Sequence[Mapping[str, Any]]) -> None:
    say = frame.say
    st.markdown(f"##### {say('day.crew')}")
    if not engineers:
        st.caption(say("day.none"))
        return
    st.altair_chart(crew_chart(say, frame.theme, engineers), alt=say("day.crew"))
    with st.expander(say("day.table")):
        st.dataframe(
            [
                {
                    say("col.engineer"): one["name"],
                    say("use.travel"): say.span(one["travel_s"]),
                    say("use.work"): say.span(one["work_s"]),
                    say("use.lunch"): say.span(one["lunch_s"]),
                    say("day.use"): percent(utilisation([one])),
                    say("use.visits"): str(one["visits"]),
                    say("use.late"): str(one["late_visits"]),
                }
                for one in engineers
            ],
            hide_index=True,
            alt=say("day.crew"),
        )


def gate_rows(say: Words, decisions: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the return gate's answers, newest first."""
    return [
        {
            say("gate.at"): say.hour(one["at"]),
            say("gate.engineer"): one["name"],
            say("gate.answer"): say(f"gate.{one['answer']}", ticket=one.get("ticket") or ""),
            say("gate.detour"): say.span(one["detour_s"]) if one["detour_s"] else "–",
            say("gate.gain"): str(round(one["gain"] / 60)) if one["gain"] else "–",
            say("gate.why"): "; ".join(reason["text"] for reason in one["reasons"]),
        }
        for one in sorted(decisions, key=lambda one: -one["at"])
    ]


def _gate(say: Words, decisions: Sequence[Mapping[str, Any]]) -> None:
    st.markdown(f"##### {say('day.gate')}")
    if not decisions:
        st.caption(say("day.gate.none"))
        return
    st.dataframe(gate_rows(say, decisions), hide_index=True, alt=say("day.gate"))


def _plans(frame: Frame, plans: Sequence[Mapping[str, Any]]) -> None:
    say = frame.say
    st.markdown(f"##### {say('day.plans')}")
    if not plans:
        st.caption(say("day.plans.none"))
        return
    for chart in plan_charts(say, frame.theme, plans):
        st.altair_chart(chart, alt=say("day.plans"))
    with st.expander(say("day.table")):
        st.dataframe(
            [
                {
                    say("plan.at"): say.hour(one["at"]),
                    say("plan.engine"): one["engine"],
                    say("plan.cost"): f"{one['cost'] / 3600:.1f}",
                    **{say(f"change.{kind}"): str(count) for kind, count in one["changes"].items()},
                }
                for one in reversed(plans[-200:])
            ],
            hide_index=True,
            alt=say("day.plans"),
        )
