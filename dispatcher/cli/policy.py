"""`dispatcher policy check`, `show`, `diff`, `explain` and `schema`: the manuals as files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dispatcher.cli.speech import DATA, LANG, Data, Json, print_json, refusals, tell
from dispatcher.domain.calendar import zone_of
from dispatcher.domain.ids import SiteId, TerritoryId, TicketId
from dispatcher.domain.place import Place
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Channel, Mark, Severity, Status, Ticket
from dispatcher.errors import BadField
from dispatcher.policy import Policy, Profile, load_policy, load_terms, telling
from dispatcher.policy.clocks import readings, state_of
from dispatcher.policy.compiling import compile_profile
from dispatcher.policy.days import days_of, read_days, to_csv
from dispatcher.policy.explain import sentence
from dispatcher.policy.file import SEVERITIES
from dispatcher.policy.findings import Finding, find, find_between
from dispatcher.policy.reading import read_profile
from dispatcher.texts import clause_words
from dispatcher.units import wall_clock

policy = typer.Typer(no_args_is_help=True, add_completion=False, help=tell("cli.policy_help"))
Name = Annotated[str, typer.Argument(help=tell("policy.name_help"))]
Names = Annotated[list[str] | None, typer.Argument(help=tell("policy.names_help"))]


def _house(data: Path) -> Policy:
    return load_policy("standard", data / "policies")


def _profile(name: str, data: Path) -> Profile:
    """Return a profile by name, or compile the file that is given."""
    if name.endswith(".toml"):
        return compile_profile(read_profile(Path(name), data / "policies"))
    return _house(data).named(name)


@policy.command("check", help=tell("policy.check_help"))
def check(names: Names = None, *, data: Data = DATA, json: Json = False) -> None:
    """Check profiles; exit 1 when a contradiction has no choice recorded."""
    with refusals():
        chosen = [_profile(name, data) for name in names or _house(data).profiles]
        found = [one for profile in chosen for one in find(profile)]
        found += find_between(_house(data)) if not names else ()
        # warranties, contracts and prices are read with the profiles of a house
        load_terms(data / "policies")
        unsettled = [one for one in found if not one.is_settled]
        if json:
            print_json([telling.finding_json(one, LANG) for one in found])
        else:
            _table_of(found)
            key = "policy.open" if unsettled else "policy.fine"
            typer.echo(tell(key, count=len(chosen), open=len(unsettled)))
        if unsettled:
            raise typer.Exit(1)


def _table_of(found: Iterable[Finding]) -> None:
    table = Table(box=None, padding=(0, 2, 1, 0))
    for head in _heads("profile", "finding", "claims", "rule", "state"):
        table.add_column(head, overflow="fold")
    # the same finding in several profiles is told once
    profiles: dict[tuple[str, ...], list[str]] = {}
    for one in found:
        state = tell("policy.settled" if one.is_settled else "policy.unsettled")
        words = telling.finding_words(one, LANG), telling.claim_words(one, LANG)
        row = (*words, telling.rule_words(one, LANG), state)
        profiles.setdefault(row, []).append(one.profile or tell("policy.between"))
    for told, names in profiles.items():
        table.add_row(", ".join(names), *told)
    Console().print(table)


def _heads(*keys: str) -> list[str]:
    return [tell(f"policy.col.{key}") for key in keys]


@policy.command("show", help=tell("policy.show_help"))
def show(name: Name, *, data: Data = DATA, json: Json = False) -> None:
    """Show a profile with its clauses."""
    with refusals():
        one = _profile(name, data)
        if json:
            print_json({"version": one.version, **msgspec.json.decode(one.text)})
            return
        console = Console()
        console.print(f"{one.title.get(LANG, one.name)} · {one.key} · {one.source}\n")
        heads = ("clock", "from", "until", "target", "calendar", "clause")
        _print(console, heads, telling.clock_rows(one, LANG))
        used = {clock.calendar.name for clock in one.clocks}
        calendars = (rule for rule in one.calendars.values() if rule.name in used)
        rows = [
            (r.name, _hours(one, r.name), r.table, clause_words(r.clause, LANG)) for r in calendars
        ]
        _print(console, ("calendar", "hours", "table", "clause"), rows)
        needs = [
            (
                move,
                need.condition,
                need.when,
                ", ".join(need.except_by),
                clause_words(need.clause, LANG),
            )
            for move, some in one.gates.items()
            for need in some
        ]
        _print(console, ("move", "condition", "when", "exception", "clause"), needs)
        tasks = [
            (
                task.name,
                ", ".join(map(str, task.clock.starts)),
                ", ".join(map(str, task.clock.stops)),
                task.role,
                telling.target_words(task.clock, LANG),
                telling.clauses_of(task.clock, LANG),
            )
            for task in one.tasks
        ]
        _print(console, ("task", "from", "until", "role", "target", "clause"), tasks)
        keys = telling.dispatch_rows(one, LANG)
        _print(console, ("key", "value", "meaning", "clause"), keys)


def _hours(one: Profile, name: str) -> str:
    written = one.file.calendars.get(name)
    return "; ".join(written.hours) if written else "7×24"


def _print(console: Console, heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in _heads(*heads):
        # a name that is cut off cannot be written into a policy
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print()


@policy.command("diff", help=tell("policy.diff_help"))
def diff(first: Name, second: Name, *, data: Data = DATA, json: Json = False) -> None:
    """Compare two profiles."""
    with refusals():
        a, b = _profile(first, data), _profile(second, data)
        rows = telling.differences(a, b)
        if json:
            print_json([{"key": key, a.name: old, b.name: new} for key, old, new in rows])
            return
        if not rows:
            typer.echo(tell("policy.same"))
            return
        table = Table(box=None, padding=(0, 2, 0, 0))
        for head in (tell("policy.col.key"), a.key, b.key):
            # a key that is cut off cannot be found in a file
            table.add_column(head, overflow="fold")
        for row in rows:
            # brackets of a list are no markup
            table.add_row(*map(escape, row))
        Console().print(table)


@policy.command("explain", help=tell("policy.explain_help"))
def explain(
    name: Name,
    clock: Annotated[str, typer.Argument(help=tell("policy.clock_help"))],
    at: Annotated[str, typer.Argument(help=tell("policy.at_help"))],
    *,
    severity: Annotated[str, typer.Option(help=tell("policy.severity_help"))] = "general",
    weight_kg: Annotated[float, typer.Option(min=0, help=tell("policy.weight_help"))] = 0.0,
    zone: Annotated[str, typer.Option(help=tell("policy.zone_help"))] = "Asia/Shanghai",
    data: Data = DATA,
    json: Json = False,
) -> None:
    """Say when a clock would be due, and why."""
    with refusals():
        profile = _profile(name, data)
        told = _explained(
            profile, clock, _moment(at, zone), severity, round(weight_kg * 1000), zone
        )
        if json:
            print_json(told)
        else:
            typer.echo(told["text"])


def _explained(
    profile: Profile, name: str, at: int, severity: str, weight_g: int, zone: str
) -> dict[str, Any]:
    clock = profile.clock(name)
    if clock is None:
        known = ", ".join(one.name for one in profile.clocks)
        raise BadField(field="clock", value=name, rule=f"choose one of {known}")
    if severity not in SEVERITIES:
        raise BadField(
            field="severity", value=severity, rule=f"choose one of {', '.join(SEVERITIES)}"
        )
    grade = Severity(SEVERITIES.index(severity) + 1)
    home = Territory(id=TerritoryId("example"), name="", city="", zone=zone)
    start = clock.starts[0]
    example = Ticket(
        id=TicketId("example"),
        territory=home.id,
        status=Status.REPORTED,
        severity=grade,
        channel=Channel.PHONE,
        site=SiteId("example"),
        cell=Place(lat=0.0, lon=0.0),
        reported_at=at,
        weight_g=weight_g,
        trace=(Mark(start.kind, at, start.note or str(int(grade))),),
    )
    found = next(readings((clock,), example, home, at), None)
    if found is None:
        raise BadField(field="severity", value=severity, rule="this clock promises nothing for it")
    state = state_of(found, at)
    return {
        "clock": name,
        "due_at": state.due_at,
        "amber_at": state.amber_at,
        "red_at": state.red_at,
        "clause": state.clause,
        "calendar": state.calendar,
        "is_provisional": state.is_provisional,
        "text": sentence(found, LANG),
    }


def _moment(text: str, zone: str) -> int:
    place = zone_of(zone)
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=place)
    except ValueError:
        raise BadField(field="at", value=text, rule="write YYYY-MM-DD HH:MM") from None
    return int(local.timestamp())


@policy.command("schema", help=tell("policy.schema_help"))
def schema() -> None:
    """Print the JSON Schema of profile files."""
    print_json(telling.schema())


@policy.command("days", help=tell("policy.days_help"))
def days(
    table: Annotated[str, typer.Argument(help=tell("policy.table_help"))] = "CN",
    year: Annotated[int | None, typer.Argument(min=1990, max=2100)] = None,
    *,
    file: Annotated[Path | None, typer.Option(help=tell("policy.days_file_help"))] = None,
) -> None:
    """Print the day table of a year as CSV, or check an edited one."""
    with refusals():
        if file is not None:
            typer.echo(tell("policy.days_fine", count=len(read_days(file))))
            return
        chosen = year or datetime.fromtimestamp(wall_clock(), UTC).year
        typer.echo(to_csv(days_of(table, chosen)), nl=False)
