"""`dispatcher plan`: one instance file in, one plan file out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dispatcher.cli.speech import Json, print_json, refusals, tell
from dispatcher.solver.bound import Bound
from dispatcher.solver.instance import Instance, plan_document, read_instance
from dispatcher.solver.prices import Prices, price_day
from dispatcher.solver.solution import Solution, Verdict, judge
from dispatcher.solver.solve import ENGINES, Answer, solve
from dispatcher.solver.vrptw import SCALE, distance_of, read_solomon, solve_distance

# names printed when a list is long
_MOST_NAMES = 20
# seconds between two lines about a proof
_TELL_S = 5.0
_ENGINE_HELP = tell("plan.engine_help", engines=", ".join(ENGINES))
_Watch = tuple[Callable[[Solution, Verdict], None], Callable[[], bool]]


class _Form(StrEnum):
    FSD = "fsd"
    SOLOMON = "solomon"


def plan(
    instance: Annotated[Path, typer.Argument(help=tell("plan.instance_help"))],
    *,
    seconds: Annotated[float | None, typer.Option(min=0.0, help=tell("plan.seconds_help"))] = None,
    iterations: Annotated[
        int | None, typer.Option(min=0, help=tell("plan.iterations_help"))
    ] = None,
    seed: Annotated[int, typer.Option(help=tell("cli.seed_help"))] = 0,
    engine: Annotated[str, typer.Option(help=_ENGINE_HELP)] = "search",
    threads: Annotated[int, typer.Option(min=1, max=16, help=tell("plan.threads_help"))] = 1,
    bound: Annotated[float | None, typer.Option(min=0.0, help=tell("plan.bound_help"))] = None,
    form: Annotated[_Form, typer.Option("--format", help=tell("plan.format_help"))] = _Form.FSD,
    out: Annotated[Path | None, typer.Option(help=tell("plan.plan_out_help"))] = None,
    as_json: Json = False,
) -> None:
    """Plan one instance and say what the plan costs."""
    with refusals():
        if form is _Form.SOLOMON:
            budget = (seconds, iterations)
            _plan_distance(instance, budget, seed, out, as_json=as_json)
            return
        problem = read_instance(instance)
        with _watched(seconds) as (heard, is_cut):
            answer = solve(
                problem.problem,
                engine=engine,
                seconds=seconds,
                iterations=iterations,
                seed=seed,
                threads=threads,
                on_better=heard,
                should_stop=is_cut,
            )
    if out is not None:
        _write(out, plan_document(problem, answer.solution))
    prices = None
    if bound is not None and answer.verdict.feasible:
        cost = answer.verdict.cost
        prices = price_day(
            problem.problem,
            answer.solution,
            seconds=bound,
            best_cost=cost,
            on_round=_proving(cost),
        )
        answer = replace(answer, bound=prices.bound.value)
    summary = summarise(problem, answer, prices)
    if as_json:
        print_json(summary)
    else:
        typer.echo(_in_words(summary))
    raise typer.Exit(0 if answer.verdict.feasible else 1)


def _plan_distance(
    file: Path,
    budget: tuple[float | None, int | None],
    seed: int,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Plan one classical VRPTW file by distance."""
    seconds, most = budget
    instance = read_solomon(file)
    began = time.perf_counter()
    plan, iterations = solve_distance(instance.problem, seconds=seconds, iterations=most, seed=seed)
    verdict = judge(instance.problem, plan)
    if out is not None:
        _write(out, plan_document(instance, plan))
    summary = {
        "instance": instance.name,
        "distance": distance_of(instance.problem, plan) / SCALE,
        "vehicles": sum(bool(route) for route in plan.routes),
        "feasible": verdict.feasible and not verdict.unserved,
        "unserved": [instance.tasks[i] for i in verdict.unserved],
        "seconds": round(time.perf_counter() - began, 3),
        "iterations": iterations,
        "seed": seed,
    }
    if as_json:
        print_json(summary)
    else:
        typer.echo(tell("plan.distance", **summary))
        if verdict.unserved:
            names = ", ".join(instance.tasks[i] for i in verdict.unserved[:_MOST_NAMES])
            typer.echo(tell("plan.unserved", count=len(verdict.unserved), names=names))
    raise typer.Exit(0 if summary["feasible"] else 1)


