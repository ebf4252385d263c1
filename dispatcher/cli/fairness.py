"""`dispatcher fairness`: what taking turns cost on a day, by solving the day again without them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

import msgspec
import typer

from dispatcher.cli.speech import DATA, LANG, Data, DatabaseUrl, Json, print_json, refusals, tell
from dispatcher.domain.calendar import zone_of
from dispatcher.domain.territory import Territory
from dispatcher.errors import BadField, UnknownTerritory
from dispatcher.store import Store, open_store
from dispatcher.texts import say


def fairness(
    on: Annotated[str, typer.Argument(help=tell("fairness.on_help"))] = "",
    *,
    territory: Annotated[str, typer.Option(help=tell("fairness.territory_help"))] = "",
    policy: Annotated[str, typer.Option(envvar="DISPATCHER_POLICY", hidden=True)] = "standard",
    iterations: Annotated[int, typer.Option(min=1, max=1_000_000)] = 6_000,
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Solve a day twice in hindsight, with and without the price of a turn (R26)."""
    with refusals():
        # streets and kernels take a second
        from dispatcher.desk.planning.fairness import price_of_fairness  # noqa: PLC0415 — slow to import: only who asks for it waits
        from dispatcher.desk.planning.roads import StreetRoads  # noqa: PLC0415 — slow to import: only who asks for it waits
        from dispatcher.geo.city import open_city  # noqa: PLC0415 — slow to import: only who asks for it waits
        from dispatcher.policy import load_policy  # noqa: PLC0415 — slow to import: only who asks for it waits

        store = open_store(database_url, data, read_only=True)
        try:
            home = home_of(store, territory)
            from_at, until_at = _day(store, home, on)
            docs = store.snapshot(home.id, ended_since=from_at)
        finally:
            store.close()
        found = price_of_fairness(
            docs,
            from_at=from_at,
            until_at=until_at,
            roads=StreetRoads(open_city(home.city, data)),
            policy=load_policy(policy, data / "policies"),
            iterations=iterations,
        )
    if json:
        print_json(msgspec.to_builtins(found))
    elif found is None:
        typer.echo(tell("fairness.none"))
    else:
        for key in ("told", "with", "without", "noise" if found.is_noise else "price"):
            typer.echo(say(f"fairness.{key}", LANG, **found.words()))


def home_of(store: Store, name: str) -> Territory:
    """Return the territory of a name, the first one for none; `UnknownTerritory` otherwise."""
    homes = store.territories()
    found = next((one for one in homes if one.id == name or not name), None)
    if found is None:
        raise UnknownTerritory(territory=name or "-")
    return found


def _day(store: Store, home: Territory, on: str) -> tuple[int, int]:
    """Return the day asked for, or that of the last fact, epoch seconds."""
    zone = zone_of(home.zone)
    if on:
        try:
            day = date.fromisoformat(on)
        except ValueError:
            raise BadField(field="on", value=on, rule="write a date, such as 2026-03-02") from None
    else:
        last = store.facts(home.id, max(0, home.seq - 1), 1)
        day = datetime.fromtimestamp(last[0].recorded_at if last else 0, zone).date()
    ends = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    first, after = (int(end.timestamp()) for end in ends)
    return first, after
