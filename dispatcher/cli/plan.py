"""`dispatcher plan`: one instance file in, one plan file out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dispatcher.errors import BadInput, DispatcherError
from dispatcher.solver.instance import Instance, plan_document, read_instance
from dispatcher.solver.solution import Solution, Verdict
from dispatcher.solver.solve import ENGINES, Answer, solve

_err = Console(stderr=True)


def plan(
    instance: Annotated[Path, typer.Argument(help="Instance file (fsd-instance/1).")],
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Seconds to search.")] = None,
    iterations: Annotated[
        int | None, typer.Option(min=0, help="Iterations instead of seconds; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all chance.")] = 0,
    engine: Annotated[str, typer.Option(help=f"One of: {', '.join(ENGINES)}.")] = "search",
    threads: Annotated[int, typer.Option(min=1, max=16, help="Searches side by side.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Plan file to write (fsd-plan/1).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,  # noqa: FBT002
) -> None:
    """Plan one instance and say what the plan costs."""
    try:
        problem = read_instance(instance)
        with _progress(seconds, iterations) as (tell, is_cut):
            answer = solve(
                problem.problem,
                engine=engine,
                seconds=seconds,
                iterations=iterations,
                seed=seed,
                threads=threads,
                on_better=tell,
                should_stop=is_cut,
            )
    except DispatcherError as refusal:
        _err.print(str(refusal), style="red", markup=False, highlight=False)
        raise typer.Exit(2 if isinstance(refusal, BadInput) else 1) from None
    if out is not None:
        _write(out, plan_document(problem, answer.solution))
    summary = summarise(problem, answer)
    typer.echo(json.dumps(summary) if as_json else _in_words(summary))
    raise typer.Exit(0 if answer.verdict.feasible else 1)


def summarise(instance: Instance, answer: Answer) -> dict[str, Any]:
    """Return what `--json` prints."""
    verdict = answer.verdict
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
        "unserved": [instance.tasks[i] for i in verdict.unserved],
        "violations": [
            {"code": v.code, "vehicle": v.vehicle, "task": v.task, **v.facts}
            for v in verdict.violations
        ],
    }


def _in_words(summary: dict[str, Any]) -> str:
    parts = ", ".join(f"{name} {value}" for name, value in summary["parts"].items() if value)
    lines = [
        f"{summary['instance']}: {summary['objective']} units = {summary['objective_min']} min"
        f" ({summary['engine']}, {summary['seconds']} s, {summary['iterations']} iterations)",
        f"  {parts or 'nothing to do'}",
    ]
    if summary["unserved"]:
        lines.append(f"  {len(summary['unserved'])} unserved: {', '.join(summary['unserved'][:20])}")
    lines += [f"  violated: {violation}" for violation in summary["violations"][:20]]
    return "\n".join(lines)


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot write {path}: {error.strerror}") from None


class _progress:  # noqa: N801
    """A bar on the error stream while something takes longer than a blink."""

    def __init__(self, seconds: float | None, iterations: int | None) -> None:
        self._total = seconds if seconds is not None else None
        self._iterations = iterations
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=_err,
            disable=not _err.is_terminal,
            transient=True,
        )

    def __enter__(self) -> tuple[Callable[[Solution, Verdict], None], Callable[[], bool]]:
        self._bar.start()
        task = self._bar.add_task("planning", total=self._total)

        def tell(_plan: Solution, verdict: Verdict) -> None:
            self._bar.update(task, description=f"{verdict.cost} units")

        def is_cut() -> bool:
            self._bar.update(task, completed=self._bar.tasks[0].elapsed or 0.0)
            return False

        return tell, is_cut

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
