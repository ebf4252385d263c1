"""
Things, expenses and providers: may this change hands, who signs, who may judge.

Pure, like `decide`, whose table lists these handlers.
"""

from __future__ import annotations

from dispatcher.desk.command import stores as w
from dispatcher.desk.command.gates import check
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import custody, provider
from dispatcher.domain.custody import CUSTOMER, DEPOT, ENGINEER, CustodyMoved, Holding
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import (
    ApproverMissing,
    BadField,
    MissingReason,
    NotHeld,
    SecondPersonNeeded,
    UnknownProvider,
)
from dispatcher.units import DAY_S

# R82: a change of a provider's record is settled within three days
CHANGE_S = 3 * DAY_S
# house: a failed provider has a month to mend unless the assessment says otherwise
RECTIFY_S = 30 * DAY_S
# moves that say what became of a trip's things end with these reasons only
_WANT_REASON = frozenset({"lost"})
# R43, M0 5.3.6: what leaves a depot is signed for
_WANT_APPROVER = frozenset({"part", "kit"})


def list_item(command: w.ListItem, docs: CommandDocs, _context: Context) -> Decision:
    """Let a depot keep something."""
    if command.what not in custody.ITEM_KINDS or command.what == "goods":
        raise BadField(field="what", value=command.what, rule="part, kit, tool or loaner")
    if command.grade and command.what != "part":
        raise BadField(field="grade", value=command.grade, rule="only parts have a class")
    stock = docs.territory().stock
    known = any((one.depot, one.item) == (command.depot, command.item) for one in stock)
    if not known:
        _room(len(stock))
    listed = custody.ItemListed(
        item=command.item,
        depot=command.depot,
        what=command.what,
        grade=command.grade,
        minimum=command.minimum,
    )
    return facts(listed)


def _room(lines: int) -> None:
    if lines >= custody.MOST_STOCK:
        rule = f"a territory keeps at most {custody.MOST_STOCK} lines of stock; use another one"
        raise BadField(field="item", value=lines + 1, rule=rule)


def move_things(command: w.MoveThings, docs: CommandDocs, context: Context) -> Decision:
    """Let things change hands; what the giver does not have cannot be given."""
    route = custody.MOVES.get(command.move)
    if route is None:
        rule = f"choose one of {', '.join(custody.MOVES)}"
        raise BadField(field="move", value=command.move, rule=rule)
    for side, kind, kinds in (
        ("source", command.source_kind, route.sources),
        ("target", command.target_kind, route.targets),
    ):
        if kind not in kinds:
            rule = f'for "{command.move}" it must be {" or ".join(kinds)}'
            raise BadField(field=side, value=kind, rule=rule)
    ticket = _checked(command, docs)
    rows = _drawn(command, docs, ticket)
    if command.move in _WANT_REASON and not command.reason.strip():
        raise MissingReason(move=command.move, ticket=ticket.id if ticket else command.item)
    if command.move == "issued" and rows[0][0].what in _WANT_APPROVER and not command.approver:
        raise ApproverMissing(item=command.item)
    if command.move == "issued" and ticket is not None:
        check(ticket, "issue_part", docs, context, approver=command.approver)
    return facts(*(_moved(command, row, quantity) for row, quantity in rows))


def _checked(command: w.MoveThings, docs: CommandDocs) -> Ticket | None:
    """Return the job it is for; refuse holders and jobs that there are not."""
    if command.quantity < 1:
        raise BadField(field="quantity", value=command.quantity, rule="at least 1")
    named = command.ticket
    for kind, holder in (
        (command.source_kind, command.source),
        (command.target_kind, command.target),
    ):
        if kind == ENGINEER:
            docs.engineer(EngineerId(holder))
        elif kind == CUSTOMER:
            named = TicketId(holder)
        elif kind == DEPOT and not holder:
            raise BadField(field="depot", value="", rule="name the depot")
    if command.source_kind == command.target_kind and command.source == command.target:
        raise BadField(field="target", value=command.target, rule="somebody else than the giver")
    wants_job = command.move in {"used", "lent", "brought_back", "taken_in", "given_back"}
    if named is None and wants_job:
        raise BadField(field="ticket", value="", rule="name the job it is for")
    return docs.ticket(named) if named is not None else None


