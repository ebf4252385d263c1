"""
Travel times on one city, beside scipy, networkx and routingkit-cch in the same run.

    python benchmarks/travel_times.py [FILE.osm.pbf] [--out artefacts/travel_times.json]

Without a file it takes ``porto.osm.pbf`` from ``$DISPATCHER_SHARED/data`` or ``../shared/data``
(Porto: 51,000 junctions). Everything runs on one thread; figures are medians of wall and of CPU
seconds, and on a machine that does other work only the latter say much. All engines get the same
junctions and integer weights, and their matrices must be equal.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatcher.geo.city import City, open_city
from dispatcher.geo.hierarchy import Ends, load_hierarchy
from dispatcher.geo.network import INF, Ints, Network
from dispatcher.geo.snap import Points
from dispatcher.geo.travel import TravelTimes

CHECKOUT = Path(__file__).parent.parent
OURS, CALLED = "dispatcher", "dispatcher, as called"
# what has a target, in seconds
TARGETS_S = {
    "matrix 1000 x 1000": 0.2,
    "row + column, 2000 places, p95": 0.002,
    "changed network ready": 0.05,
    "process start to first row": 1.5,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    engine: str
    wall_s: float
    cpu_s: float
    note: str = ""


class Table:
    """The figures as they come."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def add(
        self,
        what: str,
        engine: str,
        work: Callable[[], object],
        times: int,
        *,
        share: float = 50,
        factor: float = 1,
        note: str = "",
    ) -> None:
        """Time some work; the figure is the percentile `share`, times `factor`."""
        wall, cpu = [], []
        for _ in range(times):
            begin, begin_cpu = time.perf_counter(), _cpu_s()
            work()
            wall.append(time.perf_counter() - begin)
            cpu.append(_cpu_s() - begin_cpu)
        at = [float(np.percentile(seconds, share)) * factor for seconds in (wall, cpu)]
        self.figures.append(Figure(what, engine, *at, note))

    def show(self) -> None:
        """Print the table; the fastest engine of each line is 1."""
        first: dict[str, float] = {}
        print(f"{'what':33}{'engine':23}{'wall ms':>11}{'CPU ms':>11}{'times':>8}  note")
        for f in sorted(self.figures, key=lambda f: (f.what, f.cpu_s)):
            ratio = f.cpu_s / first.setdefault(f.what, f.cpu_s)
            target = TARGETS_S.get(f.what) if f.engine.startswith(OURS) else None
            note = f.note
            if target is not None:
                met = "met" if f.wall_s <= target else "missed by the wall clock"
                met = met if f.cpu_s <= target else "MISSED"
                note = f"{note} target {target * 1e3:g} ms {met}".strip()
            ms = f"{f.wall_s * 1e3:11.2f}{f.cpu_s * 1e3:11.2f}{ratio:8.1f}"
            print(f"{f.what:33}{f.engine:23}{ms}  {note}")


def _cpu_s() -> float:
    """Return CPU seconds of this process and of the children it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def find_city(file: Path | None) -> City:
    """Return the city of an extract, importing it once into ``var/bench``."""
    if file is None:
        shared = Path(os.environ.get("DISPATCHER_SHARED", CHECKOUT.parent / "shared"))
        file = shared / "data" / "porto.osm.pbf"
    if not file.is_file():
        sys.exit(f"{file} is missing: give an .osm.pbf, or set DISPATCHER_SHARED")
    from dispatcher.geo.importer.build import Order, import_city

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    name, data = f"{file.name.split('.')[0]}-{digest[:8]}".lower(), CHECKOUT / "var" / "bench"
    if not (data / "cities" / name).is_dir():
        print(f"importing {file.name} ...", flush=True)
        import_city(Order(file=file, name=name), data / "cities" / name)
    return open_city(name, data)


def at_junctions(*junctions: int) -> Ends:
    """Return ends that lie on junctions, as the peers have them."""
    nodes = np.array(junctions, dtype=np.int32)
    costs = np.column_stack([np.zeros_like(nodes), np.full_like(nodes, INF)])
    return Ends(np.column_stack([nodes, nodes]), costs)


class Ours:
    """The hierarchy, between junctions."""

    name = OURS

    def __init__(self, city: City, along: Ints, against: Ints) -> None:
        self.engine = load_hierarchy(city.network, city.folder)
        self.weights = along, against
        self.metric = self.engine.customize(along, against)

    def matrix(self, a: Ints, b: Ints) -> Ints:
        """Return all times."""
        return self.metric.many(at_junctions(*a), at_junctions(*b))

    def row_column(self, a: int, many: Ends) -> None:
        """Find one row and one column."""
        one = at_junctions(a)
        self.metric.row_column(one, one, many, many)

    def change(self) -> None:
        """Take new weights."""
        self.metric = self.engine.customize(*self.weights)

    def path(self, a: int, b: int) -> None:
        """Find one way with its streets."""
        self.metric.path(at_junctions(a), at_junctions(b))


class RoutingKit:
    """The compiled peer: RoutingKit's customizable contraction hierarchy."""

    name = "routingkit-cch"

    def __init__(self, network: Network, tail: Ints, head: Ints, weight: Ints) -> None:
        import routingkit_cch as kit

        self.kit, self.weight = kit, weight.tolist()
        lat, lon = network.node_lat.tolist(), network.node_lon.tolist()
        arcs = tail.tolist(), head.tolist()
        order = kit.compute_order_inertial(network.num_nodes, *arcs, lat, lon)
        self.metric = kit.CCHMetric(kit.CCH(order, *arcs, False), self.weight)

    def matrix(self, a: Ints, b: Ints) -> Ints:
        """Return all times."""
        to = self.kit.CCHOneToMany(self.metric, b.tolist())
        rows = [to.distances_from(source) for source in a.tolist()]
        return np.array([[INF if t is None else t for t in row] for row in rows], dtype=np.int32)

    def row_column(self, a: int, many: list[int]) -> None:
        """Find one row and one column."""
        self.kit.CCHOneToMany(self.metric, many).distances_from(a)
        self.kit.CCHManyToOne(self.metric, many).distances_to(a)

    def change(self) -> None:
        """Take new weights."""
        self.metric.reset(self.weight)

    def path(self, a: int, b: int) -> None:
        """Find one way with its streets."""
        _ = self.kit.CCHQuery(self.metric).run(a, b).arc_path


