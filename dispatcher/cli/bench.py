"""`dispatcher bench`: engines beside each other, and a day that unfolds, measured here and now."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dispatcher.cli.days import days_of, folder_for, machine, unwritable
from dispatcher.cli.speech import LANG, Json, print_json, refusals, tell
from dispatcher.cli.watch import CUT
from dispatcher.errors import BadField
from dispatcher.solver.contest import CONTESTANTS, Cell, contest
from dispatcher.solver.generate import FAMILIES
from dispatcher.solver.peers import require
from dispatcher.solver.race import (
    ENGINES,
    Race,
    budget,
    files_of,
    mean_gaps,
    race_table,
    races,
)
from dispatcher.solver.rolling import Effort, roll
from dispatcher.solver.solve import warm
from dispatcher.solver.vrptw import read_solomon
from dispatcher.texts.parts import part

bench = typer.Typer(no_args_is_help=True, add_completion=False, help=tell("cli.bench_help"))
_Days = Annotated[
    list[str], typer.Argument(help=tell("bench.days_help", families=", ".join(FAMILIES)))
]

# tickets of a rolling day after which it is told how far it is
_TOLD_EVENTS: Final = 25


@bench.command(help=tell("bench.solver_help"))
def solver(
    days: _Days,
    *,
    seconds: Annotated[str, typer.Option(help=tell("bench.seconds_help"))] = "1,5",
    seeds: Annotated[int, typer.Option(min=1, help=tell("bench.seeds_help"))] = 5,
    engines: Annotated[str, typer.Option(help=tell("bench.engines_help"))] = ",".join(CONTESTANTS),
    out: Annotated[Path | None, typer.Option(help=tell("bench.bench_out_help"))] = None,
    as_json: Json = False,
) -> None:
    """Plan days with every engine and compare what the judge says."""
    cells: list[Cell] = []
    with refusals():
        chosen = _engines(engines, tuple(CONTESTANTS))
        budgets, found = _numbers(seconds), days_of(days)
        folder_for(out)
        each = len(chosen) * len(budgets)
        minutes = len(found) * len(chosen) * seeds * sum(budgets) / 60
        facts = {"cells": len(found) * each, "minutes": f"{minutes:.1f}"}
        typer.echo(tell("bench.at_most", **facts), err=True)
        warm()
        with _until_cut():
            for day in found:
                for cell in contest(day.read(), chosen, budgets, seeds, day.best):
                    cells.append(cell)
                    typer.echo(f"{len(cells)}/{facts['cells']} {_line(cell)}", err=as_json)
        document = {**machine(), "cells": [asdict(cell) for cell in cells]}
        if out is not None and cells:
            _write(out, cells, document)
    if as_json:
        print_json(document)
    raise typer.Exit(0 if len(cells) == facts["cells"] else CUT)


@bench.command(help=tell("bench.rolling_help"))
def rolling(
    days: _Days,
    *,
    each: Annotated[float, typer.Option(min=0.0, help=tell("bench.each_help"))] = 1.0,
    iterations: Annotated[
        int | None, typer.Option(min=0, help=tell("plan.iterations_help"))
    ] = None,
    events: Annotated[int | None, typer.Option(min=1, help=tell("bench.events_help"))] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help=tell("bench.clairvoyant_help"))] = 60.0,
    beside: Annotated[float | None, typer.Option(min=0.1, help=tell("bench.beside_help"))] = None,
    beside_every: Annotated[int, typer.Option(min=1, help=tell("bench.beside_every_help"))] = 1,
    morning: Annotated[float | None, typer.Option(min=0.1, help=tell("bench.morning_help"))] = None,
    seed: Annotated[int, typer.Option(help=tell("cli.seed_help"))] = 1,
    as_json: Json = False,
) -> None:
    """Play days ticket by ticket and compare with a plan that knew everything."""
    effort = Effort(
        clairvoyant_s=seconds,
        each_s=each if iterations is None else None,
        iterations=iterations,
        morning_s=morning,
        beside_s=beside,
        beside_every=beside_every,
    )
    played: list[dict[str, Any]] = []
    with refusals():
        found = days_of(days)
        warm()
        with _until_cut():
            for day in found:
                now = roll(day.read(), effort, seed=seed, most=events, on_event=_tell_events)
                played.append(asdict(now))
                if not as_json:
                    _tell_rolled(played[-1], beside)
    if as_json:
        print_json({**machine(), "days": played})
    raise typer.Exit(0 if len(played) == len(found) else CUT)


def _tell_rolled(row: dict[str, Any], beside: float | None) -> None:
    """Say how a day went."""
    above = f"{row['cost'] / max(1, row['clairvoyant']) - 1:.1%}"
    alone = f"{row['inserted'] / max(1, row['clairvoyant']) - 1:.1%}"
    typer.echo(tell("bench.rolled", **row, above=above, alone=alone))
    if row["compared"]:
        typer.echo(tell("bench.rolled_beside", **row, beside=beside))


def _tell_events(done: int, total: int) -> None:
    """Say how far a day is."""
    if done % _TOLD_EVENTS == 0 or done == total:
        typer.echo(tell("bench.events_done", done=done, total=total), err=True)


@bench.command(help=tell("bench.vrptw_help"))
def vrptw(
    files: Annotated[list[Path], typer.Argument(help=tell("bench.files_help"))],
    *,
    seconds: Annotated[float | None, typer.Option(min=0.1, help=tell("bench.budget_help"))] = None,
    seeds: Annotated[int, typer.Option(min=1, help=tell("bench.seeds_help"))] = 1,
    engines: Annotated[str, typer.Option(help=tell("bench.engines_help"))] = ",".join(ENGINES),
    spread: Annotated[bool, typer.Option("--spread", help=tell("bench.spread_help"))] = False,
    out: Annotated[Path | None, typer.Option(help=tell("bench.race_out_help"))] = None,
    as_json: Json = False,
) -> None:
    """Solve classical VRPTW files beside PyVRP by the same CPU clock."""
    rows: list[Race] = []
    with refusals():
        chosen = _engines(engines, ENGINES)
        found = files_of(files, is_spread=spread)
        folder_for(out)
        total = sum(budget(read_solomon(file).problem, seconds) for file in found)
        minutes = total * seeds * len(chosen) / 60
        typer.echo(tell("bench.estimate", files=len(found), minutes=f"{minutes:.1f}"), err=True)
        with _until_cut():
            for at, file in enumerate(found, start=1):
                for race in races(file, seconds=seconds, seeds=seeds, engines=tuple(chosen)):
                    rows.append(race)
                    typer.echo(f"{at}/{len(found)} {_race_line(race)}", err=as_json)
        document = {**machine(), "races": [asdict(row) for row in rows]}
        if out is not None and rows:
            _put(out / "vrptw.json", json.dumps(document, indent=1))
            _put(out / "vrptw.md", f"{race_table(rows)}\n\n{_under(document)}")
    if as_json:
        print_json(document)
    elif rows:
        typer.echo(race_table(rows))
        for engine, gap in mean_gaps(rows).items():
            typer.echo(tell("bench.mean_gap", engine=engine, gap=f"{gap:.2%}"))
    raise typer.Exit(0 if len(rows) == len(found) * len(chosen) else CUT)


@contextmanager
def _until_cut() -> Iterator[None]:
    """Let Ctrl-C end the runs and keep what was done."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(tell("bench.cut"), err=True)


