"""
A command on its way: who asks, under which key, and the answer that a repeated request gets again.

Must not know any single command.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header, Request
from starlette.responses import Response

from dispatcher.api.crew_views import EngineerDone, engineer_view
from dispatcher.api.doors import Json
from dispatcher.api.house import House
from dispatcher.api.problems import lang_of, request_id_of
from dispatcher.api.schemas import Expecting
from dispatcher.api.seat import Seat
from dispatcher.api.views import TicketDone, ticket_view
from dispatcher.desk.command import decide as commands
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.command.wishes import Command
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import Fact
from dispatcher.domain.fold import apply
from dispatcher.domain.ids import ActorId, AssetId, EngineerId, TerritoryId, TicketId
from dispatcher.domain.ticket import Ticket
from dispatcher.store import Decision, Receipt, StoreDocs
from dispatcher.store import Request as StoreRequest
from dispatcher.texts import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a request brings beside its body."""

    key: str | None
    # tells a repeated request from another one under the same key
    digest: str
    request_id: str
    lang: Lang


async def ask_of(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=128,
            pattern=r"^[\x21-\x7e]+$",
            description="the same key and body are carried out once and answered alike",
        ),
    ] = None,
) -> Ask:
    """Return what a changing request brings."""
    form = request.headers.get("content-type", "").startswith("multipart/")
    body = b"" if form else await request.body()
    about = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return Ask(
        key=idempotency_key,
        digest=hashlib.sha256(about + body).hexdigest(),
        request_id=request_id_of(request),
        lang=lang_of(request),
    )


Asked = Annotated[Ask, Depends(ask_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One command with its circumstances; `carry_out` runs it."""

    territory: TerritoryId
    # a function is asked inside the transaction, and not at all for a repeated request
    command: Command | Callable[[], Command]
    # the ticket or engineer the answer shows; "" = the ticket the command brings into being
    ticket: TicketId | None = None
    engineer: EngineerId | None = None
    asset: AssetId | None = None
    # when it happened, if earlier than now
    at: int | None = None
    expected_version: int | None = None
    # asked inside the transaction, before the command
    check: Callable[[StoreDocs], None] | None = None


def carry_out(house: House, seat: Seat, ask: Ask, errand: Errand) -> Receipt:
    """Decide and write one command, all of it or nothing, and let the mirror see it."""
    now = house.clock.now()
    context = Context(
        now=now,
        policy=house.policy,
        may_override=seat.may_override,
        at=errand.at,
        role=seat.role.value,
        actor=seat.actor,
        terms=house.terms,
    )

    def decide(docs: StoreDocs) -> Decision:
        _check(docs, errand)
        wish = errand.command() if callable(errand.command) else errand.command
        decided = commands.decide(wish, docs, context)
        at = context.happened_at
        first = docs.next_seq()
        for number, event in enumerate(decided.events, first):
            apply(docs, _scratch(errand.territory, number, event, at, seat.actor, now))
        response: dict[str, Any] = {"seq": first - 1 + len(decided.events)}
        if errand.ticket is not None:
            born = getattr(decided.events[0], "ticket", None) if errand.ticket == "" else None
            named = born.id if isinstance(born, Ticket) else errand.ticket
            response["ticket"] = msgspec.to_builtins(docs.ticket(named))
        if errand.engineer is not None:
            response["engineer"] = msgspec.to_builtins(docs.engineer(errand.engineer))
        if errand.asset is not None:
            response["asset"] = msgspec.to_builtins(docs.find_asset(errand.asset))
        return Decision(
            events=tuple((event, at) for event in decided.events),
            sites=decided.sites,
            erased=decided.erased,
            response=response,
        )

    request = StoreRequest(
        actor=seat.actor,
        territory=errand.territory,
        now=now,
        key=ask.key,
        request_hash=ask.digest,
        request_id=ask.request_id,
    )
    receipt = house.store.commit(request, decide)
    house.mirror(errand.territory).catch_up(receipt.response.get("seq"))
    return receipt


def _check(docs: StoreDocs, errand: Errand) -> None:
    if errand.check is not None:
        errand.check(docs)
    if errand.expected_version is None:
        return
    if errand.ticket:
        docs.expect_ticket_version(errand.ticket, errand.expected_version)
    elif errand.asset is not None:
        docs.expect_asset_version(errand.asset, errand.expected_version)
    elif errand.engineer is not None and docs.has_engineer(errand.engineer):
        docs.expect_engineer_version(errand.engineer, errand.expected_version)


def _scratch(
    territory: TerritoryId, seq: int, event: Any, at: int, actor: ActorId, now: int
) -> Fact:
    return Fact(territory=territory, seq=seq, event=event, actor=actor, at=at, recorded_at=now)


def seen(house: House, seat: Seat, ticket: str) -> Ticket:
    """Return a ticket that this seat may see."""
    return house.store.ticket(TicketId(ticket), scope=seat.scope)


def driven(house: House, seat: Seat, ticket: str) -> Ticket:
    """
    Return a ticket that this seat may see, or one its engineer drove to on the trip under way.

    What was left unfinished is nobody's until it is planned anew, and its kit is still in the van (R44).
    """
    name = TicketId(ticket)
    if seat.engineer is not None and name in house.store.engineer(seat.engineer).trip:
        return house.store.ticket(name, scope=replace(seat.scope, engineer=None))
    return seen(house, seat, ticket)


def do(
    house: House, seat: Seat, ask: Ask, one: Ticket, command: Command, body: Expecting
) -> Response:
    """Carry out a command on a ticket and return the ticket after it."""
    errand = Errand(
        territory=one.territory,
        command=command,
        ticket=one.id,
        at=getattr(body, "at", None),
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand)


def answer(house: House, seat: Seat, ask: Ask, errand: Errand, status: int = 200) -> Response:
    """Carry out a command and return the state after it as the answer."""
    receipt = carry_out(house, seat, ask, errand)
    mirror, now = house.mirror(errand.territory), house.clock.now()
    done: object
    if "engineer" in receipt.response:
        person = msgspec.convert(receipt.response["engineer"], Engineer)
        view = engineer_view(mirror, person, now)
        done = EngineerDone(seq=receipt.response["seq"], version=person.version, engineer=view)
    elif "ticket" in receipt.response:
        ticket = msgspec.convert(receipt.response["ticket"], Ticket)
        shown = ticket_view(mirror, ticket, now, cells_only=seat.sees_cells_only)
        done = TicketDone(seq=receipt.response["seq"], version=ticket.version, ticket=shown)
    else:
        done = receipt.response
    headers = {"Idempotency-Replayed": "true"} if receipt.replayed else None
    return Json(done, status_code=status, headers=headers)
