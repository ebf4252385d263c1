"""`dispatcher plan`: one instance file in, one plan file out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from dispatcher.cli.days import file_for, one_day, peak_memory_mb, unwritable
from dispatcher.cli.speech import Json, print_json, refusals, tell
from dispatcher.cli.watch import CUT, cuttable, watched
from dispatcher.errors import BadField
from dispatcher.solver.bound import Bound
from dispatcher.solver.generate import FAMILIES
from dispatcher.solver.instance import Instance, plan_document
from dispatcher.solver.prices import Prices, price_day
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import judge
from dispatcher.solver.solve import ENGINES, Answer, solve, warm
from dispatcher.solver.vrptw import (
    DISTANCE_S,
    SCALE,
    distance_of,
    read_solomon,
    solve_distance,
    warm_distance,
)

# names printed when a list is long
_MOST_NAMES = 20
# seconds between two lines about a proof
_TELL_S = 5.0
_INSTANCE_HELP = tell("plan.instance_help", families=", ".join(FAMILIES))
_ENGINE_HELP = tell("plan.engine_help", engines=", ".join(ENGINES))
# options that only the format fsd has, as they are when nobody gives them
_PLAIN: Final = {"engine": "search", "threads": 1, "bound": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Budget:
    """How long is searched, and from which seed."""

    seconds: float | None
    iterations: int | None
    seed: int


class _Form(StrEnum):
    FSD = "fsd"
    SOLOMON = "solomon"


def plan(
    instance: Annotated[Path, typer.Argument(help=_INSTANCE_HELP)],
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
    budget = _Budget(seconds=seconds, iterations=iterations, seed=seed)
    with refusals(), cuttable() as is_cut:
        file_for(out)
        if form is _Form.SOLOMON:
            _refuse_beside_solomon({"engine": engine, "threads": threads, "bound": bound})
            summary, words = _plan_distance(instance, budget, out, is_cut)
        else:
            problem = one_day(instance)
            answer = _searched(problem.problem, engine, threads, budget, is_cut)
            _keep(out, problem, answer)
            prices = _priced(problem, answer, bound, is_cut)
            if prices is not None:
                answer = _proven(problem, answer, prices)
                if prices.saved:
                    _keep(out, problem, answer)
            summary = summarise(problem, answer, prices)
            words = _in_words(summary)
    if as_json:
        print_json(summary)
    else:
        typer.echo(words)
    if is_cut():
        typer.echo(tell("plan.cut"), err=True)
        raise typer.Exit(CUT)
    raise typer.Exit(0 if summary["feasible"] else 1)


def _refuse_beside_solomon(asked: dict[str, object]) -> None:
    """Refuse what the engine for distance does not have, before somebody waits for it."""
    for option, value in asked.items():
        if value != _PLAIN[option]:
            rule = "it does not go with --format solomon; leave it out"
            raise BadField(field=f"--{option}", value=value, rule=rule)


def _searched(
    problem: Problem, engine: str, threads: int, budget: _Budget, is_cut: Callable[[], bool]
) -> Answer:
    """Return an engine's answer; what it compiles and reads is not counted."""
    if engine in ENGINES:
        warm()
    with watched(budget.seconds, is_cut) as (heard, ends):
        return solve(
            problem,
            engine=engine,
            seconds=budget.seconds,
            iterations=budget.iterations,
            seed=budget.seed,
            threads=threads,
            on_better=lambda _plan, verdict: heard(verdict.cost),
            should_stop=ends,
        )


def _keep(out: Path | None, instance: Instance, answer: Answer) -> None:
    """Write the plan, before a proof too, so that nobody who ends that loses it."""
    if out is not None:
        _write(out, plan_document(instance, answer.solution))


def _priced(
    instance: Instance, answer: Answer, seconds: float | None, is_cut: Callable[[], bool]
) -> Prices | None:
    """Return the proof that was asked for, if any."""
    if seconds is None or not answer.verdict.feasible or is_cut():
        return None
    cost = answer.verdict.cost
    return price_day(
        instance.problem,
        answer.solution,
        seconds=seconds,
        best_cost=cost,
        should_stop=is_cut,
        on_round=_proving(cost),
    )


def _proven(instance: Instance, answer: Answer, prices: Prices) -> Answer:
    """Return the answer with its bound, and with the better plan of the proof if there is one."""
    if prices.saved:
        verdict = judge(instance.problem, prices.plan)
        answer = replace(answer, solution=prices.plan, verdict=verdict)
    return replace(answer, bound=prices.bound.value)


def _plan_distance(
    file: Path, budget: _Budget, out: Path | None, is_cut: Callable[[], bool]
) -> tuple[dict[str, Any], str]:
    """Plan one classical VRPTW file by distance."""
    instance = read_solomon(file)
    warm_distance()
    began = time.perf_counter()
    seconds = DISTANCE_S if budget.seconds is None else budget.seconds
    with watched(None if budget.iterations else seconds, is_cut) as (_, ends):
        plan, iterations = solve_distance(
            instance.problem,
            seconds=seconds,
            iterations=budget.iterations,
            seed=budget.seed,
            should_stop=ends,
        )
    verdict = judge(instance.problem, plan)
    if out is not None:
        _write(out, plan_document(instance, plan))
    missed = [instance.tasks[i] for i in verdict.unserved]
    summary = {
        "instance": instance.name,
        "distance": distance_of(instance.problem, plan) / SCALE,
        "vehicles": sum(bool(route) for route in plan.routes),
        "feasible": verdict.feasible and not missed,
        "unserved": missed,
        "seconds": round(time.perf_counter() - began, 3),
        "iterations": iterations,
        "seed": budget.seed,
    }
    return summary, "\n".join([tell("plan.distance", **summary), *_missed(missed)])


def _missed(names: list[str]) -> list[str]:
    """Return the line about tickets nobody visits, if there are any."""
    if not names:
        return []
    some = ", ".join(names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")
    return [tell("plan.unserved", count=len(names), names=some)]


def summarise(instance: Instance, answer: Answer, prices: Prices | None = None) -> dict[str, Any]:
    """Return what `--json` prints."""
    verdict = answer.verdict
    proof: dict[str, Any] = {}
    if prices is not None:
        proof = {
            "gap": round(prices.bound.gap(verdict.cost), 4),
            "above": _above(prices.bound, verdict.cost),
            "limit": prices.bound.limit(verdict.cost),
            "saved": prices.saved,
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
        "memory_mb": peak_memory_mb(),
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
    costs = {name: value for name, value in summary["parts"].items() if value}
    parts = ", ".join(f"{tell(f'cost.{name}')} {value}" for name, value in costs.items())
    facts = {**summary, "minutes": summary["objective_min"]}
    lines = [tell("plan.result", **facts), tell("plan.parts", parts=parts or "0")]
    if summary["bound"] is not None:
        above = summary["above"]
        share = "?" if above is None else f"{above:.1%}"
        if summary["saved"]:
            lines.append(tell("plan.saved", saved=summary["saved"]))
        lines.append(tell("plan.bounded", bound=summary["bound"], above=share))
        lines.append("  " + tell(f"quality.limit.{summary['limit']}"))
    lines += _missed(summary["unserved"])
    violations = summary["violations"][:_MOST_NAMES]
    lines += [tell("plan.violated", violation=violation) for violation in violations]
    return "\n".join(lines)


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error.strerror) from None
