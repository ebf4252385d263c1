"""
Serves a city's vector tiles and says how to draw them.

Must not cut tiles; the import did.
"""

from __future__ import annotations

import mmap
import threading
from pathlib import Path
from typing import Final

from pmtiles.reader import Reader

from dispatcher.errors import BrokenCity

# layers of each tile, bottom to top, with their attributes
LAYERS: Final[dict[str, tuple[str, ...]]] = {
    "water": ("class",),
    "green": ("class",),
    "waterways": ("class",),
    "buildings": (),
    "rails": ("class",),
    "paths": ("class",),
    "roads": ("class", "name"),
    "places": ("class", "name"),
}
MIN_ZOOM, MAX_ZOOM = 9, 14
# water and main roads are drawn this far around a city, so that the sea does not end in a line
MARGIN_DEG: Final = 0.2


class Basemap:
    """The tile archive of one city; safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        try:
            with file.open("rb") as stream:
                self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise BrokenCity(city=file.parent.name, problem=str(error)) from error
        self._reader = Reader(lambda offset, length: self._bytes[offset : offset + length])
        self._lock = threading.Lock()

    def tile(self, z: int, x: int, y: int) -> bytes | None:
        """Return a tile as gzipped MVT, or None where nothing is drawn (answer 204)."""
        if not (MIN_ZOOM <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        with self._lock:
            tile: bytes | None = self._reader.get(z, x, y)
            return tile
