"""Who is signed in: digests of tokens and what they open."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dispatcher.domain.codec import from_json, to_json
from dispatcher.domain.ids import ActorId
from dispatcher.errors import NotSignedIn
from dispatcher.store.records import Grant, Session
from dispatcher.store.sql import schema
from dispatcher.store.sql.database import Database
from dispatcher.store.tokens import digest, is_over, new_session, new_token, seen

# statements of every request are built once: building costs more than running them
_BY_TOKEN = sa.select(schema.session).where(schema.session.c.token_hash == sa.bindparam("key"))
_BY_ID = sa.select(schema.session).where(schema.session.c.id == sa.bindparam("key"))


class SqlSessions:
    """Implements `seam.Sessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, grant: Grant, now: int) -> tuple[str, Session]:
        """Begin a session; the token is given here and never again."""
        with self._database.write() as connection:
            return _open(connection, grant, now)

    def get(self, token: str, now: int) -> Session:
        """Return the session of a token and note its use; `NotSignedIn` if it is over."""
        table, key = schema.session, digest(token)
        with self._database.read() as connection:
            row = connection.execute(_BY_TOKEN, {"key": key}).one_or_none()
        session = None if row is None else _session(row)
        if session is None or is_over(session, now):
            raise NotSignedIn
        used = seen(session, now)
        if used is None:
            return session
        with self._database.write() as connection:
            noted = sa.update(table).where(table.c.token_hash == key, table.c.seen_at < now)
            connection.execute(noted.values(seen_at=now))
        return used

    def is_alive(self, session: str, now: int) -> bool:
        """Tell whether the session with this id is neither over nor revoked."""
        with self._database.read() as connection:
            row = connection.execute(_BY_ID, {"key": session}).one_or_none()
        return row is not None and not is_over(_session(row), now)

    def invite(self, grant: Grant, now: int, ttl_s: int = 900) -> str:
        """Return a sign-in token that works once within `ttl_s` seconds."""
        token = new_token()
        row = {
            "token_hash": digest(token),
            "actor": grant.actor,
            "grant": to_json(grant).decode(),
            "expires_at": now + ttl_s,
        }
        with self._database.write() as connection:
            connection.execute(sa.insert(schema.invitation), row)
        return token

    def redeem(self, invitation: str, now: int) -> tuple[str, Session]:
        """Turn a sign-in token into a session; `NotSignedIn` if it is used up or too old."""
        table = schema.invitation
        used = sa.delete(table).where(
            table.c.token_hash == digest(invitation), table.c.expires_at > now
        )
        with self._database.write() as connection:
            grant = connection.scalar(used.returning(table.c.grant))
            if grant is None:
                raise NotSignedIn
            return _open(connection, from_json(Grant, grant), now)

    def revoke(self, session: str) -> bool:
        """End the session with this id; False when there was none."""
        table = schema.session
        with self._database.write() as connection:
            return connection.execute(sa.delete(table).where(table.c.id == session)).rowcount > 0

    def revoke_actor(self, actor: ActorId) -> int:
        """End all sessions and invitations of an actor and return how many sessions."""
        session, invitation = schema.session, schema.invitation
        with self._database.write() as connection:
            connection.execute(sa.delete(invitation).where(invitation.c.actor == actor))
            return connection.execute(sa.delete(session).where(session.c.actor == actor)).rowcount

    def of(self, actor: ActorId, now: int) -> list[Session]:
        """Return the living sessions of an actor, newest first."""
        table = schema.session
        query = sa.select(table).where(table.c.actor == actor)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.created_at.desc(), table.c.id)).all()
        return [session for session in map(_session, rows) if not is_over(session, now)]


def forget_over(connection: sa.Connection, now: int) -> int:
    """Delete sessions and invitations that are over and return how many."""
    session, invitation = schema.session, schema.invitation
    ends = sa.or_(session.c.expires_at <= now, session.c.seen_at + session.c.idle_s <= now)
    gone = connection.execute(sa.delete(session).where(ends)).rowcount
    late = sa.delete(invitation).where(invitation.c.expires_at <= now)
    return gone + connection.execute(late).rowcount


def _open(connection: sa.Connection, grant: Grant, now: int) -> tuple[str, Session]:
    token = new_token()
    session = new_session(token, grant, now)
    row = {
        "token_hash": digest(token),
        "id": session.id,
        "actor": grant.actor,
        "grant": to_json(grant).decode(),
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "idle_s": grant.idle_s,
        "seen_at": session.seen_at,
    }
    connection.execute(sa.insert(schema.session), row)
    return token, session


def _session(row: Any) -> Session:
    return Session(
        id=row.id,
        grant=from_json(Grant, row.grant),
        created_at=row.created_at,
        expires_at=row.expires_at,
        seen_at=row.seen_at,
    )