def _drawn(
    command: w.MoveThings, docs: CommandDocs, ticket: Ticket | None
) -> tuple[tuple[Holding, int], ...]:
    """Return from which holdings the things come, with the trip they belong to afterwards."""
    stock = docs.territory().stock
    trip = "" if command.is_for_van or ticket is None else ticket.id
    if command.source_kind == DEPOT:
        lines = [s for s in stock if (s.depot, s.item) == (command.source, command.item)]
        has = sum(line.quantity for line in lines)
        if has < command.quantity:
            raise NotHeld(
                holder=command.source, item=command.item, has=has, wanted=command.quantity
            )
        what = lines[0].what
        # tools are kept by the person, not by the trip (R46)
        trip = "" if what == "tool" else trip
        return ((Holding(command.item, command.quantity, what, trip), command.quantity),)
    if command.source_kind == ENGINEER:
        holds = docs.engineer(EngineerId(command.source)).holds
        return _enough(command, holds, trip)
    if command.source_kind == CUSTOMER and ticket is not None:
        return _enough(command, ticket.loans, trip)
    # from outside: goods of a customer, or what a supplier delivers
    listed = [s for s in stock if s.item == command.item]
    what = "goods" if command.move == "taken_in" else listed[0].what if listed else command.what
    if what not in custody.ITEM_KINDS:
        rule = f"list it first, or say what it is: {', '.join(custody.ITEM_KINDS)}"
        raise BadField(field="item", value=command.item, rule=rule)
    if command.target_kind == DEPOT and not listed:
        _room(len(stock))
    return ((Holding(command.item, command.quantity, what, trip), command.quantity),)


def _enough(
    command: w.MoveThings, holds: tuple[Holding, ...], trip: str
) -> tuple[tuple[Holding, int], ...]:
    rows = custody.draw(holds, command.item, command.quantity, trip)
    has = sum(quantity for _, quantity in rows)
    if has < command.quantity:
        raise NotHeld(holder=command.source, item=command.item, has=has, wanted=command.quantity)
    if command.target_kind == ENGINEER and command.source_kind == CUSTOMER:
        # a loaner that comes back belongs to the trip that fetched it
        rows = tuple((row._replace(trip=trip), quantity) for row, quantity in rows)
    return rows


def _moved(command: w.MoveThings, row: Holding, quantity: int) -> CustodyMoved:
    people = [
        EngineerId(holder)
        for kind, holder in (
            (command.source_kind, command.source),
            (command.target_kind, command.target),
        )
        if kind == ENGINEER
    ]
    ticket = command.ticket
    for kind, holder in (
        (command.source_kind, command.source),
        (command.target_kind, command.target),
    ):
        if kind == CUSTOMER:
            ticket = TicketId(holder)
    return CustodyMoved(
        move=command.move,
        item=command.item,
        what=row.what,
        quantity=quantity,
        source=command.source,
        target=command.target,
        source_kind=command.source_kind,
        target_kind=command.target_kind,
        ticket=ticket,
        engineer=people[0] if people else None,
        trip=row.trip,
        approver=command.approver,
        document=command.document,
        reason=command.reason,
    )


def need_parts(command: w.NeedParts, docs: CommandDocs, _context: Context) -> Decision:
    """Write down the parts a job needs, with the class the stock knows them by."""
    ticket = docs.ticket(command.ticket)
    grades = {one.item: one.grade for one in docs.territory().stock if one.grade}
    parts = tuple(
        one._replace(grade=grades.get(one.item, one.grade))
        for one in sorted(command.parts)
        if one.quantity > 0
    )
    if parts == ticket.parts:
        return facts()
    return facts(custody.PartsNeeded(ticket=ticket.id, parts=parts))


