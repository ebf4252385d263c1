"""
What stands beside the log and is never a fact: sites, positions, sessions and leases.

Must not know SQL; `sql/` and `memory/` fulfil it, and one contract suite tests both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from dispatcher.domain.engineer import Position
from dispatcher.domain.ids import ActorId, EngineerId, SiteId, TerritoryId
from dispatcher.domain.place import Site
from dispatcher.domain.ticket import Ticket
from dispatcher.store.records import (
    Grant,
    Lease,
    Session,
)


class Sites(Protocol):
    """Where the customers are and whom to call: the only place that gives personal data."""

    def get(self, site: SiteId) -> Site:
        """Return a site; `UnknownSite` when there is none (any more)."""
        ...

    def many(self, sites: Iterable[SiteId]) -> dict[SiteId, Site]:
        """Return those of the sites that there are."""
        ...

    def erase(self, site: SiteId) -> None:
        """
        Forget a customer: place, address, name, phone and note; the log stays as it is.

        Raises
        ------
        UnknownSite
            There is no such site.
        Refused
            A ticket at the site is not finished; someone still has to go there.
        """
        ...

    def idle(
        self, territory: TerritoryId, before_at: int, after: str = "", limit: int = 200
    ) -> list[tuple[SiteId, tuple[Ticket, ...]]]:
        """
        Return sites, by id, where all is finished and was reported before `before_at`.

        Parameters
        ----------
        territory
            Whose sites.
        before_at
            Epoch seconds of the desk.
        after
            The last site of the page before; empty = the first page.
        limit
            How many sites.
        """
        ...


class Positions(Protocol):
    """Where the phones are; never facts, never replayed."""

    def put(self, batch: Sequence[Position]) -> None:
        """Keep the newest position of each engineer and a thinned trail."""
        ...

    def latest(self, territory: TerritoryId) -> list[Position]:
        """Return the newest position of the territory's engineers, by engineer."""
        ...

    def trail(
        self, engineer: EngineerId, from_at: int, until_at: int, limit: int = 1000
    ) -> list[Position]:
        """Return the trail of an engineer, at most one point a minute, oldest first."""
        ...


class Sessions(Protocol):
    """Who is signed in; `now` is the wall clock's epoch seconds, never a fast desk's."""

    def open(self, grant: Grant, now: int) -> tuple[str, Session]:
        """Begin a session; the token is given here and never again."""
        ...

    def get(self, token: str, now: int) -> Session:
        """Return the session of a token and note its use; `NotSignedIn` if it is over."""
        ...

    def is_alive(self, session: str, now: int) -> bool:
        """Tell whether the session with this id is neither over nor revoked."""
        ...

    def invite(self, grant: Grant, now: int, ttl_s: int = 900) -> str:
        """Return a sign-in token that works once within `ttl_s` seconds."""
        ...

    def redeem(self, invitation: str, now: int) -> tuple[str, Session]:
        """Turn a sign-in token into a session; `NotSignedIn` if it is used up or too old."""
        ...

    def revoke(self, session: str) -> bool:
        """End the session with this id; False when there was none."""
        ...

    def revoke_actor(self, actor: ActorId) -> int:
        """End all sessions and invitations of an actor and return how many sessions."""
        ...

    def of(self, actor: ActorId, now: int) -> list[Session]:
        """Return the living sessions of an actor, newest first."""
        ...


class Leases(Protocol):
    """Who may publish plans; times are the store's own clock, whatever the desk's shows."""

    def acquire(self, territory: TerritoryId, owner: str, ttl_s: float = 15.0) -> Lease:
        """
        Take the lease of a territory, with the next epoch.

        The owner of a running lease gets it anew at once, so an answer that was lost can be
        asked for again and a restarted process need not wait.

        Raises
        ------
        LeaseHeld
            Another owner's lease still runs.
        UnknownTerritory
            There is no such territory.
        """
        ...

    def renew(self, lease: Lease, ttl_s: float = 15.0) -> Lease:
        """Make a lease last longer; `StalePlan` when another epoch has begun."""
        ...

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it is another's by now."""
        ...

    def current(self, territory: TerritoryId) -> Lease | None:
        """Return the newest lease, running or not; None when there never was one."""
        ...
