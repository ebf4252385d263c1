"""An extract becomes a whole city or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import osmium
import pytest
from osmium.osm import mutable

from dispatcher.errors import BadField, BrokenCity, NoRoads, NotStreetData, UnknownCity
from dispatcher.geo.city import City, list_cities, open_city
from dispatcher.geo.importer.build import STEPS, Order, import_city
from dispatcher.geo.importer.extract import read_extract
from dispatcher.geo.importer.streets import build_streets

# a town of 3 x 3 crossings near Lisbon, 0.002 degrees apart: node 1 is the south-west corner
SOUTH, WEST, STEP = 38.70, -9.20, 0.002
# a way: id, tags, nodes
Way = tuple[int, dict[str, str], list[int]]


def grid_ways() -> list[Way]:
    """Three streets eastward (1-3, 4-6, 7-9) and three northward; the middle one is one-way."""
    streets: list[Way] = [
        (
            100 + i,
            {"highway": "residential", "name": f"Rua {'ABC'[i]}"},
            [3 * i + k for k in (1, 2, 3)],
        )
        for i in range(3)
    ]
    streets += [
        (200 + i, {"highway": "tertiary", "name": f"Avenida {i + 1}"}, [i + k for k in (1, 4, 7)])
        for i in range(3)
    ]
    streets[4][1].update({"oneway": "yes", "maxspeed": "60"})
    return streets


def write_extract(
    file: Path, ways: Sequence[Way], tags: dict[int, dict[str, str]] | None = None
) -> Path:
    """Write the town's nodes, with `tags` by node, and these ways."""
    with osmium.SimpleWriter(str(file), overwrite=True) as writer:
        for node in range(1, 10):
            row, column = divmod(node - 1, 3)
            place = (WEST + column * STEP, SOUTH + row * STEP)
            writer.add_node(
                mutable.Node(id=node, location=place, tags=(tags or {}).get(node, {}), version=1)
            )
        for id_, way_tags, nodes in ways:
            writer.add_way(mutable.Way(id=id_, tags=way_tags, nodes=nodes, version=1))
    return file


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> City:
    """The town, imported with a signal, an address and a district."""
    folder = tmp_path_factory.mktemp("town")
    tags = {
        5: {"highway": "traffic_signals"},
        1: {"addr:housenumber": "7", "addr:street": "Rua A", "addr:postcode": "1000"},
        9: {"place": "suburb", "name": "Alto"},
    }
    file = write_extract(folder / "town.osm.pbf", grid_ways(), tags)
    seen: list[tuple[str, float]] = []
    order = Order(file=file, name="town", zone="Europe/Lisbon")
    import_city(order, folder / "cities" / "town", lambda step, left_s: seen.append((step, left_s)))
    assert [step for step, _ in seen] == list(STEPS)
    assert all(left_s > 0 for _, left_s in seen)
    return open_city("town", folder)


def test_town_has_what_the_extract_has(town: City) -> None:
    """Counts, names and shares are those of the hand-written town."""
    found = town.about.found
    # corners stay junctions because another name begins there
    assert (found.num_nodes, found.num_edges) == (9, 12)
    # two of twelve streets, those of Avenida 2
    assert (found.oneway_share, found.limit_share) == (0.1667, 0.1667)
    assert found.num_signals == 1
    assert found.num_streets == 6
    assert found.num_addresses == 1
    assert found.num_components_dropped == 0
    assert town.zone == "Europe/Lisbon"
    assert town.attribution == "© OpenStreetMap contributors"
    assert town.about.source.file == "town.osm.pbf"


def test_drive_time_in_the_town(town: City) -> None:
    """Avenue 2 northward: its limit, one signal, and no way back on it."""
    north, south = town.network.point_lat.max(), town.network.point_lat.min()
    assert (south, north) == (pytest.approx(SOUTH), pytest.approx(SOUTH + 2 * STEP))
    middle = WEST + STEP
    a, b = (town.snap([(lat, middle)]) for lat in (SOUTH + 0.3 * STEP, SOUTH + 1.7 * STEP))
    travel = town.travel()
    there = travel.path(a, b, at_hour=3)
    # 1.4 steps of 222.4 m at 60 km/h x 0.85, at night 0.95 of it by 70 %; 8 s at the signal
    drive = 1.4 * STEP * 111_195 / (60 * 0.85 / 3.6) * (1 - 0.05 * 0.7)
    assert there.duration_s == pytest.approx(drive + 8, abs=1)
    assert {town.network.name[e] for e in there.edges} == {"Avenida 2"}
    back = travel.path(b, a, at_hour=3)
    assert back.duration_s > 2 * there.duration_s
    assert len({town.network.name[e] for e in back.edges}) > 1