def claim_expense(command: w.ClaimExpense, docs: CommandDocs, _context: Context) -> Decision:
    """Write down what an engineer paid."""
    docs.engineer(command.engineer)
    if command.ticket is not None:
        docs.ticket(command.ticket)
    if command.category not in custody.EXPENSES:
        rule = f"choose one of {', '.join(custody.EXPENSES)}"
        raise BadField(field="category", value=command.category, rule=rule)
    if command.amount_cents <= 0:
        raise BadField(field="amount_cents", value=command.amount_cents, rule="more than 0")
    claimed = custody.ExpenseClaimed(
        engineer=command.engineer,
        category=command.category,
        amount_cents=command.amount_cents,
        ticket=command.ticket,
        document=command.document,
    )
    return facts(claimed)


def _provider(docs: CommandDocs, name: str) -> provider.Provider:
    found = docs.territory().provider(name)
    if found is None:
        raise UnknownProvider(provider=name)
    return found


def list_provider(command: w.ListProvider, docs: CommandDocs, _context: Context) -> Decision:
    """Put a provider on the list."""
    home = docs.territory()
    known = home.provider(command.provider)
    if known is None and len(home.providers) >= provider.MOST_PROVIDERS:
        rule = f"a territory has at most {provider.MOST_PROVIDERS} providers"
        raise BadField(field="provider", value=command.provider, rule=rule)
    if known is not None and known.name == command.name:
        return facts()
    return facts(provider.ProviderListed(provider=command.provider, name=command.name))


def assess_provider(command: w.AssessProvider, docs: CommandDocs, context: Context) -> Decision:
    """Give a provider its points."""
    _provider(docs, command.provider)
    by_at = command.rectify_by_at
    if command.score < provider.PASS_SCORE and by_at is None:
        by_at = context.now + RECTIFY_S
    assessed = provider.ProviderAssessed(
        provider=command.provider,
        score=command.score,
        rectify_by_at=by_at if command.score < provider.PASS_SCORE else None,
    )
    return facts(assessed)


def ask_change(command: w.AskProviderChange, docs: CommandDocs, context: Context) -> Decision:
    """Ask for a change of a provider's record."""
    _provider(docs, command.provider)
    if command.what not in provider.CHANGES:
        rule = f"choose one of {', '.join(provider.CHANGES)}"
        raise BadField(field="what", value=command.what, rule=rule)
    asked = provider.ProviderChangeAsked(
        provider=command.provider, what=command.what, due_at=context.happened_at + CHANGE_S
    )
    return facts(asked)


def settle_change(
    command: w.SettleProviderChange, docs: CommandDocs, _context: Context
) -> Decision:
    """Make or refuse a change; bank details need another person than the one who asked."""
    known = _provider(docs, command.provider)
    waiting = next((one for one in known.pending if one.what == command.what), None)
    if waiting is None:
        rule = "no such change was asked for; ask for it first"
        raise BadField(field="what", value=command.what, rule=rule)
    if command.what == "bank" and command.is_accepted and command.by == waiting.asked_by:
        raise SecondPersonNeeded(provider=known.id, what=command.what, actor=command.by)
    settled = provider.ProviderChangeSettled(
        provider=known.id, what=command.what, is_accepted=command.is_accepted
    )
    return facts(settled)


def contract_terms(command: w.SetContractTerms, docs: CommandDocs, _context: Context) -> Decision:
    """Write down what a contract says about who may come."""
    terms = docs.territory().terms
    if len(terms) >= provider.MOST_TERMS and all(t.contract != command.contract for t in terms):
        rule = f"a territory knows the terms of at most {provider.MOST_TERMS} contracts"
        raise BadField(field="contract", value=command.contract, rule=rule)
    new = provider.ContractTermsSet(
        contract=command.contract, own_staff_only=command.own_staff_only
    )
    return facts(new)
