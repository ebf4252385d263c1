"""
The planner's door: the lease, a snapshot to think with, and proposals (role service).

A planning process only proposes; every command is decided anew inside its transaction.
"""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Body
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.carry import Ask, Asked, Errand, carry_out
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.problems import Problem, problem_of
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.desk.command import wishes as w
from dispatcher.desk.remote import PLANNER_MAY, Outcome, Snapshot, without_person
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import BadField, DispatcherError, MalformedJson, StoreBroken, TooLarge
from dispatcher.store import Lease, StoreDocs

doors = Doors("planner")

# commands of one request
_MOST = 500


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """The right to publish plans for a territory, for a while."""

    territory: str
    owner: str
    epoch: int
    # epoch milliseconds of the store's clock; 0 = given back
    expires_ms: int


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each command, in order."""

    results: list[Outcome]
    # the last fact of the territory
    seq: int
    plan_version: int


@doors.post("/planner/{territory}/lease", Leased)
def lease_territory(territory: s.Id, body: s.LeaseGiven, house: Housed, seat: Seated) -> Response:
    """Take, keep or give back the right to publish plans; a new owner gets a new epoch."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    leases = house.store.leases
    if body.action == "acquire":
        lease = leases.acquire(where, body.owner, body.ttl_s)
        return Json(_leased(lease))
    if body.epoch is None:
        raise BadField(field="epoch", value=None, rule=f"name the epoch to {body.action}")
    held = Lease(territory=where, owner=body.owner, epoch=body.epoch, expires_ms=0)
    if body.action == "renew":
        return Json(_leased(leases.renew(held, body.ttl_s)))
    leases.release(held)
    return Json(_leased(held))


def _leased(lease: Lease) -> Leased:
    return Leased(
        territory=lease.territory,
        owner=lease.owner,
        epoch=lease.epoch,
        expires_ms=lease.expires_ms,
    )


class _Proposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a planner sends."""

    epoch: int
    commands: list[dict[str, Any]]


@doors.post("/planner/{territory}/commands", Outcomes)
def propose(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    body: dict[str, Any] = Body(  # noqa: B008 — FastAPI's way
        examples=[
            {
                "epoch": 3,
                "commands": [{"kind": "Step", "ticket": "reykjavik-12", "move": "dispatch"}],
            }
        ]
    ),
) -> Response:
    """
    Carry out a planner's commands in order, each on its own.

    `commands` are the records of `dispatcher.desk.command.wishes` as JSON with their class in `kind`:
    Publish, DecideReturn, Step, Promise, Resume. A refused one does not stop the others; all are
    refused as `stale_plan` once the epoch is not the newest.
    """
    where = TerritoryId(territory)
    seat.check_territory(where)
    proposal = _decoded(body, _Proposal)
    if len(proposal.commands) > _MOST:
        raise TooLarge(size=len(proposal.commands), limit=_MOST)
    planned = [_command(i, one) for i, one in enumerate(proposal.commands)]
    results = [
        _carried(house, seat, ask, where, proposal.epoch, i, one) for i, one in enumerate(planned)
    ]
    mirror = house.mirror(where)
    mirror.catch_up()
    with mirror.reading() as docs:
        home = docs.territory()
    return Json(Outcomes(results=results, seq=home.seq, plan_version=home.plan_version))


def _decoded(given: Any, kind: type[_Proposal]) -> _Proposal:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise MalformedJson(problem=str(error)) from error


def _command(index: int, given: dict[str, Any]) -> w.Command:
    kind = PLANNER_MAY.get(str(given.get("kind")))
    where = f"commands.{index}"
    if kind is None:
        rule = f"a planner may {', '.join(PLANNER_MAY)}"
        raise BadField(field=f"{where}.kind", value=given.get("kind"), rule=rule)
    rest = {key: value for key, value in given.items() if key != "kind"}
    try:
        command: w.Command = msgspec.convert(rest, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadField(field=where, value=kind.__name__, rule=str(error)) from error
    return command


def _carried(
    house: House,
    seat: Seat,
    ask: Ask,
    where: TerritoryId,
    epoch: int,
    index: int,
    command: w.Command,
) -> Outcome:
    def check(docs: StoreDocs) -> None:
        docs.expect_epoch(epoch)

    key = f"{ask.key}:{index}" if ask.key else None
    mine = Ask(key=key, digest=ask.digest, request_id=ask.request_id, lang=ask.lang)
    try:
        receipt = carry_out(
            house, seat, mine, Errand(territory=where, command=command, check=check)
        )
    except StoreBroken:
        raise
    except DispatcherError as error:
        problem: Problem = problem_of(error, ask.lang, ask.request_id)
        return Outcome(seqs=(), code=problem.code, detail=problem.detail)
    return Outcome(seqs=receipt.seqs)


@doors.get("/planner/{territory}/snapshot", Snapshot)
def planner_snapshot(territory: s.Id, house: Housed, seat: Seated) -> Response:
    """Give all that planning needs as of one number: documents, sites without persons, positions."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    mirror = house.mirror(where)
    mirror.catch_up()
    clock = house.clock
    with mirror.reading() as docs:
        snapshot = Snapshot(
            territory=docs.territory(),
            tickets=list(docs.tickets.values()),
            engineers=list(docs.engineers.values()),
            routes=list(docs.routes.values()),
            sites=[without_person(one) for one in docs.sites.values()],
            assets=tuple(docs.assets.values()),
            positions=list(mirror.positions.values()),
            policy=house.policy.name,
            clock=clock,
            profiles=tuple(
                house.policy.named(one.key).text
                for one in docs.territory().policies
                if house.policy.knows(one.key)
            ),
        )
    return Json(snapshot)
