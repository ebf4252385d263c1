"""
What the doors accept about engineers: who they are, when they work, where they were seen, storms.

Must not look anything up; whether a skill or a place exists is asked later.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dispatcher.api.schemas import (
    Body,
    Datum,
    Expecting,
    Id,
    Lat,
    Level,
    Lon,
    Moment,
    Name,
    Said,
    like,
)


class HeldSkillGiven(Body):
    """A skill somebody has."""

    name: Name
    level: Level = 1
    expires_at: Moment | None = None


class CertificateGiven(Body):
    """A certificate somebody has."""

    name: Name
    expires_at: Moment | None = None


class BreakGiven(Body):
    """A pause that begins inside a span."""

    earliest_at: Moment
    latest_at: Moment
    duration_s: Annotated[int, Field(ge=0, le=14_400)]


class ShiftGiven(Body):
    """One working spell."""

    start_at: Moment
    end_at: Moment
    lunch: BreakGiven | None = None
    max_overtime_s: Annotated[int, Field(ge=0, le=43_200)] = 0
    is_on_call: bool = False


class PlaceGiven(Body):
    """A point on the ground."""

    lat: Lat
    lon: Lon
    datum: Datum = "wgs84"


class EngineerGiven(Expecting):
    """Somebody's record, new or whole."""

    model_config = like(
        territory="reykjavik",
        id="E01",
        name="Sigríður Jónsdóttir",
        base={"lat": 64.1383, "lon": -21.8977},
        skills=[{"name": "printer", "level": 3}],
        shifts=[{"start_at": 1_795_680_000, "end_at": 1_795_708_800}],
    )
    territory: Id
    id: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w.-]+$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    base: PlaceGiven
    skills: Annotated[tuple[HeldSkillGiven, ...], Field(max_length=50)] = ()
    certificates: Annotated[tuple[CertificateGiven, ...], Field(max_length=50)] = ()
    shifts: Annotated[tuple[ShiftGiven, ...], Field(max_length=100)] = ()
    # the firm somebody works for; empty = the house itself (R81)
    provider: Annotated[str, Field(max_length=64)] = ""
    # such as engineering or production; empty = either (R87)
    department: Annotated[str, Field(max_length=40)] = ""


class ShiftsGiven(Expecting):
    """Somebody's roster, whole."""

    model_config = like(shifts=[{"start_at": 1_795_680_000, "end_at": 1_795_708_800}])
    shifts: Annotated[tuple[ShiftGiven, ...], Field(max_length=100)]


class AbsenceGiven(Expecting):
    """A span in which somebody cannot work."""

    model_config = like(from_at=1_795_680_000, until_at=1_795_708_800, reason="Ill")
    from_at: Moment
    until_at: Moment
    reason: Said


class PositionGiven(Body):
    """Where a phone was."""

    lat: Lat
    lon: Lon
    at: Moment
    accuracy_m: Annotated[float | None, Field(ge=0, le=100_000, allow_inf_nan=False)] = None
    heading: Annotated[float | None, Field(ge=0, le=360, allow_inf_nan=False)] = None
    datum: Datum = "wgs84"


class PositionsGiven(Body):
    """The last points of one phone, oldest first."""

    model_config = like(items=[{"lat": 64.1383, "lon": -21.8977, "at": 1_795_687_200}])
    items: Annotated[tuple[PositionGiven, ...], Field(min_length=1, max_length=20)]


class SomebodysPosition(PositionGiven):
    """Where one engineer's phone was."""

    engineer: Id


class ManyPositionsGiven(Body):
    """Points of many phones, from a gateway."""

    items: Annotated[tuple[SomebodysPosition, ...], Field(min_length=1, max_length=500)]


class StormGiven(Body):
    """A span in which outdoor work waits."""

    from_at: Moment
    until_at: Moment
    reason: Said


class StormsGiven(Body):
    """All storms known now; an empty list ends them."""

    storms: Annotated[tuple[StormGiven, ...], Field(max_length=20)]
