"""Facts numbered one after the other, folded into one ledger."""

from __future__ import annotations

from typing import TypeVar

from dispatcher.domain import events as ev
from dispatcher.domain.territory import Territory
from dispatcher.ledgers import Ledger, fold_all

NOW = 1_800_000_000
HOME = Territory(id="village", name="The village", city="village", zone="Asia/Shanghai")
R = TypeVar("R")


def facts_of(*said: tuple[ev.Event, int], actor: str = "dan") -> list[ev.Fact]:
    """These events with their moments as the facts 1, 2, 3 …"""
    return [
        ev.Fact(territory=HOME.id, seq=seq, event=event, actor=actor, at=at, recorded_at=at)
        for seq, (event, at) in enumerate(said, 1)
    ]


def written(ledger: Ledger[R], *said: tuple[ev.Event, int]) -> dict[str, R]:
    """All rows of a ledger after these events."""
    return fold_all(ledger, facts_of(*said), HOME)