class Scipy:
    """scipy's compiled Dijkstra."""

    name = "scipy"

    def __init__(self, num_nodes: int, tail: Ints, head: Ints, weight: Ints) -> None:
        shape = num_nodes, num_nodes
        self.graph = csr_array((weight.astype(np.float64), (tail, head)), shape=shape)
        self.back = self.graph.T.tocsr()

    def matrix(self, a: Ints, b: Ints) -> Ints:
        """Return all times."""
        parts = [dijkstra(self.graph, indices=a[i : i + 50])[:, b] for i in range(0, len(a), 50)]
        return np.minimum(np.concatenate(parts), INF).astype(np.int32)

    def row_column(self, a: int, many: Ints) -> None:
        """Find one row and one column."""
        _ = dijkstra(self.graph, indices=a)[many], dijkstra(self.back, indices=a)[many]

    def path(self, a: int, _b: int) -> None:
        """Find one way with its streets."""
        dijkstra(self.graph, indices=a, return_predecessors=True)


def single_arcs(network: Network, along: Ints, against: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the lightest arc between each pair of junctions."""
    tail = np.concatenate([network.tail, network.head])
    head = np.concatenate([network.head, network.tail])
    weight = np.concatenate([along, against])
    kept = np.flatnonzero((weight < INF) & (tail != head))
    kept = kept[np.lexsort((weight[kept], head[kept], tail[kept]))]
    first = np.ones(len(kept), dtype=bool)
    first[1:] = (np.diff(tail[kept]) != 0) | (np.diff(head[kept]) != 0)
    kept = kept[first]
    return tail[kept], head[kept], weight[kept]


def compare(table: Table, city: City, rng: np.random.Generator) -> None:
    """Time all engines on the same junctions and weights."""
    network = city.network
    along, against = network.times(1.45)
    arcs = single_arcs(network, along, against)
    ours, kit = Ours(city, along, against), RoutingKit(network, *arcs)
    plain = Scipy(network.num_nodes, *arcs)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(zip(*(column.tolist() for column in arcs), strict=True))
    what = "prepare"
    table.add(what, OURS, partial(Ours, city, along, against), 3, note="order is stored")
    table.add(what, kit.name, partial(RoutingKit, network, *arcs), 1, note="with order")
    for size, times in ((1000, 5), (2000, 3)):
        a, b = (rng.integers(0, network.num_nodes, size).astype(np.int32) for _ in range(2))
        compare_matrices(table, [ours, kit], plain, graph, (a, b), times)
    many = rng.integers(0, network.num_nodes, 2000).astype(np.int32)
    a = int(many[0])
    what = "row + column, 2000 junctions"
    table.add(what, ours.name, partial(ours.row_column, a, at_junctions(*many)), 50)
    table.add(what, kit.name, partial(kit.row_column, a, many.tolist()), 20)
    table.add(what, plain.name, partial(plain.row_column, a, many), 20)
    table.add("new weights", ours.name, ours.change, 10)
    table.add("new weights", kit.name, kit.change, 10)
    pairs = iter(rng.integers(0, network.num_nodes, (5000, 2)).tolist())
    for engine, times in ((ours, 500), (kit, 500), (plain, 20)):
        table.add("way, streets only", engine.name, partial(next_path, engine, pairs), times)


def next_path(engine: Any, pairs: Iterator[list[int]]) -> None:
    """Find the way of the next pair."""
    engine.path(*next(pairs))


def compare_matrices(
    table: Table,
    engines: list[Any],
    plain: Scipy,
    graph: nx.DiGraph,
    ends: tuple[Ints, Ints],
    times: int,
) -> None:
    """Time one size; the slow engines from fewer sources, as said. Stop if any two disagree."""
    a, b = ends
    what = f"matrix {len(a)} x {len(b)}"
    for engine in engines:
        table.add(what, engine.name, partial(engine.matrix, a, b), times)
    few = partial(plain.matrix, a[:100], b)
    table.add(what, plain.name, few, 1, factor=len(a) / 100, note="from 100 sources")
    one = partial(nx.single_source_dijkstra_path_length, graph, int(a[0]))
    table.add(what, "networkx", one, 3, factor=len(a), note="from 1 source")
    for engine in engines:
        if not np.array_equal(engine.matrix(a, b)[:100], few()):
            sys.exit(f"{engine.name} and scipy disagree")


def as_called(table: Table, city: City, rng: np.random.Generator) -> None:
    """Time the public calls: places on streets, seconds, geometry."""
    network, travel = city.network, city.travel()
    spot = rng.integers(0, len(network.point_lat), 3000)
    lat_lon = np.column_stack([network.point_lat[spot], network.point_lon[spot]])
    places, news = city.snap(lat_lon[:2000]), city.snap(lat_lon[2000:])
    a, b, at = places[:1000], places[1000:], {"at_hour": 8.0}
    travel.matrix(places, places, **at)
    table.add("matrix 1000 x 1000", CALLED, lambda: travel.matrix(a, b, **at), 7)
    table.add("matrix 2000 x 2000", CALLED, lambda: travel.matrix(places, places, **at), 5)
    numbers = iter(range(len(news)))
    travel.row_column(news[0], places, **at)
    for share, label in ((50, ""), (95, ", p95")):
        what = f"row + column, 2000 places{label}"
        row_column = partial(next_row, travel, news, places, numbers)
        table.add(what, CALLED, row_column, 400, share=share)
    table.add("snap 2000 places", CALLED, lambda: city.snap(lat_lon[:2000]), 5)
    change = partial(close_some, travel, places, rng)
    table.add("changed network ready", CALLED, change, 10, note="100 closures, first time;")
    travel.set_closures([])
    pairs = iter(rng.integers(0, 2000, (500, 2)).tolist())
    table.add("way with its line", CALLED, lambda: next_leg(travel, places, pairs), 500)


def next_row(travel: TravelTimes, news: Points, places: Points, numbers: Iterator[int]) -> None:
    """Find the row and column of the next new place."""
    travel.row_column(news[next(numbers)], places, at_hour=8)


def close_some(travel: TravelTimes, places: Points, rng: np.random.Generator) -> None:
    """Close 100 streets and ask for one time."""
    travel.set_closures(rng.choice(travel.network.num_edges, 100, replace=False))
    travel.matrix(places[0], places[1], at_hour=8)


def next_leg(travel: TravelTimes, places: Points, pairs: Iterator[list[int]]) -> None:
    """Draw the way of the next pair."""
    a, b = next(pairs)
    travel.path(places[a], places[b], at_hour=8)


def start(table: Table, city: City) -> None:
    """Time a fresh process up to its first row; compiled kernels are on disk."""
    code = (
        "import sys; from pathlib import Path; from dispatcher.geo.city import open_city;"
        "c = open_city(sys.argv[1], Path(sys.argv[2])); n = c.network;"
        "p = c.snap(list(zip(n.node_lat[:2000], n.node_lon[:2000])));"
        "c.travel().matrix(p[0], p, at_hour=8)"
    )
    command = [sys.executable, "-c", code, city.name, str(city.folder.parent.parent)]
    run = partial(subprocess.run, command, check=True)
    run()
    table.add("process start to first row", CALLED, run, 3)


def memory_mb(city: City) -> dict[str, float]:
    """Return the megabytes of the arrays that answer, by part."""
    engine = load_hierarchy(city.network, city.folder)
    parts = {
        "streets": city.network,
        "hierarchy": engine.topology,
        "weights of one hour": engine.customize(*city.network.times(1.45)),
    }
    sizes = {}
    for name, part in parts.items():
        fields = [getattr(part, field) for field in part.__dataclass_fields__]
        arrays = [field for field in fields if isinstance(field, np.ndarray)]
        sizes[name] = round(sum(array.nbytes for array in arrays) / 1e6, 1)
    return sizes


def main() -> None:
    """Run everything and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "artefacts" / "travel_times.json")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    city, table, rng = find_city(wanted.file), Table(), np.random.default_rng(wanted.seed)
    as_called(table, city, rng)
    compare(table, city, rng)
    start(table, city)
    memory, found = memory_mb(city), city.about.found
    table.show()
    print(
        f"{city.name}: {found.num_nodes} junctions, {found.num_edges} streets, "
        f"{found.num_shortcuts} shortcuts (order: {found.order_method}); "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; memory, MB: {memory}"
    )
    report = {
        "city": city.name,
        "found": msgspec.to_builtins(found),
        "machine": {
            "python": platform.python_version(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
        },
        "memory_mb": memory,
        "figures": [asdict(figure) for figure in table.figures],
    }
    wanted.out.parent.mkdir(parents=True, exist_ok=True)
    wanted.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
