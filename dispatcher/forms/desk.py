"""The desk's forms: registration, repair order, call-back record, satisfaction survey."""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.domain import events as ev
from dispatcher.forms.case import Case
from dispatcher.forms.sheet import (
    Area,
    Block,
    Checks,
    Fields,
    Label,
    Part,
    Scale,
    Signatures,
    Table,
)


def customer(case: Case) -> Fields:
    """Return who the customer is, as far as it may be shown."""
    who = case.customer
    rows = [
        (case.label("customer"), who.name),
        (case.label("phone"), who.phone),
        (case.label("address"), who.address),
        (case.label("model"), who.model),
    ]
    if who.note:
        rows.append((case.label("note"), who.note))
    return Fields(rows)


def request(case: Case) -> Fields:
    """Return what was asked for, by which way and when."""
    ticket = case.ticket
    return Fields(
        [
            (case.label("order"), ticket.id),
            (case.label("external"), ticket.external_id or ""),
            (case.label("reported"), case.moment(ticket.reported_at)),
            (case.label("channel"), case.word("channel", ticket.channel.value)),
            (case.label("category"), case.word("category", ticket.category)),
            (case.label("severity"), case.severity),
            (case.label("contract"), ticket.contract),
            (case.label("source"), ticket.source),
        ]
    )


def registration(case: Case) -> Sequence[Part]:
    """Return the registration form: who, what, when, by which way, judged how (R04, R05)."""
    triage = case.fact(ev.TicketTriaged)
    skills = ", ".join(
        f"{case.word('map.category', one.name)} {one.level}" for one in case.ticket.skills
    )
    judged = Fields(
        [
            (case.label("triaged"), case.by(ev.TicketTriaged) if triage else ""),
            (case.label("skills"), skills),
            (case.label("duration"), _minutes(case, case.ticket.duration_s)),
            (case.label("profile"), case.ticket.policy),
        ]
    )
    blocks: list[Block] = [
        request(case),
        customer(case),
        Area(case.label("symptom"), case.ticket.symptom),
        judged,
        _promises(case),
        Signatures([(case.label("sign.registrar"), case.by(ev.TicketReported))]),
    ]
    return [Part(None, blocks)]


def repair_order(case: Case) -> Sequence[Part]:
    """Return the repair order: without it nobody drives (R30); charges are agreed on it (R33, R34)."""
    ticket = case.ticket
    heads = [case.label(key) for key in ("line", "quantity", "price", "charge")]
    windows = "; ".join(
        f"{case.moment(one.open_at)} – {case.moment(one.close_at)}" for one in ticket.windows
    )
    consent = case.shown("consent")
    blocks: list[Block] = [
        request(case),
        customer(case),
        Area(case.label("symptom"), ticket.symptom, 2),
        Fields(
            [
                (case.label("engineer"), case.engineer),
                (case.label("promised"), case.moment(ticket.promised_at)),
                (case.label("windows"), windows),
                (case.label("dispatched"), case.at(ev.VisitDispatched)),
            ]
        ),
        Table(case.label("lines"), heads, [*case.lines, *[[""] * 4] * (5 - len(case.lines))]),
        Checks(
            case.label("consent"),
            [
                (case.label("agrees").main, consent not in {None, "no"}),
                (case.label("declines").main, consent == "no"),
            ],
        ),
        Signatures(
            [
                (case.label("sign.desk"), case.by(ev.VisitDispatched)),
                (case.label("sign.customer"), ""),
            ]
        ),
    ]
    return [Part(None, blocks)]


def call_back(case: Case) -> Sequence[Part]:
    """Return the call-back record: every repair is followed by a call (R66)."""
    called = case.last(ev.CustomerCalledBack)
    talks = [
        [
            case.moment(fact.at),
            case.word("purpose", fact.event.purpose),
            "✓" if fact.event.is_reached else "–",
            case.who(fact.actor),
            fact.event.remark,
        ]
        for fact in case.facts
        if isinstance(fact.event, ev.CustomerContacted)
    ]
    heads = [case.label(key) for key in ("when", "purpose", "reached", "by", "remark")]
    blocks: list[Block] = [
        request(case),
        customer(case),
        Fields(
            [
                (case.label("engineer"), case.engineer),
                (case.label("finished"), case.at(ev.WorkFinished)),
                (case.label("accepted"), case.at(ev.CustomerAccepted)),
                (case.label("called"), case.by(ev.CustomerCalledBack)),
            ]
        ),
        Scale(case.label("satisfaction"), called.satisfaction if called else None),
        Area(case.label("remark"), called.remark if called else ""),
        Table(case.label("talks"), heads, talks or [[""] * 5] * 3),
        Signatures([(case.label("sign.caller"), case.by(ev.CustomerCalledBack))]),
    ]
    return [Part(None, blocks)]


def survey(case: Case) -> Sequence[Part]:
    """Return the satisfaction survey for the customer to fill in (R67)."""
    called = case.last(ev.CustomerCalledBack)
    overall = called.satisfaction if called else None
    questions = ("punctual", "polite", "competent", "clean", "explained")
    blocks: list[Block] = [
        Fields(
            [
                (case.label("order"), case.ticket.id),
                (case.label("engineer"), case.engineer),
                (case.label("finished"), case.at(ev.WorkFinished)),
                (case.label("category"), case.word("category", case.ticket.category)),
            ]
        ),
        *(Scale(case.label(f"ask.{name}")) for name in questions),
        Scale(case.label("satisfaction"), overall),
        Area(case.label("wish"), called.remark if called else "", 4),
        Signatures([(case.label("sign.customer"), "")]),
    ]
    return [Part(None, blocks)]


def _promises(case: Case) -> Table:
    heads: list[Label] = [case.label("clock"), case.label("due")]
    rows = [[case.word("clock", name), text] for name, text in case.why.items()]
    return Table(case.label("clocks"), heads, rows or [["", ""]])


def _minutes(case: Case, seconds: int) -> str:
    return case.label("minutes", n=round(seconds / 60)).main
