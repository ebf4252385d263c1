"""
The records that go into the store and come out of it: requests, receipts, filters, pages, leases.

Must not know how anything is kept; `seam` has the methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from dispatcher.domain.events import Event
from dispatcher.domain.ids import ActorId, AssetId, EngineerId, SiteId, TerritoryId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Severity, Status
from dispatcher.errors import BadField
from dispatcher.texts import Lang, say

T = TypeVar("T")

# the most facts one call gives, and the most rows of a list
FACTS_LIMIT = 5000
PAGE_LIMIT = 200
# the most groups that sums of a ledger are told by
# the most rows a text search looks at
FOUND_LIMIT = 500
GROUPS_LIMIT = 1000
# below this share of free disk the store is not ready
LEAST_DISK_SHARE = 0.05


class Mark(NamedTuple):
    """How far something was read from the log, and by which version of the reading."""

    seq: int
    version: str


class ClockDay(NamedTuple):
    """The clocks of the tickets reported on one local day that are over, as JSON."""

    # local midnight, epoch seconds
    day_at: int
    # small: what a report adds up
    sums: str
    # large: the tickets, what a report leads down to
    doc: str


class Happening(NamedTuple):
    """An event that a decision wants in the log, and when it happened (epoch seconds)."""

    event: Event
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks for a change, where and when."""

    actor: ActorId
    territory: TerritoryId
    # epoch seconds of the desk's clock; becomes `recorded_at`
    now: int
    # Idempotency-Key; its scope is the actor
    key: str | None = None
    # tells a repeated request from another one under the same key
    request_hash: str = ""
    # joins the facts of one request with the logs
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a command decided: facts in order, sites to keep beside the log, the answer."""

    events: tuple[Happening | tuple[Event, int], ...] = ()
    sites: tuple[Site, ...] = ()
    # sites to forget; refused while somebody still has to go there
    erased: tuple[SiteId, ...] = ()
    # plain JSON values, kept for a repeated request: ids and numbers, never personal data
    response: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of a request; the same receipt is given again when the request is repeated."""

    # numbers of the new facts in their territory, ascending
    seqs: tuple[int, ...] = ()
    response: dict[str, Any] = field(default_factory=dict)
    # version of every ticket that a fact touched, after the request
    versions: dict[str, int] = field(default_factory=dict)
    # this receipt was written by an earlier request with the same key
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an actor may see at all; part of the WHERE of every list and look-up."""

    # None = all territories
    territories: tuple[TerritoryId, ...] | None = None
    # only the jobs of this engineer; None = everybody's
    engineer: EngineerId | None = None
    # only tickets in one of these states; empty = all
    statuses: tuple[Status, ...] = ()


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What a list of tickets shall contain; an empty field asks for nothing."""

    territory: TerritoryId | None = None
    statuses: tuple[Status, ...] = ()
    severities: tuple[Severity, ...] = ()
    engineer: EngineerId | None = None
    # True: only with an engineer; False: only without
    has_engineer: bool | None = None
    site: SiteId | None = None
    asset: AssetId | None = None
    # False: nobody has to go (R20)
    needs_visit: bool | None = None
    external_id: str | None = None
    # what the external id begins with; empty = anything
    external_prefix: str = ""
    # looked for in id, external id, symptom and category, whatever the case
    text: str = ""
    # epoch seconds, both ends included
    reported_from_at: int | None = None
    reported_until_at: int | None = None
    # of the earliest clock that still runs
    due_from_at: int | None = None
    due_until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerFilter:
    """What a list of engineers shall contain."""

    territory: TerritoryId | None = None
    # looked for in id and name, whatever the case
    text: str = ""
    # has this skill, at whatever level
    skill: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """What a list of a ledger's rows shall contain; an empty field asks for nothing."""

    territory: TerritoryId
    # the name of a row of `LEDGERS`
    ledger: str
    engineer: EngineerId | None = None
    ticket: TicketId | None = None
    subject: str | None = None
    states: tuple[str, ...] = ()
    # of the moment a row is filed under, epoch seconds: from inclusive, until exclusive
    from_at: int | None = None
    until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A row of a ledger as lists give it."""

    id: str
    # see `ledgers.Columns`
    at: int
    until_at: int
    state: str
    subject: str
    engineer: str | None
    ticket: str | None
    amount: int
    # the record as canonical JSON
    doc: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> LedgerRow:
        """Return the row of these columns; others are left out."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSum:
    """How many rows of a ledger have something in common, and what they add up to."""

    # the columns they have in common
    by: dict[str, str | None]
    count: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter:
    """What a list of assets shall contain; an empty field asks for nothing."""

    territory: TerritoryId | None = None
    # looked for in id, serial, model, code, customer and category, whatever the case
    text: str = ""
    models: tuple[str, ...] = ()
    # both ends included, in the order of the code points
    serial_from: str = ""
    serial_until: str = ""
    code: str = ""
    customer: str = ""
    contract: str = ""
    site: SiteId | None = None
    # epoch seconds, both ends included; one that was never installed fits neither
    installed_from_at: int | None = None
    installed_until_at: int | None = None
    # empty = whatever its status
    statuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some rows of a list, how many there are, and how to go on."""

    items: tuple[T, ...]
    # rows that fit the filter and may be seen
    total: int
    # give it back for the next rows; None = these were the last
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to publish plans for one territory, for a while."""

    territory: TerritoryId
    owner: str
    # grows with every change of owner
    epoch: int
    # epoch milliseconds of the store's clock, not of the desk's
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who somebody is and what that opens; the content of a session or a sign-in link."""

    actor: ActorId
    role: str
    engineer: EngineerId | None = None
    # None = all territories
    territories: tuple[TerritoryId, ...] | None = None
    # seconds a session lives at most, and without being used
    ttl_s: int = 12 * 3600
    idle_s: int = 1800
    # what a list of sessions shows: the device, the purpose
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as the store knows it; the token itself is nowhere kept."""

    # printable name for lists, logs and revoking; opens nothing
    id: str
    grant: Grant
    # epoch seconds of the wall clock
    created_at: int
    expires_at: int
    # last use, to the minute
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something that works but should be mended; a key of the catalogue with its facts."""

    key: str
    facts: dict[str, str] = field(default_factory=dict)

    def message(self, lang: Lang) -> str:
        """Return the sentence in `lang`."""
        return say(self.key, lang, **self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the store is."""

    # "sqlite 3.53.4", "postgresql 15.18"
    engine: str
    # the layout's step, and whether it is the one this version needs
    revision: str | None
    is_current: bool
    is_writable: bool
    # why not; empty when all is well
    problem: str = ""
    # seconds since a write last went through
    write_age_s: float | None = None
    # of the disk under the SQLite file; None on PostgreSQL
    disk_free_bytes: int | None = None
    disk_free_share: float | None = None
    cautions: tuple[Caution, ...] = ()

    @property
    def is_ready(self) -> bool:
        """True when commands can be taken."""
        has_room = self.disk_free_share is None or self.disk_free_share > LEAST_DISK_SHARE
        return self.is_current and self.is_writable and has_room


# a phone may be offline over a holiday; a trail is kept a month
KEEP_S: Mapping[str, int] = {"keys": 14 * 86_400, "trails": 30 * 86_400}


def checked_limit(limit: int, most: int) -> int:
    """Return `limit`; `BadField` unless it lies within 1 and `most`."""
    if not 1 <= limit <= most:
        raise BadField(field="limit", value=limit, rule=f"it must lie within 1 and {most}")
    return limit


def unborn(territory: Territory) -> Territory:
    """Return a territory as it is before the first fact of its log."""
    return Territory(id=territory.id, name=territory.name, city=territory.city, zone=territory.zone)
