"""
What identifies a customer, how it is veiled, and who may lift the veil for what (R91).

Must not know sessions or doors. Whoever shows a ticket shows it veiled and takes the functions here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from dispatcher.domain.ids import EngineerId, SiteId, TicketId
from dispatcher.domain.ticket import Status, Ticket

CLAUSE: Final = "M3 4(3), M1 7.5"
# the parts that are veiled: whom to call, the exact place, what stands there
CONTACT, ADDRESS, MODEL = "contact", "address", "model"
PARTS: Final = (CONTACT, ADDRESS, MODEL)


class Purpose(NamedTuple):
    """What somebody may need the customer's data for."""

    roles: frozenset[str]
    # the parts that the purpose needs, and no others
    shows: tuple[str, ...]


def _purpose(roles: str, *shows: str) -> Purpose:
    return Purpose(frozenset(roles.split()), shows)


# Every purpose for which the veil may be lifted; adding one is a row and its words under
# ``reveal.NAME``. An engineer has one, and only for the visit under way.
PURPOSES: Final[Mapping[str, Purpose]] = {
    "visit": _purpose("engineer supervisor dispatcher", *PARTS),
    "appointment": _purpose("supervisor dispatcher customer-service", CONTACT, ADDRESS),
    "notice": _purpose("supervisor dispatcher customer-service", CONTACT),
    "guidance": _purpose("supervisor dispatcher customer-service", CONTACT, MODEL),
    "call_back": _purpose("supervisor dispatcher customer-service", CONTACT, MODEL),
    "complaint": _purpose("supervisor dispatcher customer-service", *PARTS),
    "correction": _purpose("supervisor dispatcher customer-service", *PARTS),
    "form": _purpose("supervisor dispatcher customer-service engineer", *PARTS),
    "parts": _purpose("supervisor dispatcher operations", MODEL),
    "audit": _purpose("supervisor", *PARTS),
}


def purposes_of(role: str) -> tuple[str, ...]:
    """Return the purposes for which a role may lift the veil, in the order of the list."""
    return tuple(name for name, one in PURPOSES.items() if role in one.roles)


_AT_WORK = frozenset({Status.TRAVELLING, Status.ON_SITE})


def is_under_way(ticket: Ticket, engineer: EngineerId, ahead: Iterable[Ticket]) -> bool:
    """
    Tell whether a ticket is the one visit whose customer the engineer may see.

    That is the visit the engineer drives to or works at; while there is none, the first accepted
    one, because the engineer calls before leaving (R37).

    Parameters
    ----------
    ticket
        The ticket asked for.
    engineer
        Who asks.
    ahead
        The tickets on the engineer's routes, in the order of the visits.
    """
    if ticket.engineer != engineer:
        return False
    if ticket.status in _AT_WORK:
        return True
    if ticket.status is not Status.ACCEPTED:
        return False
    told = [one for one in ahead if one.status in _AT_WORK or one.status is Status.ACCEPTED]
    busy = any(one.status in _AT_WORK for one in told)
    return not busy and (not told or told[0].id == ticket.id)


def veiled(text: str) -> str:
    """Return the first letter of a name or a model and nothing else."""
    return text.strip()[:1] + "***" if text.strip() else ""


def veiled_phone(phone: str) -> str:
    """Return the last two digits of a number and nothing else."""
    digits = [c for c in phone if c.isdigit()]
    return "*" * 6 + "".join(digits[-2:]) if len(digits) >= 6 else "*" * len(phone)


_NUMBER = re.compile(r"[\s,]*\d+\s*[A-Za-z]?(?:\s*-\s*\d+\s*[A-Za-z]?)?(?:号|號)?\s*$")


def street_of(address: str) -> str:
    """Return the street of an address without its number."""
    return _NUMBER.sub("", address.split(",", maxsplit=1)[0]).strip()[:60]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRead:
    """Someone lifted the veil from a customer, and for what (R91); changes nothing."""

    ticket: TicketId
    # a name of `privacy.PURPOSES`; empty in logs older than the list
    purpose: str = ""
    # contact, address, model
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactErased:
    """The time for which a customer's data may be kept was over; they are gone (R91)."""

    ticket: TicketId
    site: SiteId
    # days after the end of the work, by the ticket's profile
    kept_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesErased:
    """Photos and signatures of a ticket were kept as long as its customer's data; they are gone."""

    ticket: TicketId
    # how many there were
    pictures: int
    # days after the end of the work, by the ticket's profile
    kept_days: int = 0
