"""
Takes the pictures' layers from an extract: roads and paths, water, green, buildings, rails, sea.

GDAL reads them; what an extract does not have is an empty layer. Must not write tiles.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.ops import polygonize

from dispatcher.errors import NotStreetData
from dispatcher.geo.basemap import MARGIN_DEG
from dispatcher.geo.importer.extract import Box
from dispatcher.geo.speeds import CLASSES

MAIN_ROADS: Final = tuple(
    name for name in CLASSES if name.startswith(("motorway", "trunk", "primary"))
)
_OTHER_ROADS: Final = (
    *(name for name in CLASSES if name not in MAIN_ROADS),
    *("service", "pedestrian", "road"),
)
_PATHS: Final = ("footway", "path", "cycleway", "track", "steps", "bridleway")
_RAILS: Final = ("rail", "light_rail", "subway", "tram", "narrow_gauge", "monorail")
_GREEN: Final = {
    "landuse": ("grass", "forest", "cemetery", "allotments", "meadow", "recreation_ground"),
    "leisure": ("park", "golf_course", "garden", "pitch", "nature_reserve", "common"),
    "natural": ("wood",),
}
_CRS = "EPSG:4326"
# areas smaller than this are not drawn, square metres
_MIN_GREEN_M2, _MIN_BUILDING_M2 = 1500.0, 30.0


def read_layers(file: Path, box: Box) -> dict[str, gpd.GeoDataFrame]:
    """
    Return the layers of the basemap by name, clipped to `box` (west, south, east, north).

    Water and main roads reach `MARGIN_DEG` farther. Layers are ``water``, ``green``, ``buildings``, ``waterways``, ``rails``, ``paths`` and
    ``roads``; ``roads`` and ``paths`` have the columns ``class`` and ``name``.
    """
    far = widened(box)
    far_lines, far_areas = _read(file, "lines", far), _read(file, "multipolygons", far)
    water = far_areas[
        (far_areas["natural"] == "water") | _tagged(far_areas, "waterway", "riverbank")
    ]
    sea = _sea(far_lines, shapely.box(*far)) or _sea(far_lines, shapely.box(*box))
    main = _lines(_clipped(far_lines, far), "highway", MAIN_ROADS)
    lines, areas = _clipped(far_lines, box), _clipped(far_areas, box)
    metres = areas.geometry.to_crs(areas.estimate_utm_crs()).area if len(areas) else 0.0
    green = np.logical_or.reduce([areas[key].isin(values) for key, values in _GREEN.items()])
    return {
        "water": _polygons(gpd.GeoSeries([*sea, *_clipped(water, far).geometry], crs=_CRS)),
        "green": _polygons(areas.geometry[green & (metres >= _MIN_GREEN_M2)]),
        "buildings": _polygons(
            areas.geometry[areas["building"].notna() & (metres >= _MIN_BUILDING_M2)]
        ),
        "waterways": _lines(lines, "waterway", ("river", "stream", "canal")),
        "rails": _lines(lines, "railway", _RAILS),
        "paths": _lines(lines, "highway", _PATHS),
        "roads": pd.concat([_lines(lines, "highway", _OTHER_ROADS), main], ignore_index=True),
    }


def widened(box: Box) -> Box:
    """Return the box that the map's far layers fill."""
    west, south, east, north = box
    return west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG


def _clipped(frame: gpd.GeoDataFrame, box: Box) -> gpd.GeoDataFrame:
    shapes = shapely.make_valid(frame.geometry.array)
    return frame.assign(geometry=shapely.intersection(shapes, shapely.box(*box)))


def _read(file: Path, layer: str, box: Box) -> gpd.GeoDataFrame:
    try:
        with warnings.catch_warnings():
            # GDAL mends unclosed rings of clipped areas and says so
            warnings.simplefilter("ignore", RuntimeWarning)
            return gpd.read_file(file, layer=layer, bbox=box, engine="pyogrio")
    except Exception as error:  # pyogrio's errors share no base class
        raise NotStreetData(file=file.name, problem=str(error).rstrip(".")) from error


def _tagged(frame: gpd.GeoDataFrame, key: str, value: str) -> pd.Series:
    """Find a tag among those that GDAL keeps as one text."""
    tags: pd.Series[str] = frame["other_tags"].fillna("")
    return tags.str.contains(f'"{key}"=>"{value}"', regex=False)


def _polygons(shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    parts = shapes.explode(ignore_index=True)
    parts = parts[parts.geom_type == "Polygon"]
    return gpd.GeoDataFrame({"class": [""] * len(parts)}, geometry=parts.to_numpy(), crs=_CRS)


def _lines(lines: gpd.GeoDataFrame, key: str, classes: tuple[str, ...]) -> gpd.GeoDataFrame:
    chosen = lines[lines[key].isin(classes) & ~lines.geometry.is_empty]
    return gpd.GeoDataFrame(
        {
            "class": chosen[key].str.removesuffix("_link").to_numpy(),
            "name": chosen["name"].fillna("").to_numpy(),
            "osmid": chosen["osm_id"].astype("int64").to_numpy(),
        },
        geometry=chosen.geometry.to_numpy(),
        crs=_CRS,
    ).sort_values("osmid", ignore_index=True)


def _sea(lines: gpd.GeoDataFrame, frame: shapely.Polygon) -> list[shapely.Polygon]:
    """
    Return the parts of the frame that are sea: those to the right of a coastline.

    OpenStreetMap draws coastlines with the land on the left; a part of the frame that no coastline
    borders stays land.
    """
    coast = lines.geometry[_tagged(lines, "natural", "coastline")].intersection(frame)
    pieces = [p for p in coast.explode(ignore_index=True) if p.geom_type == "LineString"]
    if not pieces:
        return []
    net = shapely.unary_union([*pieces, frame.exterior])
    tree = shapely.STRtree(pieces)
    sea = []
    for part in polygonize(net):
        ring = shapely.orient_polygons(part)
        touching = tree.query(ring, predicate="intersects")
        votes = sum(_is_right(pieces[i], ring) for i in touching)
        if votes > 0:
            sea.append(part)
    return sea


def _is_right(coast: shapely.LineString, part: shapely.Polygon) -> float:
    """Return metres-like weight of `coast` with `part` on its right, negative when on its left."""
    shared = shapely.intersection(coast, part.boundary)
    if shared.length == 0:
        return 0.0
    a, b = coast.coords[0], coast.coords[1]
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    step = 1e-7 / max(np.hypot(b[0] - a[0], b[1] - a[1]), 1e-12)
    right = shapely.Point(middle[0] + (b[1] - a[1]) * step, middle[1] - (b[0] - a[0]) * step)
    return float(shared.length if part.covers(right) else -shared.length)
