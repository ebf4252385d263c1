"""
What is written after a simulated day: numbers for programs, a table, and one offline page.

Must not count; `report` did.
"""

from __future__ import annotations

import csv
import html
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import altair as alt
import msgspec

from dispatcher.report import Summary
from dispatcher.texts import Lang, say
from dispatcher.units import MINUTE_S

_WIDTH = 860
# hours; a chart of more names the dates, too
_ONE_DAY = 36
# colours that stay apart for colour-blind readers, light ground
_MET, _BREACHED, _OPEN = "#66A5C4", "#7A0019", "#C9C9C9"
_TRAVEL, _WORK, _LUNCH, _IDLE = "#EDAE49", "#2F6FDE", "#888888", "#E6E6E6"


def write_pages(
    summary: Summary, *, out: Path, title: str, zone: str, lang: Lang, refused: int
) -> list[Path]:
    """
    Write ``summary.json``, ``clocks.csv``, ``engineers.csv`` and ``report.html`` into `out`.

    Parameters
    ----------
    summary
        The day in numbers.
    out
        A folder; made when it is not there.
    title, zone, lang
        Heading, the city's time zone and the language of the page.
    refused
        Steps of people that the desk refused.
    """
    out.mkdir(parents=True, exist_ok=True)
    numbers = out / "summary.json"
    numbers.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1))
    clocks = _table(out / "clocks.csv", [msgspec.to_builtins(c) for c in summary.clocks])
    engineers = _table(out / "engineers.csv", [msgspec.to_builtins(e) for e in summary.engineers])
    page = out / "report.html"
    page.write_text(_page(summary, title, zone, lang, refused), encoding="utf-8")
    return [numbers, clocks, engineers, page]


def _table(file: Path, rows: list[dict[str, object]]) -> Path:
    with file.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else ["-"])
        writer.writeheader()
        writer.writerows(rows)
    return file


def sentences(summary: Summary, lang: Lang, refused: int) -> list[str]:
    """Return what is worth saying besides the tables."""
    take = sum(one.answer == "take" for one in summary.gate)
    moved = sum(plan.changes.get("moved", 0) for plan in summary.plans)
    return [
        say("sim.gate", lang, take=take, home=len(summary.gate) - take),
        say("sim.plans", lang, plans=len(summary.plans), moved=moved),
        say("sim.refused", lang, count=refused),
    ]


def _page(summary: Summary, title: str, zone: str, lang: Lang, refused: int) -> str:
    charts = alt.vconcat(
        _promises(summary, lang), _flow(summary, zone, lang), _time(summary, lang), spacing=36
    )
    # each chart has colours and a legend of its own
    charts = charts.resolve_scale(color="independent").configure(
        font="system-ui, 'Noto Sans CJK SC', sans-serif", background="#ffffff"
    )
    # the libraries are written into the page: it opens without a network
    chart = charts.to_html(inline=True, fullhtml=False)
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in sentences(summary, lang, refused))
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title>"
        "<style>body{font:15px system-ui,'Noto Sans CJK SC',sans-serif;max-width:1100px;"
        "margin:2rem auto;padding:0 1rem;color:#14181d}table{border-collapse:collapse;"
        "margin:1rem 0}td,th{padding:.3rem .8rem;border-bottom:1px solid #ddd;text-align:right}"
        "td:first-child,th:first-child{text-align:left}.scroll{overflow-x:auto}</style>"
        f"<h1>{html.escape(title)}</h1>{_clock_table(summary, lang)}<ul>{lines}</ul>"
        f'<div class="scroll">{chart}</div>'
    )


def _clock_table(summary: Summary, lang: Lang) -> str:
    heads = [say(f"sim.{k}", lang) for k in ("clock", "met", "breached", "open", "share")]
    heads += [say(f"sim.{k}", lang) for k in ("median", "p90")]
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in clock_cells(clock, lang))
        + "</tr>"
        for clock in summary.clocks
    )
    head = "".join(f"<th>{html.escape(h)}</th>" for h in heads)
    return f"<table><tr>{head}</tr>{rows}</table>"


