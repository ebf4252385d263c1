"""
Knowledge: what was wrong with what, who put it right and how (R38, R39), and rare cases written up (R40).

A row a ticket, listed once the work is done. Holds no site, no customer, no contact (R91).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Ticket
from dispatcher.ledgers.book import Columns, Ledger, Seen, with_fact
from dispatcher.ledgers.wording import scrubbed, tokens

# no free text is kept longer
_MOST = 600
# categories of tickets that repair nothing
_NO_FAULTS = frozenset({"preventive", "recall", "follow_up"})


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One fault and its repair."""

    ticket: str
    model: str = ""
    category: str = ""
    asset: str | None = None
    symptom: str = ""
    # what the diagnosis said, and where it came from
    fault: str = ""
    cause: str = ""
    # the closing report
    found: str = ""
    done: str = ""
    parts: tuple[str, ...] = ()
    # who put it right
    engineer: str | None = None
    reported_at: int = 0
    # 0 = not yet
    solved_at: int = 0
    # visits that ended without a repair
    tries: int = 0
    # open, solved, disputed
    state: str = "open"
    # a rare case has a title and a text of its own (R40)
    title: str = ""
    text: str = ""
    author: str = ""
    facts: tuple[int, ...] = ()


def _fold(seen: Seen[Case], fact: Fact, _home: Territory) -> Iterator[tuple[str, Case]]:
    event = fact.event
    if isinstance(event, ev.TicketReported):
        ticket = event.ticket
        if ticket.joins is None and ticket.category not in _NO_FAULTS:
            yield ticket.id, _opened(ticket, fact)
        return
    name = ev.ticket_of(event)
    case = seen.get(name) if name else None
    changed = _changed(case, event, fact) if case is not None else None
    if case is not None and changed is not None:
        row = msgspec.structs.replace(changed, facts=with_fact(case.facts, fact.seq))
        yield case.ticket, row


def _opened(ticket: Ticket, fact: Fact) -> Case:
    return Case(
        ticket=ticket.id,
        model=ticket.model[:80],
        category=ticket.category,
        asset=ticket.asset,
        symptom=_said(ticket.symptom),
        reported_at=fact.at,
        facts=(fact.seq,),
    )


def _said(text: str) -> str:
    return scrubbed(" ".join(text.split()))[:_MOST]


def _changed(case: Case, event: ev.Event, fact: Fact) -> Case | None:
    """Return a case after a fact; None when it says nothing about the fault."""
    replace = msgspec.structs.replace
    changed: Case | None = None
    match event:
        case ev.FaultDiagnosed():
            changed = replace(case, fault=_said(event.fault), cause=event.cause)
        case ev.FeeDrafted():
            parts = tuple(item.name for item in event.items if item.kind == "part")
            changed = replace(case, parts=parts)
        case ev.VisitIncomplete():
            changed = replace(case, tries=case.tries + 1)
        case ev.WorkFinished():
            changed = replace(
                case,
                found=_said(event.found),
                done=_said(event.done),
                engineer=event.engineer,
                solved_at=fact.at,
                state="solved",
            )
        case ev.TicketSolved(how="remote"):
            told = {"found": _said(event.found), "done": _said(event.done)}
            changed = replace(case, **told, solved_at=fact.at, state="solved")
        case ev.CustomerDisputed():
            # the repair was none
            changed = replace(case, state="disputed", tries=case.tries + 1)
        case ev.CaseWritten():
            changed = replace(
                case, title=_said(event.title), text=_said(event.text), author=fact.actor
            )
        case _:
            pass
    return changed


def _columns(case: Case) -> Columns | None:
    if case.state == "open" and not case.title:
        return None
    return Columns(
        at=case.solved_at or case.reported_at,
        state=case.state,
        subject=case.model,
        engineer=case.engineer,
        ticket=case.ticket,
        amount=case.tries,
    )


def words(case: Case) -> str:
    """Return what a case is looked for by: its tokens, each as often as it stands there."""
    if _columns(case) is None:
        return ""
    told = (case.model, case.symptom, case.fault, case.found, case.done, case.title, case.text)
    return " ".join(tokens(" . ".join((*told, *case.parts))))


knowledge = Ledger(
    name="knowledge",
    version="2",
    record=Case,
    hears=frozenset(
        {
            *(ev.TicketReported, ev.FaultDiagnosed, ev.FeeDrafted, ev.VisitIncomplete),
            *(ev.WorkFinished, ev.TicketSolved, ev.CustomerDisputed, ev.CaseWritten),
        }
    ),
    fold=_fold,
    columns=_columns,
    states=("open", "solved", "disputed"),
    words=words,
)
