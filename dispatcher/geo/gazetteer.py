"""
Finds addresses, streets, crossings and districts of a city by text, and the address of a point.

The city's import wrote the SQLite file; here it is only read. Must not know the street network.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import unicodedata
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from dispatcher.domain.place import Confidence

# a row of the file; columns as the statement names them
_Row = tuple[Any, ...]
Kind = Literal["address", "street", "crossing", "district", "point"]

MAX_TEXT = 200
MAX_RESULTS = 20
# cells of the index by place, degrees
CELL_LAT_DEG, CELL_LON_DEG = 0.002, 0.004
# how far away an address, and a street, may be named for a point, metres
_REACH_ADDRESS_M, _REACH_STREET_M = 60.0, 400.0
# rows looked at for one text, and the least likeness of a mistyped name
_MAX_CANDIDATES, _MIN_LIKENESS = 200, 0.3
_METRES_PER_DEG = 111_195.0
_COLUMNS: Final = ("id", "kind", "name", "folded", "postcode", "locality", "lat", "lon")
# letters that do not fall apart into a base letter and a mark
_LETTERS: Final = str.maketrans(
    {"ð": "d", "þ": "th", "æ": "ae", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "œ": "oe", "ı": "i"}
)
_NUMBER = re.compile(r"(?<![\w])(\d{1,5})\s?([a-z])?(?:-\d{1,5}[a-z]?)?(?![\w])")
_NUMBER_HAN = re.compile(r"(\d{1,5})([a-z])?\s*[号號]?$")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place with the words a person would write for it."""

    label: str
    # WGS-84 degrees
    lat: float
    lon: float
    kind: Kind
    # how sure the place is
    confidence: Confidence
    street: str = ""
    number: str = ""
    postcode: str = ""
    locality: str = ""
    # how well it fits what was searched, 1 is exact
    score: float = 1.0
    # metres from the point that was asked about, None for a search by text alone
    distance_m: float | None = None


