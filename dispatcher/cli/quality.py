"""`dispatcher quality`: how far the current plan can be above the best possible."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from dispatcher.cli.fairness import home_of
from dispatcher.cli.speech import DATA, LANG, Data, DatabaseUrl, Json, print_json, refusals, tell
from dispatcher.store import open_store
from dispatcher.texts import say
from dispatcher.units import DAY_S


def quality(
    *,
    territory: Annotated[str, typer.Option(help=tell("fairness.territory_help"))] = "",
    at: Annotated[int | None, typer.Option(help=tell("quality.at_help"))] = None,
    seconds: Annotated[float, typer.Option(min=0.0, max=600.0)] = 30.0,
    policy: Annotated[str, typer.Option(envvar="DISPATCHER_POLICY", hidden=True)] = "standard",
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Prove how far the current plan can be above the best possible."""
    with refusals():
        # streets and kernels take a second
        from dispatcher.desk.planning.quality import quality_of  # noqa: PLC0415 — slow to import: only who asks for it waits
        from dispatcher.desk.planning.roads import StreetRoads  # noqa: PLC0415 — slow to import: only who asks for it waits
        from dispatcher.geo.city import open_city  # noqa: PLC0415 — slow to import: only who asks for it waits
        from dispatcher.policy import load_policy  # noqa: PLC0415 — slow to import: only who asks for it waits

        store = open_store(database_url, data, read_only=True)
        try:
            home = home_of(store, territory)
            if at is None:
                last = store.facts(home.id, max(0, home.seq - 1), 1)
                at = last[0].recorded_at if last else 0
            docs = store.snapshot(home.id, ended_since=at - DAY_S)
        finally:
            store.close()
        found = quality_of(
            docs,
            now=at,
            roads=StreetRoads(open_city(home.city, data)),
            policy=load_policy(policy, data / "policies"),
            seconds=seconds,
        )
    if json:
        print_json(msgspec.to_builtins(found))
    elif found is None:
        typer.echo(tell("quality.none"))
    else:
        facts = msgspec.to_builtins(found) | {"above": (found.above_tenths or 0) / 10}
        known = found.holds and found.above_tenths is not None
        typer.echo(say("quality.told" if known else "quality.unknown", LANG, **facts))
        typer.echo(say(f"quality.limit.{found.limit}", LANG))
