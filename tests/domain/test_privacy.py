"""The veil: what is left of a name, who may lift it, and for which visit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.privacy import (
    ADDRESS,
    CONTACT,
    MODEL,
    PURPOSES,
    is_under_way,
    purposes_of,
    street_of,
    veiled,
    veiled_phone,
)
from dispatcher.domain.ticket import Status
from dispatcher.texts import LANGS, catalogue
from tests.store.village import ticket

MINE = replace(ticket("T1"), engineer="E1")


def _at(name: str, status: Status, engineer: str = "E1"):
    return replace(MINE, id=name, status=status, engineer=engineer)


@given(st.text(max_size=40))
def test_veil_leaves_one_letter_at_most(text: str) -> None:
    """Of a name or model the first letter is left, of a number two digits."""
    assert len(veiled(text).replace("*", "")) <= 1 or text.strip()[:1] == "*"
    assert sum(c.isdigit() for c in veiled_phone(text)) <= 2


@pytest.mark.parametrize(
    ("address", "street"),
    [
        ("Laugavegur 22, 101 Reykjavík", "Laugavegur"),
        ("Laugavegur 22A", "Laugavegur"),
        ("Hverfisgata 4-6", "Hverfisgata"),
        ("中山路12号", "中山路"),
        ("", ""),
    ],
)
def test_street_has_no_house_number(address: str, street: str) -> None:
    """The street may be told, the number not."""
    assert street_of(address) == street


def test_each_purpose_shows_what_it_needs_and_has_words() -> None:
    """Operations see the model for parts, and never a customer; engineers have visits and forms."""
    assert purposes_of("operations") == ("parts",)
    assert PURPOSES["parts"].shows == (MODEL,)
    assert purposes_of("engineer") == ("visit", "form")
    assert purposes_of("read-only") == purposes_of("service") == ()
    assert PURPOSES["notice"].shows == (CONTACT,)
    assert ADDRESS not in PURPOSES["call_back"].shows
    for lang in LANGS:
        assert all(f"reveal.{name}" in catalogue(lang) for name in PURPOSES)


@pytest.mark.parametrize("status", list(Status))
def test_visit_under_way_is_the_engineers_own_and_running(status: Status) -> None:
    """Travelling, on site, or accepted while nothing else runs; never another's."""
    running = {Status.ACCEPTED, Status.TRAVELLING, Status.ON_SITE}
    one = _at("T1", status)
    assert is_under_way(one, "E1", [one]) == (status in running)
    assert not is_under_way(one, "E2", [one])


def test_only_one_visit_is_under_way() -> None:
    """The next accepted one is veiled until the engineer has finished where they are."""
    here, following = _at("T1", Status.ON_SITE), _at("T2", Status.ACCEPTED)
    assert is_under_way(here, "E1", [here, following])
    assert not is_under_way(following, "E1", [here, following])
    first, second = _at("T1", Status.ACCEPTED), _at("T2", Status.ACCEPTED)
    assert is_under_way(first, "E1", [first, second])
    assert not is_under_way(second, "E1", [first, second])
