"""`dispatcher simulate`: a scenario's day in virtual time through the same desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from dispatcher.cli.speech import DATA, LANG, Data, Json, refusals, tell
from dispatcher.report import Summary
from dispatcher.texts import Lang, say
from dispatcher.units import MINUTE_S

if TYPE_CHECKING:
    from dispatcher.desk.planning.fairness import Fairness
    from dispatcher.sim.play import Played, Setting


def simulate(
    scenario: Annotated[Path, typer.Argument(help=tell("cli.scenario_help"))],
    *,
    seed: Annotated[int, typer.Option(help=tell("cli.seed_help"))] = 1,
    out: Annotated[Path, typer.Option(help=tell("cli.out_help"))] = Path("var/simulation"),
    data: Data = DATA,
    iterations: Annotated[int, typer.Option(min=1, max=1_000_000, hidden=True)] = 6_000,
    as_json: Json = False,
) -> None:
    """Play a scenario's day in virtual time; write its table, chart and numbers."""
    with refusals():
        from dispatcher.sim.pages import write_pages  # noqa: PLC0415 — altair takes a second
        from dispatcher.sim.play import play, set_up  # noqa: PLC0415 — slow to import: only who asks for it waits
        from dispatcher.sim.scenario import load_scenario  # noqa: PLC0415 — slow to import: only who asks for it waits

        chosen = load_scenario(scenario)
        setting = set_up(chosen, seed=seed, data=data, language=LANG)
        console = Console(stderr=as_json)
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        ) as progress:
            span = setting.until_at - setting.start_at
            bar = progress.add_task(say("sim.playing", LANG), total=span)
            played = play(
                setting,
                seed=seed,
                watch=lambda now: progress.update(bar, completed=now - setting.start_at),
            )
        refused = sum(played.refusals.values())
        name = chosen.title.get(LANG, chosen.name)
        title = say("sim.title", LANG, name=name, seed=seed)
        zone = setting.territory.zone
        write_pages(played.summary, out=out, title=title, zone=zone, lang=LANG, refused=refused)
        if as_json:
            told = msgspec.to_builtins(played.summary)
            # R26: what the turn cost on that day
            told["fairness"] = msgspec.to_builtins(_fairness(setting, played, iterations))
            typer.echo(msgspec.json.encode(told).decode())
        _show(console, played.summary, title, LANG, refused, out)


def _fairness(setting: Setting, played: Played, iterations: int) -> Fairness | None:
    """Return the price of fairness of the day that was played, None when there is none."""
    from dispatcher.desk.planning.fairness import price_of_fairness  # noqa: PLC0415 — slow to import: only who asks for it waits

    return price_of_fairness(
        played.docs,
        from_at=setting.start_at,
        until_at=setting.until_at,
        roads=setting.roads,
        policy=setting.policy,
        iterations=iterations,
    )


def _show(
    console: Console, summary: Summary, title: str, lang: Lang, refused: int, out: Path
) -> None:
    from dispatcher.sim.pages import clock_cells, sentences  # noqa: PLC0415 — slow to import: only who asks for it waits

    table = Table(title=title)
    for key in ("clock", "met", "breached", "open", "share", "median", "p90"):
        table.add_column(say(f"sim.{key}", lang), justify="left" if key == "clock" else "right")
    for clock in summary.clocks:
        table.add_row(*clock_cells(clock, lang))
    console.print(table)
    finished = sum(hour.finished for hour in summary.hours)
    travel_s = sum(one.travel_s for one in summary.engineers)
    visits = sum(one.visits for one in summary.engineers)
    for line in sentences(summary, lang, refused):
        console.print(line)
    facts = {
        "tickets": sum(summary.tickets.values()),
        "finished": finished,
        "km_min": travel_s // MINUTE_S // max(1, visits),
        "out": out,
    }
    console.print(say("sim.done", lang, **facts))