def fold(text: str) -> str:
    """Return text as it is compared: small letters, no accents, plain digits, single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s,&/-]", " ", bare).split())


def is_han(text: str) -> bool:
    """Whether text is written in Chinese characters."""
    return bool(_HAN.search(text))


def label_of(street: str, number: str, postcode: str = "", locality: str = "") -> str:
    """Return an address as it is written where it lies."""
    if is_han(street):
        return f"{locality}{street}{number}{'号' if number else ''}"
    town = " ".join(part for part in (postcode, locality) if part)
    line = " ".join(part for part in (street, number) if part)
    return f"{line}, {town}" if town else line


def crossing_of(a: str, b: str) -> str:
    """Return the name of the crossing of two streets."""
    return f"{a}与{b}路口" if is_han(a + b) else f"{a} / {b}"


def cell_of(lat: float, lon: float) -> int:
    """Return the number of the cell of about 200 m that contains a place."""
    row, column = math.floor(lat / CELL_LAT_DEG), math.floor(lon / CELL_LON_DEG)
    return row * 1_000_000 + column


def _metres(lat: float, lon: float, lat_b: float, lon_b: float) -> float:
    east = (lon_b - lon) * math.cos(math.radians((lat + lat_b) / 2))
    return math.hypot(lat_b - lat, east) * _METRES_PER_DEG


@dataclass(frozen=True, slots=True)
class _Query:
    """A search text taken apart."""

    name: str
    number: str
    hints: tuple[str, ...]
    near: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class _Named:
    """A row of the table of names with how well it fits."""

    id: int
    kind: Kind
    name: str
    folded: str
    postcode: str
    locality: str
    lat: float
    lon: float
    score: float = 0.0


class Gazetteer:
    """The names of a city; safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        # a city is let go of without a word, and an open file must not outlive it
        weakref.finalize(self, self._connection.close)
        self._lock = threading.Lock()
        self.num_addresses = int(self._all("SELECT count(*) FROM number")[0][0])
        self.num_names = int(self._all("SELECT count(*) FROM named")[0][0])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def search(
        self, text: str, limit: int = 10, near: tuple[float, float] | None = None
    ) -> list[Address]:
        """
        Return the places that fit a text, best first.

        Exact house numbers come first, then names that begin with the text, contain it, or are
        like it but for a typing error. Accents, case and full-width digits do not matter.

        Parameters
        ----------
        text
            Such as ``Laugavegur 22``, ``laugav``, ``深南大道与彩田路``; cut after 200 characters.
        limit
            1 to 20 results.
        near
            ``(lat, lon)``; of names that fit alike the nearer one comes first.
        """
        limit = min(max(limit, 1), MAX_RESULTS)
        query = _parse(text[:MAX_TEXT], near)
        if not query.name:
            return []
        names = self._names(query)
        found = self._with_number(query, names) if query.number else []
        found += [_address_of(named, near) for named in names]
        if len(found) < limit and names and names[0].kind == "street" and not query.number:
            found += self._first_numbers(names[0], limit - len(found), near)
        unique = {(a.label, round(a.lat, 3), round(a.lon, 3)): a for a in reversed(found)}
        ranked = sorted(unique.values(), key=lambda a: (-a.score, a.distance_m or 0.0, a.label))
        return ranked[:limit]

    def reverse(self, lat: float, lon: float) -> Address:
        """Return what stands at a point: the address, else the street, else the bare point."""
        numbers = self._around(
            "SELECT n.lat, n.lon, s.name, n.number, n.postcode, n.locality FROM number n"
            " JOIN named s ON s.id = n.street WHERE n.cell IN ({})",
            lat,
            lon,
        )
        for distance, row in numbers[:1]:
            if distance <= _REACH_ADDRESS_M:
                return replace(_numbered(row, 1.0), distance_m=distance)
        streets = self._around(
            "SELECT a.lat, a.lon, s.name, '', s.postcode, s.locality FROM along a"
            " JOIN named s ON s.id = a.street WHERE a.cell IN ({})",
            lat,
            lon,
        )
        for distance, row in streets[:1]:
            if distance <= _REACH_STREET_M:
                street = _numbered(row, 1.0)
                return replace(street, kind="street", confidence="street", distance_m=distance)
        point = f"{lat:.5f}, {lon:.5f}"
        return Address(
            label=point, lat=lat, lon=lon, kind="point", confidence="pin", distance_m=0.0
        )

    def sample(self, rng: np.random.Generator, n: int) -> list[Address]:
        """
        Return `n` places where somebody may live: address points, or streets in a city without.

        Every address point is equally likely and may come more than once.
        """
        table = "number" if self.num_addresses else "along"
        columns = "n.number, n.postcode, n.locality" if self.num_addresses else "'', '', ''"
        size = self._all(f"SELECT count(*) FROM {table}")[0][0]
        rows = []
        for rowid in rng.integers(1, size + 1, n).tolist():
            rows += self._all(
                f"SELECT n.lat, n.lon, s.name, {columns} FROM {table} n"
                " JOIN named s ON s.id = n.street WHERE n.rowid = ?",
                (rowid,),
            )
        places = [_numbered(row, 1.0) for row in rows]
        if self.num_addresses:
            return places
        return [replace(place, kind="street", confidence="street") for place in places]

    def _all(self, sql: str, facts: Iterable[object] = ()) -> list[_Row]:
        with self._lock:
            return self._connection.execute(sql, tuple(facts)).fetchall()

    def _around(self, sql: str, lat: float, lon: float) -> list[tuple[float, _Row]]:
        """Return rows that begin with lat, lon, from the cells around a place, nearest first."""
        cells = [
            cell_of(lat + i * CELL_LAT_DEG, lon + j * CELL_LON_DEG)
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
        ]
        rows = self._all(sql.format(",".join("?" * len(cells))), cells)
        return sorted((_metres(lat, lon, row[0], row[1]), row) for row in rows)

    def _names(self, query: _Query) -> list[_Named]:
        """Return the streets, crossings and districts that fit a query, best first."""
        rows = {row[0]: row for row in self._candidates(query.name)}
        plain = [_Named(*row) for row in rows.values()]
        scored = [replace(named, score=_score(named, query)) for named in plain]
        kept = [named for named in scored if named.score >= _MIN_LIKENESS]
        return sorted(kept, key=lambda n: (-n.score, len(n.folded), n.id))[:MAX_RESULTS]

    def _candidates(self, name: str) -> list[_Row]:
        columns = ", ".join(f"named.{column}" for column in _COLUMNS)
        if len(name) < 3:
            return self._all(
                f"SELECT {columns} FROM named WHERE folded LIKE ? ESCAPE '\\'"
                " ORDER BY length(folded), id LIMIT ?",
                (f"%{name.replace('_', chr(92) + '_')}%", _MAX_CANDIDATES),
            )
        words = [word for word in _words(name) if len(word) >= 3]
        exact = " AND ".join(f'"{word}"' for word in words) or f'"{name}"'
        alike = " OR ".join(f'"{gram}"' for gram in sorted(_grams(name)))
        sql = (
            f"SELECT {columns} FROM named_index i JOIN named ON named.id = i.rowid"
            " WHERE named_index MATCH ? ORDER BY {} LIMIT ?"
        )
        rows = self._all(sql.format("length(named.folded), named.id"), (exact, _MAX_CANDIDATES))
        return rows + self._all(sql.format("rank, named.id"), (alike, _MAX_CANDIDATES))

    def _with_number(self, query: _Query, names: list[_Named]) -> list[Address]:
        """Return the house numbers of the fitting streets that are, or begin with, the number."""
        streets = [named for named in names if named.kind == "street"]
        found = []
        for street in streets:
            rows = self._all(
                "SELECT n.lat, n.lon, ?, n.number, n.postcode, n.locality, n.folded FROM number n"
                " WHERE n.street = ? AND n.folded LIKE ? ORDER BY length(n.folded), n.folded"
                " LIMIT 8",
                (street.name, street.id, f"{query.number}%"),
            )
            for row in rows:
                bonus = 0.2 if row[6] == query.number else 0.03
                found.append(_numbered(row[:6], street.score + bonus, query.near))
        return found

    def _first_numbers(
        self, street: _Named, limit: int, near: tuple[float, float] | None
    ) -> list[Address]:
        rows = self._all(
            "SELECT lat, lon, ?, number, postcode, locality FROM number WHERE street = ?"
            " ORDER BY CAST(folded AS INTEGER), folded LIMIT ?",
            (street.name, street.id, limit),
        )
        return [_numbered(row, street.score - 0.3 - i * 1e-3, near) for i, row in enumerate(rows)]