def test_small_streets_give_way(town: City) -> None:
    """A residential street pays where it meets an avenue; the avenue does not; a signal rules."""
    network = town.network
    delays = {
        name: sorted(network.delay_cs[:, network.name == name].ravel().tolist())
        for name in ("Rua B", "Avenida 1", "Avenida 2")
    }
    # both ways of both streets of Rua B: 8 s into the signal in the middle, 4 s into an avenue
    assert delays["Rua B"] == [400, 400, 800, 800]
    assert set(delays["Avenida 1"]) == {0}
    # along into the signal; against does not exist, but the junction is the same
    assert delays["Avenida 2"].count(800) == 2


def test_names_of_the_town(town: City) -> None:
    """The gazetteer knows streets, crossings, the house and the district."""
    assert town.gazetteer.search("rua a 7")[0].label == "Rua A 7, 1000"
    assert town.gazetteer.search("avenida 1 rua b")[0].kind == "crossing"
    assert town.gazetteer.search("alto")[0].kind == "district"
    assert town.gazetteer.reverse(SOUTH + STEP, WEST + 0.5 * STEP).street == "Rua B"


def test_bridge_is_found_like_a_crossing(tmp_path: Path) -> None:
    """Streets that pass over each other without meeting still name a place."""
    places = ((1, 0.0, 0.0), (2, 0.004, 0.0), (3, 0.002, -0.002), (4, 0.002, 0.002))
    with osmium.SimpleWriter(str(tmp_path / "b.osm.pbf")) as writer:
        for id_, lon, lat in places:
            writer.add_node(mutable.Node(id=id_, location=(lon, lat), version=1))
        for way, name, nodes in (
            (1, "深南大道", [1, 2]),
            (2, "彩田路", [3, 4]),
            (3, "", [1, 3, 2, 4, 1]),
        ):
            tags = {"highway": "primary", "name": name} if name else {"highway": "primary"}
            writer.add_way(mutable.Way(id=way, tags=tags, nodes=nodes, version=1))
    order = Order(file=tmp_path / "b.osm.pbf", name="bridge")
    import_city(order, tmp_path / "cities" / "bridge")
    found = open_city("bridge", tmp_path).gazetteer.search("深南大道与彩田路")[0]
    assert (found.label, found.kind) == ("彩田路与深南大道路口", "crossing")
    assert (found.lat, found.lon) == (pytest.approx(0.0, abs=1e-6), pytest.approx(0.002, abs=1e-6))


def test_map_of_the_town(town: City) -> None:
    """Its tiles exist where it lies and nowhere else."""
    x = int((WEST + STEP + 180) / 360 * 2**14)
    phi = np.radians(SOUTH + STEP)
    y = int((1 - np.log(np.tan(phi) + 1 / np.cos(phi)) / np.pi) / 2 * 2**14)
    tile = town.basemap.tile(14, x, y)
    assert tile is not None
    assert tile[:2] == b"\x1f\x8b"
    assert town.basemap.tile(14, 0, 0) is None
    assert town.basemap.tile(99, 0, 0) is None
    assert town.basemap.tile(14, -1, 0) is None


def test_same_extract_gives_the_same_bytes(town: City, tmp_path: Path) -> None:
    """An import is repeatable to the byte."""
    file = town.folder.parent.parent / "town.osm.pbf"
    import_city(Order(file=file, name="town", zone="Europe/Lisbon"), tmp_path / "again")
    for part in sorted(town.folder.iterdir()):
        assert part.read_bytes() == (tmp_path / "again" / part.name).read_bytes(), part.name


