"""
Tickets nobody called in: visits of a contract's calendar and recalls, each written once (R77-R79, R94).

Pure, like `decide`, whose table lists these handlers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dispatcher.desk.command import timing
from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.assets import known_asset
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import events as ev
from dispatcher.domain.asset import Asset
from dispatcher.domain.events import Event
from dispatcher.domain.ids import AssetId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import Channel, RequiredSkill, Severity, Status, Ticket
from dispatcher.errors import BadField, MissingReason
from dispatcher.policy import Terms
from dispatcher.policy.rounds import Round, due, rounds
from dispatcher.units import DAY_S

# assets that one command recalls at most
MOST_RECALLED = 100
RECALL = "recall"


def write(command: w.WriteRound, docs: CommandDocs, context: Context) -> Decision:
    """Write the ticket of a visit that is due; nothing when it has one by now."""
    asset = known_asset(command.asset, docs)
    if asset is None or asset.site is None or asset.cell is None:
        return facts()
    found = due(asset, context.money, docs.territory(), context.now)
    one = next((r for r in found if r.name == command.name), None)
    if one is None:
        return facts()
    ticket = replace(
        _ticket(asset, docs, context, one.category, docs.next_seq()),
        symptom=f"{_named(one)} {one.day.isoformat()}",
        external_id=f"round:{asset.id}:{one.name}:{one.day.isoformat()}",
        contract=one.contract,
        duration_s=one.duration_s,
        not_before_at=one.at,
        skills=tuple(RequiredSkill(name=name) for name in one.skills),
    )
    written = ev.RoundWritten(
        asset=asset.id,
        ticket=ticket.id,
        name=one.name,
        day_at=one.day_at,
        is_provisional=one.is_provisional,
    )
    return facts(*_born(ticket, docs, context), written)


def _named(one: Round) -> str:
    """Return what a visit is called; a symptom is one text for readers of every language."""
    return " · ".join(dict.fromkeys(one.title.values())) or one.name


def recalled_id(recall: str, asset: AssetId) -> str:
    """Return the external id of an asset's ticket of a recall: there is never a second one."""
    return f"recall:{recall}:{asset}"


def recall(command: w.RecallAssets, docs: CommandDocs, context: Context) -> Decision:
    """Write the tickets of a recall; assets that have theirs, or no place, are left out."""
    if len(command.assets) > MOST_RECALLED:
        rule = f"name at most {MOST_RECALLED} at once"
        raise BadField(field="assets", value=len(command.assets), rule=rule)
    if not command.reason.strip():
        raise MissingReason(move="recall", ticket=command.recall)
    events: list[Event] = []
    if command.is_first:
        events.append(
            ev.RecallOrdered(
                recall=command.recall,
                reason=command.reason,
                models=command.models,
                serial_from=command.serial_from,
                serial_until=command.serial_until,
                count=command.count,
            )
        )
    for name in dict.fromkeys(command.assets):
        asset = known_asset(name, docs)
        external_id = recalled_id(command.recall, name)
        if asset is None or asset.site is None or asset.cell is None:
            continue
        if docs.ticket_by_external_id(external_id) is not None:
            continue
        number = docs.next_seq() + len(events)
        ticket = replace(
            _ticket(asset, docs, context, RECALL, number),
            severity=command.severity,
            symptom=command.symptom,
            external_id=external_id,
            source=command.recall,
            duration_s=command.duration_s,
            skills=command.skills,
        )
        events += _born(ticket, docs, context, known=events)
    return facts(*events)


def _ticket(
    asset: Asset, docs: CommandDocs, context: Context, category: str, number: int
) -> Ticket:
    """Return the plain ticket about an asset that nobody called in."""
    home = docs.territory().id
    profile = context.policy.choose(asset.contract, category, Severity.GENERAL)
    assert asset.site is not None  # noqa: S101 — asked before
    assert asset.cell is not None  # noqa: S101 — asked before
    return Ticket(
        id=TicketId(f"{home}-{number}"),
        territory=home,
        status=Status.REPORTED,
        severity=Severity.GENERAL,
        channel=Channel.CALENDAR,
        site=asset.site,
        cell=asset.cell,
        reported_at=context.now,
        category=category,
        model=asset.model,
        asset=asset.id,
        weight_g=asset.weight_g,
        policy=profile.key,
        duration_s=profile.work_s(category),
    )


def _born(
    ticket: Ticket, docs: CommandDocs, context: Context, known: Sequence[Event] = ()
) -> list[Event]:
    """Return the facts that bring a ticket, judged at once when its skill is known."""
    events: list[Event] = [ev.TicketReported(ticket=ticket)]
    if ticket.skills:
        events.append(
            ev.TicketTriaged(
                ticket=ticket.id,
                severity=ticket.severity,
                skills=ticket.skills,
                duration_s=ticket.duration_s,
                due=(),
                not_before_at=ticket.not_before_at,
            )
        )
    if not any(isinstance(one, ev.PolicyAdopted) for one in known):
        events += timing.adopted(context.policy.profile_of(ticket), docs)
    return events


@dataclass(slots=True)
class Rounds:
    """When each asset's calendars must be looked at next, kept until the asset changes."""

    # by asset: its version, and the next moment at which a visit is to be written (None = never)
    _next: dict[AssetId, tuple[int, int | None]] = field(default_factory=dict)

    def due(self, docs: MemoryDocs, terms: Terms, now: int) -> list[w.WriteRound]:
        """Return the visits to be written now, some at a time; each is asked for once a day."""
        found: list[w.WriteRound] = []
        for asset in docs.assets.values():
            moment = self._moment(asset, docs, terms, now)
            if moment is None or moment > now:
                continue
            if len(found) >= timing.MOST_AT_ONCE:
                break
            # whatever comes of it, it is not asked for again before tomorrow
            self._next[asset.id] = (asset.version, now + DAY_S)
            some = due(asset, terms, docs.home, now) if asset.cell else []
            found += [w.WriteRound(asset=asset.id, name=one.name) for one in some]
        return found

    def next_at(self, docs: MemoryDocs, terms: Terms, now: int) -> int | None:
        """Return the next moment at which `due` may have something, epoch seconds."""
        moments = (self._moment(asset, docs, terms, now) for asset in docs.assets.values())
        return min((one for one in moments if one is not None), default=None)

    def _moment(self, asset: Asset, docs: MemoryDocs, terms: Terms, now: int) -> int | None:
        version, moment = self._next.get(asset.id, (-1, None))
        if version != asset.version:
            ahead = (one.written_at for one in rounds(asset, terms, docs.home, now))
            moment = min(ahead, default=None)
            self._next[asset.id] = (asset.version, moment)
        return moment
