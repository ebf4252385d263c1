"""
Who may use which door: one row a route and its roles; what has no row is shut.

Must not know tickets one by one; what a role may see of them is a filter of the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the desk."""

    SUPERVISOR = "supervisor"
    DISPATCHER = "dispatcher"
    ENGINEER = "engineer"
    OPERATIONS = "operations"
    CUSTOMER_SERVICE = "customer-service"
    READ_ONLY = "read-only"
    SERVICE = "service"


LETTERS: Mapping[str, Role] = {
    "S": Role.SUPERVISOR,
    "D": Role.DISPATCHER,
    "E": Role.ENGINEER,
    "O": Role.OPERATIONS,
    "C": Role.CUSTOMER_SERVICE,
    "R": Role.READ_ONLY,
    "V": Role.SERVICE,
}
ALL = "SDEOCRV"
# no session is asked for
OPEN = ""

# One letter a role: Supervisor, Dispatcher, Engineer, Operations, Customer service, Read only,
# serVice. An engineer gets the own rows only, whatever stands here.
TABLE: Mapping[str, str] = {
    "GET /me": ALL,
    "POST /logout": ALL,
    "POST /ws-ticket": ALL,
    "POST /tokens": "S",
    "POST /tokens/revoke": "S",
    "GET /territories": ALL,
    "POST /territories": "S",
    "POST /territories/{territory}/storms": "SDV",
    "POST /territories/{territory}/days": "SO",
    "GET /vocabulary": ALL,
    "GET /texts/{lang}": OPEN,
    "GET /map/{city}/style.json": OPEN,
    "GET /tiles/{city}/{z}/{x}/{y}.mvt": OPEN,
    "POST /tickets": "SDCV",
    "POST /tickets/import": "SDCV",
    "GET /tickets": ALL,
    "GET /tickets/{ticket}": ALL,
    "GET /tickets/{ticket}/contact": "SDEOC",
    "GET /tickets/{ticket}/forms": "SDEC",
    "GET /tickets/{ticket}/forms/{kind}": "SDEC",
    "GET /tickets/{ticket}/timeline": ALL,
    "GET /tickets/{ticket}/explanation": "SDOCV",
    "POST /recalls/preview": "SOV",
    "POST /recalls": "SOV",
    "POST /recalls/{recall}/cancel": "SOV",
    "GET /recalls": "SDOCV",
    "GET /recalls/{recall}": "SDOCV",
    "GET /rounds": "SDOCRV",
    "GET /knowledge": "SDECV",
    "GET /tickets/{ticket}/similar": "SDECV",
    "POST /tickets/{ticket}/case": "SDECV",
    "GET /tickets/{ticket}/coverage": "SDECV",
    "POST /tickets/{ticket}/fee": "SDECV",
    "GET /tickets/{ticket}/estimate": "SDECV",
    "POST /tickets/{ticket}/triage": "SDCV",
    "POST /tickets/{ticket}/hold": "SDCV",
    "POST /tickets/{ticket}/release": "SDCV",
    "POST /tickets/{ticket}/cancel": "SDCV",
    "POST /tickets/{ticket}/resume": "SDCV",
    "POST /tickets/{ticket}/assign": "SD",
    "POST /tickets/{ticket}/second": "SDEV",
    "POST /tickets/{ticket}/lock": "SD",
    "POST /tickets/{ticket}/unlock": "SD",
    "POST /tickets/{ticket}/exclude": "SD",
    "POST /tickets/{ticket}/promise": "SDCV",
    "POST /tickets/{ticket}/dispatch": "SDV",
    "POST /tickets/{ticket}/recall": "SD",
    "POST /tickets/{ticket}/customer-accept": "SDECV",
    "POST /tickets/{ticket}/dispute": "SDCV",
    "POST /tickets/{ticket}/call-back": "SDCV",
    "POST /tickets/{ticket}/close": "SDCV",
    "GET /tickets/{ticket}/gates": "SDEOCV",
    "GET /tickets/{ticket}/documents/{document}": "SDEC",
    "POST /tickets/{ticket}/evidence": "SDEOCV",
    # the profile says which of these roles may let what pass
    "POST /tickets/{ticket}/exceptions": "SDEOCV",
    "POST /tickets/{ticket}/contacts": "SDECV",
    "POST /tickets/{ticket}/wishes": "SDCV",
    "POST /tickets/{ticket}/diagnosis": "SDECV",
    "POST /tickets/{ticket}/solve": "SDECV",
    "POST /tickets/{ticket}/follow-up": "SDCV",
    "POST /tickets/{ticket}/review": "S",
    "POST /tickets/{ticket}/complaints": "SDCV",
    "POST /tickets/{ticket}/complaints/settle": "SDC",
    "GET /troubles": "SDCV",
    "POST /tickets/{ticket}/incidents": "SDCV",
    "POST /tickets/{ticket}/incidents/note": "SDCV",
    "POST /tickets/{ticket}/incidents/settle": "SDC",
    "POST /tickets/{ticket}/rebase": "SD",
    "POST /tickets/{ticket}/after": "SD",
    "GET /tasks": "SDEOCV",
    "POST /tickets/{ticket}/tasks/{name}/{run}/take": "SDEOCV",
    "POST /tickets/{ticket}/tasks/{name}/{run}/done": "SDEOCV",
    "GET /assets": ALL,
    "POST /assets": "SOCV",
    "POST /assets/import": "SOV",
    "GET /assets/{asset}": ALL,
    "GET /assets/{asset}/history": "SDOCRV",
    "GET /assets/{asset}/coverage": ALL,
    "GET /assets/{asset}/similar": "SDECV",
    "POST /assign/preview": "SD",
    "POST /slots": "SDCV",
    "POST /visits/{ticket}/accept": "SDEV",
    "POST /visits/{ticket}/decline": "SDEV",
    "POST /visits/{ticket}/depart": "SDEV",
    "POST /visits/{ticket}/arrive": "SDEV",
    "POST /visits/{ticket}/finish": "SDEV",
    "POST /visits/{ticket}/incomplete": "SDEV",
    "GET /engineers": ALL,
    "POST /engineers": "SOV",
    "POST /engineers/import": "SOV",
    "GET /engineers/{engineer}": ALL,
    "GET /engineers/{engineer}/route": ALL,
    "POST /engineers/{engineer}/shifts": "SDOV",
    "POST /engineers/{engineer}/absence": "SDOV",
    "POST /engineers/{engineer}/lunch": "SDEV",
    "POST /engineers/{engineer}/home": "SDEV",
    "POST /engineers/{engineer}/return-request": "SDEV",
    "POST /engineers/{engineer}/position": "EV",
    "POST /positions": "V",
    "POST /items": "SOV",
    "GET /stock": "SDEOCRV",
    "POST /custody": "SDOEV",
    "GET /engineers/{engineer}/custody": "SDOEV",
    "POST /tickets/{ticket}/parts": "SDECV",
    "POST /engineers/{engineer}/expense": "SDOEV",
    "GET /providers": "SDOCRV",
    "POST /providers": "SOV",
    "POST /providers/{provider}/assessment": "SV",
    "POST /providers/{provider}/change": "SO",
    "POST /providers/{provider}/change/settle": "SO",
    "POST /contracts": "SO",
    "GET /plan": "SDOCRV",
    "GET /plan/diff": "SDOCRV",
    "GET /plan/geometry": "SDOCRV",
    "GET /addresses": "SDCV",
    "GET /addresses/reverse": "SDCV",
    "GET /day": "SDOCRV",
    "GET /ledgers": ALL,
    "GET /ledgers/{ledger}": ALL,
    "GET /ledgers/{ledger}/sums": ALL,
    "GET /ledgers/{ledger}/facts": ALL,
    "GET /ledgers/clocks/use": "SDOCRV",
    "GET /ledgers/{ledger}/export": "SDOCRV",
    "GET /reports": "SDOCR",
    "GET /reports/{kind}": "SDOCR",
    "GET /reports/{kind}/facts": "SDOCR",
    "GET /months/{month}": "SO",
    "POST /months": "SO",
    "GET /retention": "S",
    "POST /retention": "S",
    "GET /day/fairness": "SDOCRV",
    "GET /day/fairness/export": "SDOCRV",
    "GET /plan/quality": "SDOCRV",
    "GET /feed": "SV",
    "POST /planner/{territory}/lease": "V",
    "POST /planner/{territory}/commands": "V",
    "GET /planner/{territory}/snapshot": "V",
}

# these get a 500 m cell and no street instead of a customer's place (R91)
CELLS_ONLY = frozenset({Role.READ_ONLY, Role.OPERATIONS})
# these may set a rule aside with a reason when they assign by hand
MAY_OVERRIDE = frozenset({Role.SUPERVISOR, Role.DISPATCHER})
# these see all of the log, live
HEARS_FACTS = frozenset({Role.SERVICE})


def roles_of(key: str) -> frozenset[Role]:
    """Return the roles that may use a route, ``METHOD /path``; empty = needs no session."""
    return frozenset(LETTERS[letter] for letter in TABLE[key])
