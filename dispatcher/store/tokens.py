"""
Tokens, and how long what they open lives; who holds a lease: what both stores share.

Must not keep a token: only its digest is ever stored.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import replace

from dispatcher.errors import LeaseHeld
from dispatcher.store.records import Grant, Lease, Session

# a use is noted once a minute, so that reading does not mean writing
SEEN_EVERY_S = 60
# characters of the digest that name a session in lists and logs
ID_LENGTH = 16


def new_token() -> str:
    """Return a token of 256 random bits, printable and fit for a URL."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return the SHA-256 of a token, hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_session(token: str, grant: Grant, now: int) -> Session:
    """Return the session that begins now with this token."""
    return Session(
        id=digest(token)[:ID_LENGTH],
        grant=grant,
        created_at=now,
        expires_at=now + grant.ttl_s,
        seen_at=now,
    )


def is_over(session: Session, now: int) -> bool:
    """Tell whether a session has expired or was not used for too long."""
    return now >= session.expires_at or now >= session.seen_at + session.grant.idle_s


def seen(session: Session, now: int) -> Session | None:
    """Return the session with its use noted; None when it was noted within the minute."""
    if now < session.seen_at + SEEN_EVERY_S:
        return None
    return replace(session, seen_at=now)


def held(lease: Lease) -> LeaseHeld:
    """Return the refusal that names who has the lease and until when."""
    until = time.strftime("%H:%M:%S UTC", time.gmtime(lease.expires_ms / 1000))
    return LeaseHeld(territory=lease.territory, owner=lease.owner, until=until)
