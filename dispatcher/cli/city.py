"""`dispatcher city import`, `list` and `show`: the cities a desk can work in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dispatcher.cli.speech import DATA, Data, Json, print_json, refusals, tell
from dispatcher.errors import BadField
from dispatcher.geo.city import SHIPPED, About, City, city_folder, list_cities, open_city
from dispatcher.units import wall_clock

city = typer.Typer(no_args_is_help=True, add_completion=False, help=tell("cli.city_help"))
Name = Annotated[str, typer.Argument(help=tell("city.name_help"))]


@city.command("import", help=tell("city.import_help"))
def import_(
    file: Annotated[Path, typer.Argument(help=tell("city.file_help"))],
    *,
    name: Annotated[str, typer.Option(help=tell("city.name_help"))],
    title: Annotated[str, typer.Option(help=tell("city.title_help"))] = "",
    zone: Annotated[str, typer.Option(help=tell("city.zone_help"))] = "",
    box: Annotated[str, typer.Option(help=tell("city.box_help"))] = "",
    data: Data = DATA,
    json: Json = False,
) -> None:
    """Build a city from an OpenStreetMap extract."""
    # osmnx, geopandas and GDAL take seconds to load and serve only here
    from dispatcher.geo.importer.build import Order, import_city  # noqa: PLC0415 — slow to import: only who asks for it waits

    with refusals():
        order = Order(file=file, name=name, title=title, zone=zone, box=_box(box))
        with _progress(quiet=json) as told:
            about = import_city(order, city_folder(name, data), told)
        _show(City(city_folder(name, data)), about, json=json)


@city.command("list", help=tell("city.list_help"))
def list_(*, data: Data = DATA, json: Json = False) -> None:
    """List the cities there are."""
    cities = list_cities(data)
    if json:
        print_json([_as_json(about) for about in cities])
        return
    table = Table(*(tell(f"city.{column}") for column in ("name", "title", "zone")), box=None)
    for column in ("nodes", "addresses"):
        table.add_column(tell(f"city.{column}"), justify="right")
    for about in cities:
        found = about.found
        numbers = f"{found.num_nodes:,}", f"{found.num_addresses:,}"
        table.add_row(about.name, about.title, about.zone, *numbers)
    Console().print(table)


@city.command("show", help=tell("city.show_help"))
def show(name: Name, *, data: Data = DATA, json: Json = False) -> None:
    """Show what a city holds."""
    with refusals():
        here = open_city(name, data)
        _show(here, here.about, json=json)


def _box(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise BadField(field="box", value=text, rule=tell("city.box_help")) from None
    return west, south, east, north


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Any]:
    """Give a callback that tells each step, and how long all may take, on the error channel."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[about]}"),
    )
    began = wall_clock()
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", about="")

        def told(step: str, left_s: float) -> None:
            text = tell(f"city.step_{step}")
            whole = timedelta(seconds=round(wall_clock() - began + left_s))
            about = tell("city.about_time", time=whole) if step != "read" else ""
            bar.update(task, description=text, about=about)
            if not quiet and not console.is_terminal:
                console.print(text)

        yield told


def _as_json(about: About) -> dict[str, Any]:
    shipped = (SHIPPED / about.name).is_dir()
    return {**msgspec.to_builtins(about), "shipped": shipped}


def _show(here: City, about: About, *, json: bool) -> None:
    size = sum(part.stat().st_size for part in here.folder.iterdir())
    if json:
        print_json({**msgspec.to_builtins(about), "folder": str(here.folder), "bytes": size})
        return
    found, (south, west, north, east) = about.found, about.bounds
    lines = {
        "title": about.title,
        "zone": about.zone,
        "bounds": f"{south}, {west} – {north}, {east}",
        "folder": f"{here.folder} ({size / 1e6:.1f} MB)",
        "source": f"{about.source.file} ({about.source.num_bytes / 1e6:.1f} MB)",
        "licence": f"{about.attribution} ({about.licence})",
        "nodes": f"{found.num_nodes:,}",
        "edges": f"{found.num_edges:,} ({found.length_km:,.0f} km)",
        "named": f"{found.named_share:.0%}",
        "oneway": f"{found.oneway_share:.0%}",
        "limits": f"{found.limit_share:.0%}",
        "signals": f"{found.num_signals:,}",
        "streets": f"{found.num_streets:,}",
        "crossings": f"{found.num_crossings:,}",
        "addresses": f"{found.num_addresses:,}",
        "dropped": tell(
            "city.dropped_words", parts=found.num_components_dropped, nodes=found.num_nodes_dropped
        ),
        "cut": tell("city.cut_words", ways=found.num_ways_cut, nodes=found.num_nodes_missing),
        "tiles": f"{found.num_tiles:,}",
        "shortcuts": f"{found.num_shortcuts:,} ({found.order_method})",
    }
    table = Table(box=None, show_header=False)
    for key, value in lines.items():
        table.add_row(tell(f"city.{key}"), value)
    Console().print(f"[bold]{about.name}[/bold]")
    Console().print(table)
