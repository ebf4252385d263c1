"""Providers: every assessment and every change of a record, and what came of it (R81-R84)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain.events import Fact
from dispatcher.domain.provider import (
    MOST_FAILURES,
    PASS_SCORE,
    ContractTermsSet,
    ProviderAssessed,
    ProviderChangeAsked,
    ProviderChangeSettled,
    ProviderListed,
)
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import NEVER_AT, Columns, Ledger, Seen, with_fact


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One matter of one provider, or of a contract that forbids them."""

    provider: str
    # standing, assessment, change, contract
    matter: str
    # what is to be changed; the contract's name
    about: str = ""
    state: str
    score: int | None = None
    # assessments failed in a row
    failures: int = 0
    since_at: int
    by: str
    # mend or settle until
    due_at: int | None = None
    ended_at: int | None = None
    ended_by: str = ""
    facts: tuple[int, ...] = ()


def _fold(seen: Seen[Entry], fact: Fact, _home: Territory) -> Iterator[tuple[str, Entry]]:
    match fact.event:
        case ProviderListed(provider=provider):
            before = seen.get(provider)
            yield provider, _with(before, fact) if before else _standing(provider, fact)
        case ProviderAssessed(provider=provider) as event:
            yield from _assessed(seen, fact, provider, event)
        case ProviderChangeAsked(provider=provider, what=what, due_at=due_at):
            before = seen.get(f"{provider}/{what}")
            if before is not None:
                # the same thing may be changed again; what was settled keeps a row of its own
                yield f"{provider}/{what}/{before.facts[0]}", before
            yield (
                f"{provider}/{what}",
                Entry(
                    provider=provider,
                    matter="change",
                    about=what,
                    state="waiting",
                    since_at=fact.at,
                    by=fact.actor,
                    due_at=due_at,
                    facts=(fact.seq,),
                ),
            )
        case ProviderChangeSettled(provider=provider, what=what, is_accepted=accepted):
            waiting = seen.get(f"{provider}/{what}")
            if waiting is not None and waiting.state == "waiting":
                state = "made" if accepted else "refused"
                ended = {"state": state, "ended_at": fact.at, "ended_by": fact.actor}
                yield f"{provider}/{what}", _with(waiting, fact, **ended)
        case ContractTermsSet(contract=contract, own_staff_only=own_only):
            known = seen.get(f"contract/{contract}")
            row = known or Entry(
                provider="",
                matter="contract",
                about=contract,
                state="open_to_all",
                since_at=fact.at,
                by=fact.actor,
            )
            state = "own_staff_only" if own_only else "open_to_all"
            yield f"contract/{contract}", _with(row, fact, state=state, by=fact.actor)
        case _:
            return


def _standing(provider: str, fact: Fact) -> Entry:
    return Entry(
        provider=provider,
        matter="standing",
        state="listed",
        since_at=fact.at,
        by=fact.actor,
        facts=(fact.seq,),
    )


def _with(row: Entry, fact: Fact, **news: object) -> Entry:
    return msgspec.structs.replace(row, facts=with_fact(row.facts, fact.seq), **news)


def _assessed(
    seen: Seen[Entry], fact: Fact, provider: str, event: ProviderAssessed
) -> Iterator[tuple[str, Entry]]:
    standing = seen.get(provider) or _standing(provider, fact)
    is_passed = event.score >= PASS_SCORE
    failures = 0 if is_passed else standing.failures + 1
    state = "passed" if is_passed else "rectifying" if failures < MOST_FAILURES else "cancelled"
    if standing.state == "cancelled":
        state, failures = "cancelled", standing.failures
    due_at = event.rectify_by_at if state == "rectifying" else None
    news = {"state": state, "score": event.score, "failures": failures, "due_at": due_at}
    yield provider, _with(standing, fact, **news)
    yield (
        f"{provider}/score/{fact.seq}",
        Entry(
            provider=provider,
            matter="assessment",
            state="good" if is_passed else "failed",
            score=event.score,
            since_at=fact.at,
            by=fact.actor,
            due_at=due_at,
            facts=(fact.seq,),
        ),
    )


def _columns(row: Entry) -> Columns:
    return Columns(
        at=row.since_at,
        state=row.state,
        subject=row.provider or row.about,
        until_at=row.ended_at or row.due_at or NEVER_AT,
        amount=row.score or 0,
    )


providers = Ledger(
    name="providers",
    version="1",
    record=Entry,
    hears=frozenset(
        {
            ProviderListed,
            ProviderAssessed,
            ProviderChangeAsked,
            ProviderChangeSettled,
            ContractTermsSet,
        }
    ),
    fold=_fold,
    columns=_columns,
    states=(
        *("listed", "passed", "rectifying", "cancelled", "good", "failed"),
        *("waiting", "made", "refused", "own_staff_only", "open_to_all"),
    ),
)