def clock_cells(clock: object, lang: Lang) -> list[str]:
    """Return one clock's row: name, met, breached, open, share, median, 90 %."""
    one = msgspec.to_builtins(clock)
    judged = one["met"] + one["breached"]
    share = f"{100 * one['met'] / judged:.1f}" if judged else "–"
    times = [one["median_s"], one["p90_s"]]
    spans = ["–" if t is None else f"{t // MINUTE_S} min" for t in times]
    name = say(f"clock.{one['clock']}", lang)
    return [name, *(str(one[k]) for k in ("met", "breached", "open")), share, *spans]


def _promises(summary: Summary, lang: Lang) -> alt.Chart:
    kinds = {k: say(f"sim.{k}", lang) for k in ("met", "breached", "open")}
    rows = [
        {"clock": say(f"clock.{c.clock}", lang), "kind": word, "tickets": getattr(c, kind)}
        for c in summary.clocks
        for kind, word in kinds.items()
    ]
    colours = alt.Scale(domain=list(kinds.values()), range=[_MET, _BREACHED, _OPEN])
    return (
        alt.Chart(alt.Data(values=rows), title=say("sim.promises", lang), width=_WIDTH)
        .mark_bar()
        .encode(
            y=alt.Y("clock:N", sort=None, title=None),
            x=alt.X("tickets:Q", stack="zero", title=say("sim.tickets", lang)),
            color=alt.Color("kind:N", scale=colours, title=None),
            tooltip=["clock:N", "kind:N", "tickets:Q"],
        )
    )


def _flow(summary: Summary, zone: str, lang: Lang) -> alt.Chart:
    words = {"reported": say("sim.reported", lang), "finished": say("sim.finished", lang)}
    rows = [
        {
            # without a zone, so that every reader sees the city's time
            "hour": datetime.fromtimestamp(h.at, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M"),
            "kind": word,
            "count": getattr(h, kind),
        }
        for h in summary.hours
        for kind, word in words.items()
    ]
    colours = alt.Scale(domain=list(words.values()), range=[_TRAVEL, _WORK])
    form = "%H:%M" if len(summary.hours) <= _ONE_DAY else "%m-%d %H:%M"
    return (
        alt.Chart(alt.Data(values=rows), title=say("sim.flow", lang), width=_WIDTH, height=180)
        .mark_line(point=True)
        .encode(
            x=alt.X("hour:T", title=say("sim.hour", lang), axis=alt.Axis(format=form)),
            y=alt.Y("count:Q", title=say("sim.tickets", lang)),
            color=alt.Color("kind:N", scale=colours, title=None),
            tooltip=[alt.Tooltip("hour:T", format="%m-%d %H:%M"), "kind:N", "count:Q"],
        )
    )


def _time(summary: Summary, lang: Lang) -> alt.Chart:
    kinds = {k: say(f"sim.{k}", lang) for k in ("work", "travel", "lunch", "idle")}
    rows = []
    for one in summary.engineers:
        spent = {"work": one.work_s, "travel": one.travel_s, "lunch": one.lunch_s}
        spent["idle"] = max(0, one.shift_s - sum(spent.values()))
        rows += [
            {"engineer": one.name, "kind": kinds[k], "minutes": v // MINUTE_S}
            for k, v in spent.items()
        ]
    colours = alt.Scale(domain=list(kinds.values()), range=[_WORK, _TRAVEL, _LUNCH, _IDLE])
    return (
        alt.Chart(alt.Data(values=rows), title=say("sim.time", lang), width=_WIDTH)
        .mark_bar()
        .encode(
            y=alt.Y("engineer:N", sort=None, title=None),
            x=alt.X("minutes:Q", stack="zero", title=say("sim.minutes", lang)),
            color=alt.Color("kind:N", scale=colours, title=None),
            tooltip=["engineer:N", "kind:N", "minutes:Q"],
        )
    )
