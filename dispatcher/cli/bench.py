"""`dispatcher bench`: engines beside each other, and a day that unfolds, measured here and now."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dispatcher.cli.speech import Json, print_json, refusals, tell
from dispatcher.errors import BadField
from dispatcher.solver.contest import CONTESTANTS, Cell, contest
from dispatcher.solver.generate import generate
from dispatcher.solver.instance import Instance, instance_from, instances_in, read_instance
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

bench = typer.Typer(no_args_is_help=True, add_completion=False, help=tell("cli.bench_help"))
_Days = Annotated[list[str], typer.Argument(help=tell("bench.days_help"))]

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
        chosen = engines.split(",")
        for engine in chosen:
            if engine not in CONTESTANTS:
                rule = f"must be of {', '.join(CONTESTANTS)}"
                raise BadField(field="engines", value=engine, rule=rule)
        require(chosen)
        budgets = _numbers(seconds)
        warm()
        for instance, best in _instances(days):
            for cell in contest(instance, chosen, budgets, seeds, best):
                cells.append(cell)
                if not as_json:
                    typer.echo(_line(cell))
    if out is not None:
        _write(out, cells)
    if as_json:
        print_json({"machine": _machine(), "cells": [asdict(cell) for cell in cells]})


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
    with refusals():
        warm()
        found = [
            asdict(roll(instance, effort, seed=seed, most=events, on_event=_tell_events))
            for instance, _ in _instances(days)
        ]
    if as_json:
        print_json({"machine": _machine(), "days": found})
        return
    for row in found:
        above = f"{row['cost'] / max(1, row['clairvoyant']) - 1:.1%}"
        alone = f"{row['inserted'] / max(1, row['clairvoyant']) - 1:.1%}"
        typer.echo(tell("bench.rolled", **row, above=above, alone=alone))
        if row["compared"]:
            typer.echo(tell("bench.rolled_beside", **row, beside=beside))


def _tell_events(done: int, total: int) -> None:
    """Say how far a long day is."""
    if done % _TOLD_EVENTS == 0:
        typer.echo(tell("bench.events_done", done=done, total=total), err=True)


@bench.command(help=tell("bench.vrptw_help"))
def vrptw(
    files: Annotated[list[Path], typer.Argument(help=tell("bench.files_help"))],
    *,
    seconds: Annotated[float | None, typer.Option(min=0.1, help=tell("bench.budget_help"))] = None,
    seeds: Annotated[int, typer.Option(min=1, help=tell("bench.seeds_help"))] = 1,
    engines: Annotated[str, typer.Option(help=tell("bench.engines_help"))] = ",".join(ENGINES),
    spread: Annotated[bool, typer.Option("--spread", help=tell("bench.spread_help"))] = False,
    out: Annotated[Path | None, typer.Option(help=tell("bench.bench_out_help"))] = None,
    as_json: Json = False,
) -> None:
    """Solve classical VRPTW files beside PyVRP by the same CPU clock."""
    rows: list[Race] = []
    with refusals():
        chosen = tuple(engines.split(","))
        if not set(chosen) <= set(ENGINES):
            raise BadField(field="engines", value=engines, rule=f"must be of {', '.join(ENGINES)}")
        require(chosen)
        found = files_of(files, is_spread=spread)
        total = sum(budget(read_solomon(file).problem, seconds) for file in found)
        minutes = total * seeds * len(chosen) / 60
        typer.echo(tell("bench.estimate", files=len(found), minutes=f"{minutes:.1f}"), err=True)
        for at, file in enumerate(found, start=1):
            for race in races(file, seconds=seconds, seeds=seeds, engines=chosen):
                rows.append(race)
                if not as_json:
                    typer.echo(f"{at}/{len(found)} {_race_line(race)}")
    document = {"machine": _machine(), "races": [asdict(row) for row in rows]}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "vrptw.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        (out / "vrptw.md").write_text(race_table(rows) + "\n", encoding="utf-8")
    if as_json:
        print_json(document)
    elif rows:
        typer.echo(race_table(rows))
        for engine, gap in mean_gaps(rows).items():
            typer.echo(tell("bench.mean_gap", engine=engine, gap=f"{gap:.2%}"))


def _race_line(race: Race) -> str:
    gap = "" if race.gap is None else f"{race.gap:+.2%} {race.against}"
    cost = "-" if race.distance is None else f"{race.distance:.1f}"
    return f"{race.instance:10} {race.engine:7} {race.seconds:5g} s {cost:>10} {gap} cpu {race.cpu:.1f} s"


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise BadField(field="seconds", value=text, rule="must be numbers with commas") from None


def _instances(days: list[str]) -> Iterator[tuple[Instance, int | None]]:
    """Yield the day of each file, folder or FAMILY-JOBS-ENGINEERS-SEED, and its best known cost."""
    for day in days:
        path = Path(day)
        if path.is_dir():
            for file in instances_in(path):
                yield _with_best(file)
        elif path.suffix == ".json":
            yield _with_best(path)
        else:
            yield instance_from(_generated(day), day), None


def _with_best(path: Path) -> tuple[Instance, int | None]:
    instance, known = read_instance(path), path.parent / "best_known.json"
    if not known.is_file():
        return instance, None
    facts = json.loads(known.read_text(encoding="utf-8"))["best_known"].get(instance.name, {})
    return instance, facts.get("objective")


def _generated(day: str) -> dict[str, Any]:
    family, *numbers = day.split("-")
    if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        rule = "must be a file, a folder or FAMILY-JOBS-ENGINEERS-SEED"
        raise BadField(field="day", value=day, rule=rule)
    return generate(family, *(int(number) for number in numbers))


def _line(cell: Cell) -> str:
    gap = "" if cell.gap is None else f"{cell.gap:+.1%}"
    cost = "-" if cell.cost is None else str(cell.cost)
    return f"{cell.instance:26} {cell.engine:8} {cell.seconds:5g} s {cost:>12} {gap:>9} cpu {cell.cpu:.1f} s"


def _machine() -> str:
    return f"{platform.machine()} {platform.system()}, Python {platform.python_version()}"


def _write(folder: Path, cells: list[Cell]) -> None:
    """Write the cells, a table and a chart."""
    import altair as alt  # noqa: PLC0415 — takes a second

    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(cell) for cell in cells]
    (folder / "solver.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (folder / "solver.md").write_text(table(cells) + "\n", encoding="utf-8")
    chart = (
        alt.Chart(alt.Data(values=[r for r in rows if r["cost"] is not None]))
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
    (folder / "solver.vl.json").write_text(chart.to_json() + "\n", encoding="utf-8")
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