def _engines(text: str, known: tuple[str, ...]) -> list[str]:
    """Return the engines asked for, each once and installed here."""
    chosen = list(dict.fromkeys(text.split(",")))
    for engine in chosen:
        if engine not in known:
            rule = f"must be of {', '.join(known)}"
            raise BadField(field="engines", value=engine, rule=rule)
    require(chosen)
    return chosen


def _race_line(race: Race) -> str:
    # the figures say it in English, as their table does
    against = part(race.against, LANG)
    gap = "" if race.gap is None else f"{race.gap:+.2%} {against}"
    cost = "-" if race.distance is None else f"{race.distance:.1f}"
    return f"{race.instance:10} {race.engine:7} {race.seconds:5g} s {cost:>10} {gap} cpu {race.cpu:.1f} s"


def _numbers(text: str) -> list[float]:
    """Return the budgets, each once, rising."""
    try:
        found = sorted({float(part) for part in text.split(",")})
    except ValueError:
        found = []
    if not found or not all(math.isfinite(one) and one > 0 for one in found):
        raise BadField(field="seconds", value=text, rule="must be numbers above 0, with commas")
    return found


def _line(cell: Cell) -> str:
    gap = "" if cell.gap is None else f"{cell.gap:+.1%}"
    cost = "-" if cell.cost is None else str(cell.cost)
    return f"{cell.instance:26} {cell.engine:8} {cell.seconds:5g} s {cost:>12} {gap:>9} cpu {cell.cpu:.1f} s"


def _put(file: Path, text: str) -> None:
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(file, error.strerror) from None


def _under(document: dict[str, Any]) -> str:
    """Return the line below a table: where and when."""
    return f"{document['machine']}, {document['date']}."


def _write(folder: Path, cells: list[Cell], document: dict[str, Any]) -> None:
    """Write the cells, a table and a chart."""
    import altair as alt  # noqa: PLC0415 — takes a second

    _put(folder / "solver.json", json.dumps(document, indent=1))
    _put(folder / "solver.md", f"{table(cells)}\n\n{_under(document)}")
    told = [cell for cell in document["cells"] if cell["cost"] is not None]
    chart = (
        alt.Chart(alt.Data(values=told))
        .mark_line(point=True)
        .encode(
            x=alt.X("seconds:Q", scale=alt.Scale(type="log"), title="seconds"),
            y=alt.Y("cost:Q", scale=alt.Scale(type="log"), title="cost"),
            color=alt.Color("engine:N", title=None),
            facet=alt.Facet("instance:N", columns=2, title=None),
        )
        .properties(width=260, height=170)
        .resolve_scale(x="independent", y="independent")
    )
    _put(folder / "solver.vl.json", chart.to_json())
    chart.save(folder / "solver.svg")


def table(cells: list[Cell]) -> str:
    """Return the cells as a Markdown table, one row an engine and day."""
    budgets = sorted({cell.seconds for cell in cells})
    head = ["day", "engine", *(f"{b:g} s" for b in budgets)]
    lines = [" | ".join(head), " | ".join(["---"] * len(head))]
    for instance in dict.fromkeys(cell.instance for cell in cells):
        for engine in dict.fromkeys(cell.engine for cell in cells):
            of = {c.seconds: c for c in cells if (c.instance, c.engine) == (instance, engine)}
            row = [_entry(of[b]) if b in of else "" for b in budgets]
            lines.append(" | ".join([instance, engine, *row]))
    return "\n".join(f"| {line} |" for line in lines)


def _entry(cell: Cell) -> str:
    if cell.cost is None or cell.cost_without_steps is None:
        return "no plan"
    gap = "" if cell.gap is None else f" ({cell.gap:+.1%})"
    return f"{cell.cost / 60:,.0f}{gap}, without steps {cell.cost_without_steps / 60:,.0f}"