def _parse(text: str, near: tuple[float, float] | None) -> _Query:
    head, *hints = [part.strip() for part in fold(text).split(",")]
    number = ""
    match = _NUMBER_HAN.search(head) if is_han(text) else None
    match = match or next(iter(reversed(list(_NUMBER.finditer(head)))), None)
    if match and match.group(0) != head:
        number = match.group(1) + (match.group(2) or "")
        head = (head[: match.start()] + " " + head[match.end() :]).strip()
    return _Query(" ".join(head.split()), number, tuple(h for h in hints if h), near)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\s/&与和-]+", name) if word]


def _grams(name: str) -> set[str]:
    solid = name if len(name) >= 3 else f"{name}  "
    return {solid[i : i + 3] for i in range(len(solid) - 2)}


def _score(named: _Named, query: _Query) -> float:
    """Return how well a name fits, 0 to about 1.1."""
    name, wanted = named.folded, query.name
    if name == wanted:
        score = 1.0
    elif name.startswith(wanted):
        score = 0.9
    elif all(word in name for word in _words(wanted)):
        score = 0.85 if f" {wanted}" in name else 0.75
    else:
        a, b = _grams(name), _grams(wanted)
        score = 0.7 * 2 * len(a & b) / (len(a) + len(b))
    # crossings are long names: they must not push a street away that fits as well
    score -= 0.05 * (named.kind == "crossing")
    town = fold(f"{named.postcode} {named.locality}")
    score += 0.05 * sum(hint in town or town in hint for hint in query.hints if town)
    if query.near is not None:
        distance_m = _metres(*query.near, named.lat, named.lon)
        score -= 0.04 * min(distance_m / 10_000, 1.0)
    return score


def _address_of(named: _Named, near: tuple[float, float] | None) -> Address:
    label = named.name
    if named.kind == "street":
        label = label_of(named.name, "", named.postcode, named.locality)
    return Address(
        label=label,
        lat=named.lat,
        lon=named.lon,
        kind=named.kind,
        confidence="district" if named.kind == "district" else "street",
        street=named.name if named.kind == "street" else "",
        postcode=named.postcode,
        locality=named.locality,
        score=round(named.score, 4),
        distance_m=None if near is None else _metres(*near, named.lat, named.lon),
    )


def _numbered(row: _Row, score: float, near: tuple[float, float] | None = None) -> Address:
    lat, lon, street, number, postcode, locality = row
    return Address(
        label=label_of(street, number, postcode, locality),
        lat=lat,
        lon=lon,
        kind="address",
        confidence="rooftop",
        street=street,
        number=number,
        postcode=postcode,
        locality=locality,
        score=round(score, 4),
        distance_m=None if near is None else _metres(*near, lat, lon),
    )
