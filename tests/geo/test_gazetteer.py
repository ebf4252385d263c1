"""People find their address although they mistype it."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from dispatcher.geo.city import City
from dispatcher.geo.gazetteer import Gazetteer, fold


@pytest.fixture(scope="module")
def names(reykjavik: City) -> Gazetteer:
    """The shipped city's names."""
    return reykjavik.gazetteer


@pytest.mark.parametrize(
    "text",
    [
        "Laugavegur 22",
        "laugavegur 22",
        "LAUGAVEGUR  22",
        "22 Laugavegur",
        "Laugavegur 22, Reykjavík",
        "Laugavegur 22, 101",
        "Ｌａｕｇａｖｅｇｕｒ　２２",
    ],
)
def test_exact_number_comes_first_however_it_is_written(names: Gazetteer, text: str) -> None:
    """Case, order, town and full-width letters do not matter."""
    best = names.search(text)[0]
    assert best.label == "Laugavegur 22, 101 Reykjavík"
    assert (best.kind, best.confidence, best.number) == ("address", "rooftop", "22")


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("vegamotastigur 4", "Vegamótastígur"),
        ("Skolavordustigur", "Skólavörðustígur"),
        ("Vegamotstigur", "Vegamótastígur"),
        ("Langavegur 2", "Laugavegur"),
        ("hverfisgta", "Hverfisgata"),
        ("laugave", "Laugavegur"),
    ],
)
def test_accents_typing_errors_and_beginnings(names: Gazetteer, text: str, street: str) -> None:
    """Folded accents, a slip of the finger and a half typed name lead to the street."""
    assert names.search(text, near=(64.145, -21.93))[0].street == street


def test_letter_belongs_to_the_number(names: Gazetteer) -> None:
    """22a is not 22."""
    assert names.search("laugavegur 22a")[0].number == "22a"
    assert [a.number for a in names.search("laugavegur 22")[:2]] == ["22", "22a"]


def test_exact_number_wins_over_a_nearer_longer_one(names: Gazetteer) -> None:
    """Who types 2 wants number 2, although 20 to 29 lie nearer."""
    near = names.search("laugavegur 26")[0]
    assert names.search("laugavegur 2", near=(near.lat, near.lon))[0].number == "2"


def test_number_that_does_not_exist_gives_the_street(names: Gazetteer) -> None:
    """The street comes with less confidence, never a made-up house."""
    found = names.search("Laugavegur 9999")
    assert (found[0].kind, found[0].confidence) == ("street", "street")


def test_crossing_and_district(names: Gazetteer) -> None:
    """Crossings and parts of the city have names too."""
    assert names.search("Laugavegur Snorrabraut")[0].kind == "crossing"
    assert names.search("Snorrabraut / Laugavegur")[0].label == "Laugavegur / Snorrabraut"
    assert names.search("Kópavogur")[0].kind == "district"


def test_nearer_one_of_two_streets_comes_first(names: Gazetteer) -> None:
    """Of names that fit alike the one near the asker wins."""
    rows = names._all("SELECT name, lat, lon FROM named WHERE kind = 'street' ORDER BY name, id")
    twins = [(a, b) for a, b in pairwise(rows) if a[0] == b[0]]
    name, lat, lon = twins[0][1]
    best = names.search(name, near=(lat, lon))[0]
    assert (best.lat, best.lon) == (lat, lon)


@pytest.mark.parametrize("text", ["", "   ", "%", '"', "'", 'a"b OR *', "x" * 5000, "1", "号", "-"])
def test_odd_texts_are_answered(names: Gazetteer, text: str) -> None:
    """Nothing a person types breaks the search."""
    assert len(names.search(text, limit=999)) <= 20


def test_search_is_quick(names: Gazetteer) -> None:
    """A search takes a few milliseconds, so that it can follow the typing."""
    names.search("warm")
    begin = time.thread_time()
    for text in ("Skólavörðustígur 12", "hafnarfj", "Langavegur 2", "ab"):
        names.search(text)
    assert (time.thread_time() - begin) / 4 < 0.05


def test_reverse_names_house_street_or_point(names: Gazetteer) -> None:
    """The nearest house, else the street, else bare numbers."""
    house = names.search("Vegamótastígur 4")[0]
    back = names.reverse(house.lat + 1e-5, house.lon)
    assert (back.label, back.confidence) == (house.label, "rooftop")
    assert back.distance_m is not None
    assert back.distance_m < 3
    sea = names.reverse(64.17, -21.99)
    assert (sea.kind, sea.label) == ("point", "64.17000, -21.99000")


def test_sample_is_repeatable_and_on_the_map(reykjavik: City, names: Gazetteer) -> None:
    """The same seed gives the same addresses, all of them near streets."""
    some = names.sample(np.random.default_rng(7), 50)
    assert some == names.sample(np.random.default_rng(7), 50)
    assert all(a.confidence == "rooftop" for a in some)
    assert (reykjavik.snap([(a.lat, a.lon) for a in some]).distance_m < 350).all()


def test_fold() -> None:
    """Letters are compared without marks; Chinese stays."""
    assert fold("Þórsgata  Æ-Ö") == "thorsgata ae-o"
    assert fold("深南大道２０１２号") == "深南大道2012号"
