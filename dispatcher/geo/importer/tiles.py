"""
Draws the basemap's layers into one PMTiles archive of vector tiles.

GDAL cuts each layer into tiles; a vector tile is a list of layers, so the tiles of one place are
joined by putting their bytes one after the other. Must not read extracts.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import geopandas as gpd
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from dispatcher.geo.basemap import MAX_ZOOM, MIN_ZOOM
from dispatcher.geo.importer.extract import Box


@dataclass(frozen=True, slots=True)
class _Share:
    """Which rows of a layer are drawn at which zooms."""

    layer: str
    min_zoom: int
    max_zoom: int
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ("class",)


_MAIN = ("motorway", "trunk", "primary")
_TOWN = (*_MAIN, "secondary", "tertiary")
_SMALL = (*_TOWN, "unclassified", "residential", "living_street", "road", "pedestrian")
_NAMED = ("class", "name")
# bottom to top; at one zoom a layer has one share, as a tile holds a layer once
_SHARES: Final = (
    _Share("water", 9, 14),
    _Share("green", 11, 14),
    _Share("waterways", 11, 14),
    _Share("buildings", 14, 14, columns=()),
    _Share("rails", 11, 14),
    _Share("paths", 14, 14),
    _Share("roads", 9, 10, _MAIN, _NAMED),
    _Share("roads", 11, 11, _TOWN, _NAMED),
    _Share("roads", 12, 13, _SMALL, _NAMED),
    _Share("roads", 14, 14, (*_SMALL, "service"), _NAMED),
    _Share("places", 9, 14, columns=_NAMED),
)


def write_tiles(
    layers: dict[str, gpd.GeoDataFrame], file: Path, box: Box, title: str, attribution: str
) -> int:
    """Write the layers as tiles of zoom 9 to 14 into `file` and return how many tiles it holds."""
    tiles: dict[int, bytes] = defaultdict(bytes)
    with TemporaryDirectory() as folder:
        for number, share in enumerate(_SHARES):
            rows = _rows(layers[share.layer], share)
            if len(rows):
                part = Path(folder) / f"{number}.pmtiles"
                _write_part(rows, share, part)
                with part.open("rb") as stream:
                    for zxy, data in all_tiles(Reader(MmapSource(stream)).get_bytes):
                        tiles[zxy_to_tileid(*zxy)] += gzip.decompress(data)
    _join(tiles, file, box, title, attribution)
    return len(tiles)


def _rows(layer: gpd.GeoDataFrame, share: _Share) -> gpd.GeoDataFrame:
    chosen = layer[layer["class"].isin(share.classes)] if share.classes else layer
    return chosen[[*share.columns, "geometry"]]


def _write_part(rows: gpd.GeoDataFrame, share: _Share, file: Path) -> None:
    rows.to_file(
        file,
        driver="PMTiles",
        layer=share.layer,
        engine="pyogrio",
        MINZOOM=share.min_zoom,
        MAXZOOM=share.max_zoom,
    )


def _join(tiles: dict[int, bytes], file: Path, box: Box, title: str, attribution: str) -> None:
    west, south, east, north = (round(degrees * 1e7) for degrees in box)
    header = {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_zoom": MIN_ZOOM,
        "max_zoom": MAX_ZOOM,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": 12,
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }
    names = dict.fromkeys(share.layer for share in _SHARES)
    metadata = {
        "name": title,
        "attribution": attribution,
        "vector_layers": [{"id": name, "fields": {}} for name in names],
    }
    with file.open("wb") as stream:
        writer = Writer(stream)
        for tile in sorted(tiles):
            # no time stamp, so that the same streets give the same bytes
            writer.write_tile(tile, gzip.compress(tiles[tile], compresslevel=9, mtime=0))
        writer.finalize(header, metadata)