def test_ways_with_missing_nodes_are_cut_and_counted(tmp_path: Path) -> None:
    """The known runs of a way stay, the rest is counted."""
    ways = [
        *grid_ways(),
        (300, {"highway": "residential"}, [1, 5, 777, 778, 9, 6]),
        (301, {"highway": "residential"}, [777, 778]),
    ]
    extract = read_extract(write_extract(tmp_path / "cut.osm.pbf", ways))
    assert extract.num_ways_cut == 2
    assert extract.num_nodes_missing == 4
    runs = [way.nodes for way in extract.ways if way.id % 10**12 == 300]
    assert runs == [[1, 5], [9, 6]]


def test_box_cuts_what_lies_outside(tmp_path: Path) -> None:
    """Only the western two columns remain."""
    file = write_extract(tmp_path / "town.osm.pbf", grid_ways())
    box = (WEST - 0.001, SOUTH - 0.001, WEST + 1.5 * STEP, SOUTH + 1)
    extract = read_extract(file, box)
    assert max(lon for _, lon in extract.location_by_node.values()) == pytest.approx(WEST + STEP)
    assert len(extract.ways) == 5


def test_cars_do_not_use_footpaths_and_private_roads(tmp_path: Path) -> None:
    """Only what a service car may use is a street."""
    ways: list[Way] = [
        (1, {"highway": "footway"}, [1, 2]),
        (2, {"highway": "residential", "access": "private"}, [2, 3]),
        (3, {"highway": "residential", "motor_vehicle": "no"}, [4, 5]),
        (4, {"highway": "residential", "area": "yes"}, [5, 6]),
        (5, {"highway": "motorway"}, [7, 8]),
    ]
    extract = read_extract(write_extract(tmp_path / "x.osm.pbf", ways))
    assert [way.id for way in extract.ways] == [5]
    assert extract.ways[0].tags["oneway"] == "yes"
    assert extract.num_ways_read == 5


@pytest.mark.parametrize(
    ("tag", "along", "against"), [("forward", 1, 0), ("backward", 0, 1), ("", 1, 0)]
)
def test_signal_on_the_way_counts_in_its_direction(
    tmp_path: Path, tag: str, along: int, against: int
) -> None:
    """A tagged signal counts where it faces, an untagged one towards the nearer junction."""
    signal = {"highway": "traffic_signals", **({"traffic_signals:direction": tag} if tag else {})}
    # node 50 lies on the street 1-2, near junction 2
    with osmium.SimpleWriter(str(tmp_path / "s.osm.pbf")) as writer:
        for id_, lon, tags in ((1, 0.0, {}), (2, 0.002, {}), (50, 0.0018, signal), (3, -0.001, {})):
            writer.add_node(mutable.Node(id=id_, location=(lon, 10.0), tags=tags, version=1))
        writer.add_node(mutable.Node(id=4, location=(0.0, 10.001), version=1))
        writer.add_node(mutable.Node(id=5, location=(0.002, 10.001), version=1))
        for way, nodes in ((9, [1, 50, 2]), (10, [3, 1, 4]), (11, [2, 5]), (12, [4, 5])):
            tags = {"highway": "residential", "name": str(way)}
            writer.add_way(mutable.Way(id=way, tags=tags, nodes=nodes, version=1))
    edges = build_streets(read_extract(tmp_path / "s.osm.pbf")).edges
    street = edges[edges["name"] == "9"].iloc[0]
    counted = street["signals_along"], street["signals_against"]
    # node 1 is junction 0
    assert counted == ((along, against) if street["u"] == 0 else (against, along))


def test_two_signals_of_one_junction_are_one_stop(tmp_path: Path) -> None:
    """Crossing a dual carriageway meets two signals 22 m apart, and waits once."""
    signal = {"highway": "traffic_signals"}
    places = ((1, 0.0, {}), (2, 0.002, signal), (3, 0.0022, signal), (4, 0.004, {}))
    with osmium.SimpleWriter(str(tmp_path / "d.osm.pbf")) as writer:
        for id_, lon, tags in places:
            writer.add_node(mutable.Node(id=id_, location=(lon, 0.0), tags=tags, version=1))
        writer.add_way(
            mutable.Way(
                id=9, tags={"highway": "primary", "oneway": "yes"}, nodes=[1, 2, 3, 4], version=1
            )
        )
        writer.add_way(mutable.Way(id=10, tags={"highway": "primary"}, nodes=[4, 1], version=1))
    edges = build_streets(read_extract(tmp_path / "d.osm.pbf")).edges
    assert edges[edges["oneway"]]["signals_along"].tolist() == [1]


