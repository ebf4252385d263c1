"""
A city on disk: its streets, travel times, addresses and map, opened by name.

Shipped cities lie in the package, imported ones in the data directory. Must not build cities; the
importer does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec

from dispatcher.errors import BadField, BrokenCity, UnknownCity, UnknownEngine
from dispatcher.geo.basemap import Basemap
from dispatcher.geo.gazetteer import Address, Gazetteer
from dispatcher.geo.network import Floats, Network, load_network
from dispatcher.geo.snap import SNAP_LIMIT_M, Points, Snapper
from dispatcher.geo.speeds import TYPICAL, Profile
from dispatcher.geo.travel import ENGINES, TravelTimes

DEFAULT_CITY: Final = "reykjavik"
DEFAULT_ENGINE: Final = "hierarchy"
SHIPPED: Final = Path(__file__).parent / "cities"
ABOUT_FILE, TILES_FILE, NAMES_FILE = "city.json", "basemap.pmtiles", "gazetteer.sqlite"
ATTRIBUTION: Final = "© OpenStreetMap contributors"
LICENCE: Final = "ODbL-1.0"
# what a city folder may be called
NAME_RULE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a city's data came from."""

    file: str
    sha256: str
    num_bytes: int
    # how it was got, in words or commands
    origin: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What an import found in an extract."""

    num_nodes: int
    num_edges: int
    # shares of edges, 0..1
    named_share: float
    oneway_share: float
    limit_share: float
    num_signals: int
    length_km: float
    # strongly connected parts beside the largest, and their junctions, that were dropped
    num_components_dropped: int
    num_nodes_dropped: int
    num_ways_read: int
    num_ways_cut: int
    num_nodes_missing: int
    num_streets: int
    num_crossings: int
    num_addresses: int
    num_tiles: int
    num_shortcuts: int
    order_method: str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The page that describes a city: ``city.json``."""

    name: str
    title: str
    # IANA time zone
    zone: str
    # south, west, north, east in degrees
    bounds: tuple[float, float, float, float]
    attribution: str
    licence: str
    source: Source
    found: Found
    # layout of the folder; another number asks for a new import
    layout: int = 1


LAYOUT: Final = 1


class City:
    """
    One city; the parts are read when they are first asked for and then kept.

    Attributes
    ----------
    about
        What ``city.json`` says.
    folder
        Where the city lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.about = read_about(folder)

    @property
    def name(self) -> str:
        """The name it is opened by."""
        return self.about.name

    @property
    def title(self) -> str:
        """The name to show."""
        return self.about.title

    @property
    def zone(self) -> str:
        """The IANA time zone."""
        return self.about.zone

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """South, west, north, east in degrees."""
        return self.about.bounds

    @property
    def attribution(self) -> str:
        """What must stand on the map."""
        return self.about.attribution

    @property
    def tiles_path(self) -> Path:
        """The PMTiles archive of the basemap."""
        return self.folder / TILES_FILE

    @cached_property
    def network(self) -> Network:
        """The street network."""
        return load_network(self.folder)

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """Addresses, streets, crossings and districts."""
        file = self.folder / NAMES_FILE
        if not file.is_file():
            raise BrokenCity(city=self.name, problem=f"{NAMES_FILE} is missing")
        return Gazetteer(file)

    @cached_property
    def basemap(self) -> Basemap:
        """The vector tiles."""
        return Basemap(self.tiles_path)

    @cached_property
    def _snapper(self) -> Snapper:
        return Snapper(self.network, self.title)

    def snap(
        self,
        places: Sequence[tuple[float, float]] | Floats,
        *,
        limit_m: float = SNAP_LIMIT_M,
        datum: str = "WGS-84",
    ) -> Points:
        """
        Return places, ``(lat, lon)`` in WGS-84 degrees, on their nearest streets.

        Raises
        ------
        OutsideCity
            A place is farther than `limit_m` metres from every street.
        """
        return self._snapper.snap(places, limit_m=limit_m, datum=datum)

    def travel(self, engine: str = DEFAULT_ENGINE, profile: Profile = TYPICAL) -> TravelTimes:
        """
        Return new travel times of this city, without closures; keep what you got.

        Parameters
        ----------
        engine
            A row of `ENGINES`.
        profile
            How slow each hour is.

        Raises
        ------
        UnknownEngine
            There is no engine of this name in `ENGINES`.
        """
        if engine not in ENGINES:
            raise UnknownEngine(engine=engine, known=", ".join(ENGINES))
        return TravelTimes(self.network, ENGINES[engine](self.network, self.folder), profile)

    def address_of(self, lat: float, lon: float) -> Address:
        """Return what stands at a point, by words."""
        return self.gazetteer.reverse(lat, lon)


def data_folder() -> Path:
    """Return where imported cities are kept: ``$DISPATCHER_DATA``, else ``var`` like all data."""
    return Path(os.environ.get("DISPATCHER_DATA") or "var")


def check_name(name: str) -> str:
    """Return `name` if a city may be called so, else raise `BadField`."""
    if not NAME_RULE.fullmatch(name):
        rule = "small letters, digits, - and _, at most 41, such as porto or new-york"
        raise BadField(field="name", value=name, rule=rule)
    return name


def city_folder(name: str, data: Path | None = None) -> Path:
    """Return where an imported city of this name lies or would lie."""
    return (data or data_folder()) / "cities" / check_name(name)


def read_about(folder: Path) -> About:
    """Return what ``city.json`` in `folder` says; raise `BrokenCity` if it cannot be read."""
    try:
        about = msgspec.json.decode((folder / ABOUT_FILE).read_bytes(), type=About)
    except (OSError, msgspec.MsgspecError) as error:
        raise BrokenCity(city=folder.name, problem=str(error)) from error
    if about.layout != LAYOUT:
        problem = f"its layout is {about.layout}, this version reads {LAYOUT}"
        raise BrokenCity(city=folder.name, problem=problem)
    return about


def open_city(name: str, data: Path | None = None) -> City:
    """
    Return a city by name; an imported one hides a shipped one of the same name.

    Parameters
    ----------
    name
        Such as ``reykjavik``.
    data
        A data directory to look in first; then come `data_folder` and the package.

    Raises
    ------
    UnknownCity
        There is no city of this name.
    BrokenCity
        Its folder is incomplete.
    """
    if NAME_RULE.fullmatch(name):
        for root in _roots(data):
            if (root / name).is_dir():
                return City(root / name)
    raise UnknownCity(city=name)


def _roots(data: Path | None) -> list[Path]:
    """Return the folders that hold cities, first found first served."""
    own = [data / "cities"] if data else []
    return [*own, data_folder() / "cities", SHIPPED]


def list_cities(data: Path | None = None) -> list[About]:
    """Return all cities by name, imported and shipped; unreadable folders are left out."""
    found: dict[str, About] = {}
    for root in reversed(_roots(data)):
        for folder in sorted(root.iterdir()) if root.is_dir() else []:
            if NAME_RULE.fullmatch(folder.name) and (folder / ABOUT_FILE).is_file():
                try:
                    found[folder.name] = read_about(folder)
                except BrokenCity:
                    continue
    return [found[name] for name in sorted(found)]
