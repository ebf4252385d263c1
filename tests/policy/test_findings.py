"""Contradictions: all nine topics are found with their clauses, and a recorded choice settles them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.policy import Profile, load_policy
from dispatcher.policy.compiling import compile_profile
from dispatcher.policy.findings import TOPICS, find, find_between
from dispatcher.policy.reading import read_profile
from dispatcher.policy.telling import finding_words, rule_words

EVERYTHING = Path(__file__).parent / "files" / "everything.toml"


def compiled(folder: Path, text: str, name: str = "own") -> Profile:
    """Return a profile that changes the standard one."""
    head = f'name = "{name}"\ntitle = {{ en = "x", zh = "x" }}\nextends = "standard"\n'
    file = folder / f"{name}.toml"
    file.write_text(head + text, "utf-8")
    return compile_profile(read_profile(file))


def test_all_nine_topics_are_found_with_both_clauses() -> None:
    """The table at the end of the requirements, stated in one file without a choice."""
    found = find(compile_profile(read_profile(EVERYTHING)))
    unsettled = [one for one in found if not one.is_settled]
    assert {one.topic for one in unsettled} == set(TOPICS)
    clauses = {one.topic: {clause for clause, _ in one.claims} for one in reversed(unsettled)}
    assert clauses["response"] == {"M0 5.2.1", "M3 3(2)", "M4 P4", "M4 P5-7, 8"}
    assert clauses["on_site"] == {"M4 P5-9", "M4 P5-10", "M4 P5-4.3"}
    assert clauses["fix_before_arrival"] == {"M4 P5-9", "M4 P4"}
    assert clauses["fix"] == {"M4 P4", "M4 P5-10"}
    # weekends only against two office hours
    pair = next(one for one in unsettled if one.name == "due_before_dispatch.fix.general")
    assert (pair.topic, {clause for clause, _ in pair.claims}) == (
        "work_days",
        {"M4 P1 5.2.3c", "M4 P4"},
    )
    assert clauses["signature"] == {"M2 Ops 2.4", "M4 P1 9"}
    assert clauses["preference"] == {"M4 P1 5.2.3a", "M1 5.7", "M0 5.4.6"}
    assert clauses["promise"] == {"M0 5.3.8", "M4 P1 6"}
    for one in unsettled:
        for lang in ("en", "zh"):
            assert "{" not in finding_words(one, lang) + rule_words(one, lang)


def test_stricter_promise_holds_until_somebody_chooses(tmp_path: Path) -> None:
    """R16: 1 h against 2 h: the hour holds; with a choice the clause that was chosen."""
    claims = (
        '[clocks.arrive]\nclaims = [{ clause = "M4 P5-9", target = "1h" },'
        ' { clause = "M4 P5-10", target = "2h" }]\n'
    )
    unsettled = compiled(tmp_path, claims)
    assert unsettled.clock("arrive").term(1).clause == "M4 P5-9"
    [finding] = [one for one in find(unsettled) if one.kind == "several_promises"]
    assert (finding.rule, finding.is_settled) == ("stricter", False)
    chosen = compiled(tmp_path, claims + 'choice = "M4 P5-10"\n')
    assert chosen.clock("arrive").term(1).seconds == 7200
    [finding] = [one for one in find(chosen) if one.kind == "several_promises"]
    assert (finding.rule, finding.is_settled) == ("M4 P5-10", True)


def test_shipped_profiles_have_nothing_open() -> None:
    """No false alarm: every contradiction of the shipped profiles has its choice recorded."""
    policy = load_policy()
    found = [one for profile in policy.profiles.values() for one in find(profile)]
    found += find_between(policy)
    assert [one.name for one in found if not one.is_settled] == []
    # and none of the nine is silently absent
    assert {one.topic for one in found} >= set(TOPICS)


def test_weekends_only_against_a_four_hour_fix_is_an_impossible_pair(tmp_path: Path) -> None:
    """R29: on Monday nobody may go before the four hours are over; R14's sister."""
    text = '[dispatch]\ncalendar = "weekend"\n[clocks.fix]\ntarget = "4h"\nclause = "M4 P4"\n'
    text += '[clocks.arrive]\ncalendar = "weekend"\ntarget = "1wd"\nclause = "M4 P1 5.2.3c"\n'
    found = {one.name: one for one in find(compiled(tmp_path, text))}
    pair = found["due_before_dispatch.fix.general"]
    assert {clause for clause, _ in pair.claims} == {"M4 P1 5.2.3c", "M4 P4"}
    assert not pair.is_settled
    text += '[settled]\n"due_before_dispatch.fix.general" = "exception_in_writing"\n'
    found = {one.name: one for one in find(compiled(tmp_path, text))}
    assert found["due_before_dispatch.fix.general"].is_settled