@pytest.mark.parametrize(
    "content", [b"", b"this is no map", b"\x00\x00\x00\x0d\x0a\x09OSMHeader" + b"\xff" * 99]
)
def test_file_that_is_no_extract_is_refused(tmp_path: Path, content: bytes) -> None:
    """The message names the file; nothing is left behind."""
    file = tmp_path / "bad.osm.pbf"
    file.write_bytes(content)
    target = tmp_path / "cities" / "bad"
    with pytest.raises((NotStreetData, NoRoads), match="bad"):
        import_city(Order(file=file, name="bad"), target)
    assert not list(target.parent.iterdir())


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """So is a file that is not there."""
    with pytest.raises(NotStreetData, match="no such file"):
        import_city(Order(file=tmp_path / "none.osm.pbf", name="x"), tmp_path / "cities" / "x")


def test_extract_without_roads_is_refused(tmp_path: Path) -> None:
    """A map of footpaths is no city for cars."""
    file = write_extract(tmp_path / "park.osm.pbf", [(1, {"highway": "footway"}, [1, 2])])
    with pytest.raises(NoRoads, match="1 ways read"):
        import_city(Order(file=file, name="park"), tmp_path / "cities" / "park")
    lonely = write_extract(tmp_path / "lonely.osm.pbf", [(1, {"highway": "motorway"}, [1, 2])])
    with pytest.raises(NoRoads):
        import_city(Order(file=lonely, name="lonely"), tmp_path / "cities" / "lonely")
    assert not list((tmp_path / "cities").iterdir())


@pytest.mark.parametrize("name", ["", "../x", "New York", "a/b", "x" * 60])
def test_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    """Names are small letters, digits, - and _."""
    with pytest.raises(BadField):
        import_city(Order(file=tmp_path / "none", name=name), tmp_path / "cities" / "x")
    with pytest.raises(UnknownCity):
        open_city(name, tmp_path)


def test_wrong_box_or_zone_is_refused(tmp_path: Path) -> None:
    """Before anything is read."""
    order = Order(file=tmp_path / "none", name="x", box=(2.0, 0.0, 1.0, 1.0))
    with pytest.raises(BadField, match="box"):
        import_city(order, tmp_path / "x")
    with pytest.raises(BadField, match="zone"):
        import_city(Order(file=tmp_path / "none", name="x", zone="Mars/Base"), tmp_path / "x")


def test_import_replaces_an_older_city(town: City, tmp_path: Path) -> None:
    """A second import of the same name takes its place whole."""
    file = town.folder.parent.parent / "town.osm.pbf"
    target = tmp_path / "cities" / "town"
    target.mkdir(parents=True)
    (target / "old").write_text("old")
    import_city(Order(file=file, name="town"), target)
    assert not (target / "old").exists()
    assert [path.name for path in target.parent.iterdir()] == ["town"]
    assert {about.name for about in list_cities(tmp_path)} >= {"town", "reykjavik"}


def test_damaged_city_is_named(town: City, tmp_path: Path) -> None:
    """A part that is missing or foreign is reported, not a trace."""
    folder = tmp_path / "cities" / "town"
    folder.mkdir(parents=True)
    with pytest.raises(BrokenCity):
        open_city("town", tmp_path)
    for part in town.folder.iterdir():
        (folder / part.name).write_bytes(part.read_bytes())
    (folder / "edges.parquet").write_bytes(b"junk")
    with pytest.raises(BrokenCity):
        _ = open_city("town", tmp_path).network
    (folder / "edges.parquet").write_bytes((town.folder / "edges.parquet").read_bytes())
    np.savez_compressed(folder / "hierarchy.npz", order=np.arange(3))
    with pytest.raises(BrokenCity, match="does not fit"):
        open_city("town", tmp_path).travel()
    (folder / "gazetteer.sqlite").unlink()
    with pytest.raises(BrokenCity):
        _ = open_city("town", tmp_path).gazetteer
