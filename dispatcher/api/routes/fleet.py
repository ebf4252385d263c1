"""Engineers: who there is, rosters, lunch, the way home, where the phones are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import crew_views as crew
from dispatcher.api import fleet_schemas as ff
from dispatcher.api import schemas as s
from dispatcher.api.carry import Ask, Asked, Errand, answer
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.intake import check_home, engineer_of, place_of, shifts_of
from dispatcher.api.routes.tickets import Cursor, Limit
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.desk.command import wishes as w
from dispatcher.domain.engineer import Absence, Engineer, Position
from dispatcher.domain.ids import EngineerId, TerritoryId
from dispatcher.domain.territory import Storm
from dispatcher.store import EngineerFilter

doors = Doors("engineers")

# a phone's clock may be wrong by so much, desk seconds
_AHEAD_S = 60


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """How many points were kept."""

    accepted: int


class StormsDone(msgspec.Struct, frozen=True, kw_only=True):
    """The number of the fact."""

    seq: int


@doors.get("/engineers", crew.EngineerPage)
def list_engineers(
    house: Housed,
    seat: Seated,
    territory: s.Id | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    skill: Annotated[str, Query(max_length=64)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List engineers by name."""
    where = EngineerFilter(
        territory=TerritoryId(territory) if territory else None, text=q, skill=skill
    )
    page = house.store.engineers(where, scope=seat.scope, limit=limit, cursor=cursor)
    now = house.clock.now()
    items = [crew.engineer_view(house.mirror(one.territory), one, now) for one in page.items]
    return Json(crew.EngineerPage(items=items, next=page.cursor, total=page.total))


@doors.post("/engineers", crew.EngineerDone, status=201)
def register_engineer(body: ff.EngineerGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Write somebody's record, new or whole; lunch, gate and place of the day are kept."""
    territory = TerritoryId(body.territory)
    seat.check_territory(territory)
    person = engineer_of(house, body)
    check_home(house, person)
    errand = Errand(
        territory=territory,
        command=w.RegisterEngineer(engineer=person),
        engineer=person.id,
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand, status=201)


@doors.get("/engineers/{engineer}", crew.EngineerView)
def show_engineer(engineer: s.Id, house: Housed, seat: Seated) -> Response:
    """Show one engineer."""
    one = _seen(house, seat, engineer)
    return Json(crew.engineer_view(house.mirror(one.territory), one, house.clock.now()))


@doors.post("/engineers/{engineer}/shifts", crew.EngineerDone)
def set_shifts(
    engineer: s.Id, body: ff.ShiftsGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write somebody's roster anew."""
    one = _seen(house, seat, engineer)
    command = w.SetShifts(engineer=one.id, shifts=shifts_of(body.shifts))
    return _do(house, seat, ask, one, command, body)


@doors.post("/engineers/{engineer}/absence", crew.EngineerDone)
def record_absence(
    engineer: s.Id, body: ff.AbsenceGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Note that somebody cannot work for a while."""
    one = _seen(house, seat, engineer)
    absence = Absence(from_at=body.from_at, until_at=body.until_at, reason=body.reason)
    return _do(house, seat, ask, one, w.RecordAbsence(engineer=one.id, absence=absence), body)


_STEPS = (
    ("lunch", "lunch", "Take the break of the running shift."),
    ("home", "home", "Go home; the return gate must have said so (R32)."),
    ("return-request", "ask_return", "Ask whether to go home; the answer comes on the socket."),
)


def _hang_step(path: str, move: str, meaning: str) -> None:
    def step(
        engineer: s.Id, body: s.StepGiven, house: Housed, seat: Seated, ask: Asked
    ) -> Response:
        one = _seen(house, seat, engineer)
        command = w.EngineerStep(engineer=one.id, move=move)
        return _do(house, seat, ask, one, command, body)

    step.__name__, step.__doc__ = f"{move}_engineer", meaning
    doors.post(f"/engineers/{{engineer}}/{path}", crew.EngineerDone)(step)


for _row in _STEPS:
    _hang_step(*_row)


@doors.post("/engineers/{engineer}/position", Accepted)
def report_position(
    engineer: s.Id, body: ff.PositionsGiven, house: Housed, seat: Seated
) -> Response:
    """Say where a phone was; positions are no facts and are kept for a month at most."""
    one = _seen(house, seat, engineer)
    return Json(_keep(house, one.territory, [(one.id, point) for point in body.items]))


@doors.post("/positions", Accepted)
def report_positions(body: ff.ManyPositionsGiven, house: Housed, seat: Seated) -> Response:
    """Say where many phones were, for gateways."""
    accepted = 0
    for mirror in house.mirrors():
        allowed = seat.session.grant.territories
        if allowed is not None and mirror.territory not in allowed:
            continue
        with mirror.reading() as docs:
            points = [
                (EngineerId(one.engineer), one)
                for one in body.items
                if docs.has_engineer(EngineerId(one.engineer))
            ]
        if points:
            accepted += _keep(house, mirror.territory, points).accepted
    return Json(Accepted(accepted=accepted))


@doors.post("/territories/{territory}/storms", StormsDone)
def set_storms(
    territory: s.Id, body: ff.StormsGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Let outdoor work wait for these storms (R28); an empty list ends it."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    storms = tuple(
        Storm(from_at=one.from_at, until_at=one.until_at, reason=one.reason) for one in body.storms
    )
    return answer(
        house, seat, ask, Errand(territory=where, command=w.StopOutdoorWork(storms=storms))
    )


def _keep(
    house: House, territory: TerritoryId, points: Sequence[tuple[EngineerId, ff.PositionGiven]]
) -> Accepted:
    latest = house.clock.now() + _AHEAD_S
    batch = [
        Position(
            engineer=engineer,
            place=place_of(point.lat, point.lon, point.datum),
            at=min(point.at, latest),
            accuracy_m=point.accuracy_m,
            heading=point.heading,
        )
        for engineer, point in points
    ]
    house.store.positions.put(batch)
    house.mirror(territory).move(batch)
    return Accepted(accepted=len(batch))


def _seen(house: House, seat: Seat, engineer: str) -> Engineer:
    seat.check_engineer(EngineerId(engineer))
    return house.store.engineer(EngineerId(engineer), scope=seat.scope)


def _do(
    house: House, seat: Seat, ask: Ask, one: Engineer, command: w.Command, body: s.Expecting
) -> Response:
    errand = Errand(
        territory=one.territory,
        command=command,
        engineer=one.id,
        at=getattr(body, "at", None),
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand)