def test_settlement_of_nothing_is_told(tmp_path: Path) -> None:
    """A recorded choice whose contradiction is gone does not hide in the file."""
    text = '[settled]\n"fix_before_arrive.fix.major" = "earlier_holds"\n'
    found = [one for one in find(compiled(tmp_path, text)) if one.kind == "settles_nothing"]
    assert [one.name for one in found] == ["fix_before_arrive.fix.major"]


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        # without any row nobody gets any profile but the house's
        ("", "profiles_differ.on_site"),
        # the first row takes everything
        (
            '{ profile = "machine" }, { contract = ["it"], profile = "it-hardware" },',
            "row_never_reached.2",
        ),
    ],
)
def test_choice_that_cannot_tell_profiles_apart_is_open(
    tmp_path: Path, rows: str, name: str
) -> None:
    """Profiles differ, so a table must choose among them by contract, product or severity."""
    (tmp_path / "choice.toml").write_text(f"rows = [{rows}]", "utf-8")
    found = {one.name: one for one in find_between(load_policy("standard", tmp_path))}
    assert not found[name].is_settled


@pytest.mark.parametrize(
    ("topic", "text", "clauses"),
    [
        (
            "response",
            (
                '[clocks.response]\nclaims = [{ clause = "M0 5.2.1", target = "24h" },'
                ' { clause = "M3 3(2)", target = "15m" }]\n'
            ),
            {"M0 5.2.1", "M3 3(2)"},
        ),
        (
            "on_site",
            (
                '[clocks.arrive]\nclaims = [{ clause = "M4 P5-9", target = "1h" },'
                ' { clause = "M4 P5-10", target = "2h" }]\n'
            ),
            {"M4 P5-9", "M4 P5-10"},
        ),
        (
            "fix_before_arrival",
            '[clocks.fix]\ntarget = { general = "72h", major = "30m" }\nclause = "M4 P4"\n',
            {"house, within M3 2(2)", "M4 P4"},
        ),
        (
            "fix",
            (
                '[clocks.fix]\nclaims = [{ clause = "M4 P4", target = "24h" },'
                ' { clause = "M4 P5-10", target = "48h" }]\n'
            ),
            {"M4 P4", "M4 P5-10"},
        ),
        (
            "work_days",
            '[clocks.fix]\ncalendar = "office"\ntarget = "72h"\nclause = "M3 2(2)"\n',
            {"M3 2(2)", "M4 P4"},
        ),
        ("warranty", '[rivals.warranty]\nchoice = ""\n', {"M4"}),
        ("signature", '[rivals.signature]\nchoice = ""\n', {"M2 Ops 2.4", "M4 P1 9"}),
        (
            "preference",
            '[rivals.preference]\nchoice = "weighted"\nprices = { suitable = "", near = "" }\n',
            {"M4 P1 5.2.3a", "M1 5.7", "M0 5.4.6"},
        ),
        ("promise", '[rivals.promise]\nchoice = ""\n', {"M0 5.3.8", "M4 P1 6"}),
    ],
)
def test_each_topic_is_found_alone(
    tmp_path: Path, topic: str, text: str, clauses: set[str]
) -> None:
    """Said alone in a file: that topic is open with both sides, and nothing else is (no false alarm)."""
    open_ = [one for one in find(compiled(tmp_path, text)) if not one.is_settled]
    assert {one.topic for one in open_} == {topic}
    for one in open_:
        assert len({words for _, words in one.claims} | {c for c, _ in one.claims}) > 1, one
    assert {clause for one in open_ for clause, _ in one.claims} == clauses


def test_standard_profile_alone_has_nothing_open(tmp_path: Path) -> None:
    """A file that changes nothing raises no alarm."""
    assert [one.name for one in find(compiled(tmp_path, "")) if not one.is_settled] == []