def summarise(instance: Instance, answer: Answer, prices: Prices | None = None) -> dict[str, Any]:
    """Return what `--json` prints."""
    verdict = answer.verdict
    proof: dict[str, Any] = {}
    if prices is not None:
        proof = {
            "gap": round(prices.bound.gap(verdict.cost), 4),
            "above": _above(prices.bound, verdict.cost),
            "limit": prices.bound.limit(verdict.cost),
            "rounds": prices.bound.rounds,
            "bound_seconds": round(prices.bound.seconds, 1),
            "prices": {
                "tickets": dict(zip(instance.tasks, prices.ticket.tolist(), strict=True)),
                "engineer_hours": dict(zip(instance.vehicles, prices.hour.tolist(), strict=True)),
            },
        }
    return {
        "instance": instance.name,
        "engine": answer.engine,
        "seed": answer.seed,
        "iterations": answer.iterations,
        "seconds": round(answer.seconds, 3),
        "feasible": verdict.feasible,
        "objective": verdict.cost,
        "objective_min": round(verdict.cost / instance.units_per_point, 2),
        "parts": verdict.costs.as_dict(),
        "bound": answer.bound,
        **proof,
        "unserved": [instance.tasks[i] for i in verdict.unserved],
        "violations": [
            {"code": v.code, "vehicle": v.vehicle, "task": v.task, **v.facts}
            for v in verdict.violations
        ],
    }


def _above(bound: Bound, cost: int) -> float | None:
    """Return how far a plan can be above the best, as a share of the bound; None = no share."""
    return round(max(0, cost - bound.value) / bound.value, 4) if bound.value > 0 else None


def _proving(cost: int) -> Callable[[Bound], None]:
    """Return what tells on the error stream, now and then, how far the proof is."""
    told = -_TELL_S

    def heard(bound: Bound) -> None:
        nonlocal told
        if bound.seconds - told < _TELL_S:
            return
        told = bound.seconds
        facts = {
            "bound": max(0, bound.value),
            "plan": cost,
            "gap": f"{min(1.0, bound.gap(cost)):.1%}",
        }
        typer.echo(tell("plan.proving", seconds=f"{bound.seconds:.0f}", **facts), err=True)

    return heard


def _in_words(summary: dict[str, Any]) -> str:
    parts = ", ".join(f"{name} {value}" for name, value in summary["parts"].items() if value)
    facts = {**summary, "minutes": summary["objective_min"]}
    lines = [tell("plan.result", **facts), tell("plan.parts", parts=parts or "0")]
    if summary["bound"] is not None:
        above = summary["above"]
        share = "?" if above is None else f"{above:.1%}"
        lines.append(tell("plan.bounded", bound=summary["bound"], above=share))
        lines.append("  " + tell(f"quality.limit.{summary['limit']}"))
    missed = summary["unserved"]
    if missed:
        names = ", ".join(missed[:_MOST_NAMES]) + (" …" if len(missed) > _MOST_NAMES else "")
        lines.append(tell("plan.unserved", count=len(missed), names=names))
    violations = summary["violations"][:_MOST_NAMES]
    lines += [tell("plan.violated", violation=violation) for violation in violations]
    return "\n".join(lines)


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        message = tell("plan.cannot_write", file=path, problem=error.strerror)
        typer.secho(message, err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None


@contextmanager
def _watched(seconds: float | None) -> Iterator[_Watch]:
    """A bar on the error stream while the engine works, where somebody can see it."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    work = bar.add_task(tell("plan.planning"), total=seconds)

    def heard(_plan: Solution, verdict: Verdict) -> None:
        bar.update(work, description=tell("plan.units", cost=verdict.cost))

    def is_cut() -> bool:
        bar.update(work, completed=bar.tasks[0].elapsed or 0.0)
        return False

    with bar:
        yield heard, is_cut
