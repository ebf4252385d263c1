"""Every row of `LEDGERS` has its words, its own name, and folds without a look at a clock."""

from __future__ import annotations

import pytest

from dispatcher.ledgers import BY_NAME, LEDGERS, Ledger
from dispatcher.ledgers.book import MOST_FACTS, with_fact
from dispatcher.texts import LANGS, catalogue

every_ledger = pytest.mark.parametrize("ledger", LEDGERS, ids=[one.name for one in LEDGERS])


def test_names_are_unique() -> None:
    """Two ledgers never share a name."""
    assert len(BY_NAME) == len(LEDGERS)


@every_ledger
def test_every_field_and_state_has_its_words(ledger: Ledger) -> None:
    """Title, purpose, states and fields are told in both languages."""
    name = ledger.name
    wanted = [f"ledger.{name}{part}" for part in ("", ".about", ".subject", ".amount")]
    wanted += [f"ledger.field.{one}" for one in ledger.record.__struct_fields__ if one != "facts"]
    for lang in LANGS:
        texts = catalogue(lang)
        missing = [key for key in wanted if key not in texts]
        missing += [
            one
            for one in ledger.states
            if f"ledger.state.{one}" not in texts and f"ledger.{name}.{one}" not in texts
        ]
        assert missing == [], lang


def test_row_remembers_its_first_and_latest_facts() -> None:
    """A row of many facts keeps the first and the latest ones; the same fact counts once."""
    facts: tuple[int, ...] = ()
    for seq in [*range(1, 300), 299]:
        facts = with_fact(facts, seq)
    assert len(facts) == MOST_FACTS
    assert (facts[0], facts[1], facts[-1]) == (1, 101, 299)
