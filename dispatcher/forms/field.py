"""The engineer's forms: trip task and report in two parts, commissioning report in duplicate."""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.domain import events as ev
from dispatcher.forms.case import Case
from dispatcher.forms.desk import customer, request
from dispatcher.forms.sheet import Area, Block, Checks, Fields, Part, Scale, Signatures, Table


def trip(case: Case) -> Sequence[Part]:
    """Return the trip form: the supervisor gives the task, the engineer reports, the customer says (R52)."""
    return [
        Part(case.label("trip.task"), _task(case)),
        Part(case.label("trip.report"), _report(case)),
    ]


def _task(case: Case) -> list[Block]:
    blocks: list[Block] = [
        request(case),
        customer(case),
        Area(case.label("symptom"), case.ticket.symptom, 2),
        Fields(
            [
                (case.label("engineer"), case.engineer),
                (case.label("dispatched"), case.by(ev.VisitDispatched)),
            ]
        ),
    ]
    if case.checks:
        blocks.append(
            Checks(
                case.label("before"),
                [(f"{one.text} ({one.clause})", one.is_met) for one in case.checks],
            )
        )
    return blocks


def _report(case: Case) -> list[Block]:
    done, left = case.last(ev.WorkFinished), case.last(ev.VisitIncomplete)
    disputed, called = case.last(ev.CustomerDisputed), case.last(ev.CustomerCalledBack)
    times = Fields(
        [
            (case.label("departed"), case.at(ev.EngineerDeparted)),
            (case.label("arrived"), case.at(ev.EngineerArrived)),
            (case.label("finished"), case.at(ev.WorkFinished)),
            (case.label("again"), case.moment(left.again_at) if left else ""),
        ]
    )
    blocks: list[Block] = [
        times,
        Area(case.label("found"), done.found if done else "", 2),
        Area(case.label("done"), done.done if done else "", 3),
    ]
    if left is not None:
        why = case.word("incomplete_reason", left.reason)
        blocks.append(Area(case.label("incomplete"), why))
    blocks += [
        Scale(case.label("opinion"), called.satisfaction if called else None),
        Area(case.label("remark"), disputed.reason if disputed else "", 2),
        Signatures(
            [
                (case.label("sign.engineer"), _signed(case)),
                (case.label("sign.customer"), case.at(ev.CustomerAccepted)),
            ]
        ),
    ]
    return blocks


def commissioning(case: Case) -> Sequence[Part]:
    """Return the commissioning report: three checks, two signatures, printed twice (R53)."""
    done = case.last(ev.WorkFinished)
    heads = [case.label(key) for key in ("check", "result", "by", "remark")]
    rows = [[str(n), "", "", ""] for n in (1, 2, 3)]
    blocks: list[Block] = [
        request(case),
        customer(case),
        Table(case.label("checks"), heads, rows),
        Area(case.label("found"), done.found if done else "", 2),
        Area(case.label("done"), done.done if done else "", 3),
        Fields(
            [
                (case.label("engineer"), case.engineer),
                (case.label("finished"), case.at(ev.WorkFinished)),
            ]
        ),
        Signatures(
            [
                (case.label("sign.engineer"), _signed(case)),
                (case.label("sign.customer"), case.at(ev.CustomerAccepted)),
            ]
        ),
    ]
    return [Part(None, blocks)]


def _signed(case: Case) -> str:
    at = case.at(ev.WorkFinished)
    return f"{case.engineer} · {at}" if at else ""
