"""Who is signed in and who may publish plans, in memory."""

from __future__ import annotations

import threading
from collections.abc import Container
from dataclasses import replace

from dispatcher.domain.ids import ActorId, TerritoryId
from dispatcher.errors import NotSignedIn, StalePlan, UnknownTerritory
from dispatcher.store.records import Grant, Lease, Session
from dispatcher.store.tokens import digest, held, is_over, new_session, new_token, seen
from dispatcher.units import DeskClock

# leases run by the wall, however fast the desk
_wall = DeskClock()


class MemorySessions:
    """Implements `seam.Sessions`."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        # by digest of the token
        self._sessions: dict[str, Session] = {}
        self._invitations: dict[str, tuple[Grant, int]] = {}

    def open(self, grant: Grant, now: int) -> tuple[str, Session]:
        """Begin a session; the token is given here and never again."""
        token = new_token()
        session = new_session(token, grant, now)
        with self._lock:
            self._sessions[digest(token)] = session
        return token, session

    def get(self, token: str, now: int) -> Session:
        """Return the session of a token and note its use; `NotSignedIn` if it is over."""
        key = digest(token)
        with self._lock:
            session = self._sessions.get(key)
            if session is None or is_over(session, now):
                raise NotSignedIn
            used = seen(session, now)
            if used is None:
                return session
            self._sessions[key] = used
            return used

    def is_alive(self, session: str, now: int) -> bool:
        """Tell whether the session with this id is neither over nor revoked."""
        with self._lock:
            return any(s.id == session and not is_over(s, now) for s in self._sessions.values())

    def invite(self, grant: Grant, now: int, ttl_s: int = 900) -> str:
        """Return a sign-in token that works once within `ttl_s` seconds."""
        token = new_token()
        with self._lock:
            self._invitations[digest(token)] = (grant, now + ttl_s)
        return token

    def redeem(self, invitation: str, now: int) -> tuple[str, Session]:
        """Turn a sign-in token into a session; `NotSignedIn` if it is used up or too old."""
        with self._lock:
            grant, expires_at = self._invitations.get(digest(invitation), (None, 0))
            if grant is None or now >= expires_at:
                raise NotSignedIn
            del self._invitations[digest(invitation)]
            return self.open(grant, now)

    def revoke(self, session: str) -> bool:
        """End the session with this id; False when there was none."""
        with self._lock:
            keys = [key for key, known in self._sessions.items() if known.id == session]
            for key in keys:
                del self._sessions[key]
            return bool(keys)

    def revoke_actor(self, actor: ActorId) -> int:
        """End all sessions and invitations of an actor and return how many sessions."""
        with self._lock:
            theirs = {k: (g, at) for k, (g, at) in self._invitations.items() if g.actor != actor}
            self._invitations = theirs
            keys = [key for key, known in self._sessions.items() if known.grant.actor == actor]
            for key in keys:
                del self._sessions[key]
            return len(keys)

    def of(self, actor: ActorId, now: int) -> list[Session]:
        """Return the living sessions of an actor, newest first."""
        with self._lock:
            known = [s for s in self._sessions.values() if s.grant.actor == actor]
        living = [session for session in known if not is_over(session, now)]
        return sorted(living, key=lambda session: (-session.created_at, session.id))

    def forget(self, now: int) -> int:
        """Delete sessions and invitations that are over and return how many."""
        with self._lock:
            before = len(self._sessions) + len(self._invitations)
            self._sessions = {k: s for k, s in self._sessions.items() if not is_over(s, now)}
            self._invitations = {k: i for k, i in self._invitations.items() if i[1] > now}
            return before - len(self._sessions) - len(self._invitations)


class MemoryLeases:
    """Implements `seam.Leases`."""

    def __init__(self, territories: Container[TerritoryId], lock: threading.RLock) -> None:
        self._territories = territories
        self._lock = lock
        self._leases: dict[TerritoryId, Lease] = {}

    def acquire(self, territory: TerritoryId, owner: str, ttl_s: float = 15.0) -> Lease:
        """Take the lease of a territory, with the next epoch; `LeaseHeld` by another owner."""
        with self._lock:
            if territory not in self._territories:
                raise UnknownTerritory(territory=territory)
            now = _wall.now_ms()
            last = self._leases.get(territory)
            if last is not None and last.owner != owner and last.expires_ms > now:
                raise held(last)
            lease = Lease(
                territory=territory,
                owner=owner,
                epoch=last.epoch + 1 if last else 1,
                expires_ms=now + int(ttl_s * 1000),
            )
            self._leases[territory] = lease
            return lease

    def renew(self, lease: Lease, ttl_s: float = 15.0) -> Lease:
        """Make a lease last longer; `StalePlan` when another epoch has begun."""
        with self._lock:
            last = self._leases.get(lease.territory)
            if not _is_same(last, lease):
                current = last.epoch if last else 0
                raise StalePlan(territory=lease.territory, epoch=lease.epoch, current=current)
            longer = replace(lease, expires_ms=_wall.now_ms() + int(ttl_s * 1000))
            self._leases[lease.territory] = longer
            return longer

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it is another's by now."""
        with self._lock:
            if _is_same(self._leases.get(lease.territory), lease):
                self._leases[lease.territory] = replace(lease, expires_ms=0)

    def current(self, territory: TerritoryId) -> Lease | None:
        """Return the newest lease, running or not; None when there never was one."""
        with self._lock:
            return self._leases.get(territory)


def _is_same(last: Lease | None, lease: Lease) -> bool:
    return last is not None and (last.owner, last.epoch) == (lease.owner, lease.epoch)
