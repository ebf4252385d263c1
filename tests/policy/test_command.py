"""`dispatcher policy`: what a person and a script see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.policy import load_policy, telling
from dispatcher.policy.findings import find

POLICY = load_policy("standard")
EVERYTHING = str(Path(__file__).parent / "files" / "everything.toml")


def run(*words: str) -> tuple[int, str]:
    """Run a command on a wide terminal; exit code and what it printed."""
    result = CliRunner().invoke(app, ["policy", *words], env={"COLUMNS": "300"})
    return result.exit_code, result.output


def test_check_is_content_with_the_shipped_profiles() -> None:
    """Exit 0: every contradiction has its choice."""
    code, text = run("check", "--json")
    assert code == 0
    told = json.loads(text)
    assert {one["is_settled"] for one in told} == {True}
    assert all(len(one["claims"]) > 1 for one in told)


def test_check_speaks_words_and_cuts_nothing() -> None:
    """A narrow terminal still has every name whole; Chinese has no code of ours in it."""
    result = CliRunner().invoke(app, ["policy", "check"], env={"COLUMNS": "80"})
    assert "…" not in result.output
    result = CliRunner().invoke(
        app, ["policy", "diff", "standard", "machine"], env={"COLUMNS": "80"}
    )
    assert "…" not in result.output
    found = {one.topic: one for one in find(POLICY.profiles["it-hardware"])}
    impossible, rivals = found["fix_before_arrival"], found["signature"]
    assert (
        telling.finding_words(impossible, "zh")
        == "修复，重大：到期早于到场时限（如自 周一 08:00 起）"
    )
    assert telling.claim_words(rivals, "zh") == "M2 Ops 2.4：工程师 · M4 P1 9：客户"
    assert telling.rule_words(rivals, "zh") == "以 客户 为准"


def test_check_exits_one_when_something_is_open_and_two_when_it_cannot_run(tmp_path: Path) -> None:
    """Open contradictions are told and counted; a broken file is refused with its line."""
    code, text = run("check", EVERYTHING)
    assert code == 1
    assert "M4 P5-9: 1h · M4 P5-10: 2h" in text
    broken = tmp_path / "broken.toml"
    broken.write_text('name = "broken"\nextends = "standard"\ntitel = {}\n', "utf-8")
    code, text = run("check", str(broken))
    assert code == 2
    assert "broken.toml, line 3: titel" in text


def test_show_gives_every_clock_with_its_clause() -> None:
    """The table has promise, calendar, clause; JSON has the version and the whole file."""
    code, text = run("show", "pc-supplier")
    assert code == 0
    for word in ("M4 P5-9", "engineer_arrived", "daily", "appointment_agreed", "offer_loaner"):
        assert word in text
    _, text = run("show", "pc-supplier", "--json")
    assert json.loads(text)["clocks"]["arrive"]["choice"] == "stricter"


def test_diff_tells_only_what_differs() -> None:
    """Machine changes two clocks of standard."""
    _, text = run("diff", "standard", "machine", "--json")
    keys = {row["key"] for row in json.loads(text)}
    assert {"clocks.arrive.clause", "clocks.fix.target"} <= keys
    assert all(key.startswith(("clocks.arrive", "clocks.fix", "title")) for key in keys)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        # a make-up Saturday before Spring Festival: half an hour on Friday, half on Saturday
        (
            ("it-hardware", "arrive", "2026-02-13 17:00"),
            "2026-02-14 09:00, because M4 P4 arrival 1 h, started by report 2026-02-13 17:00, calendar office",
        ),
        (
            ("by-weight", "fix", "2026-03-04 10:00", "--weight-kg", "8"),
            "2026-03-06 10:00, because M4 P5-3.4 repair 2 d",
        ),
    ],
)
def test_explain_says_why(words: tuple[str, ...], told: str) -> None:
    """A due time in one sentence."""
    code, text = run("explain", *words)
    assert code == 0
    assert told in text


def test_explain_refuses_what_it_does_not_know() -> None:
    """Unknown profile, clock, severity, time: told with what there is."""
    for words, hint in (
        (("no-such", "arrive", "2026-03-04 10:00"), "it-hardware"),
        (("standard", "arival", "2026-03-04 10:00"), "arrive"),
        (("standard", "arrive", "4 March"), "YYYY-MM-DD"),
        (("standard", "arrive", "2026-03-04 10:00", "--severity", "bad"), "urgent"),
        (("standard", "arrive", "2026-03-04 10:00", "--zone", "Asia/Shanghi"), "Asia/Shanghai"),
    ):
        code, text = run("explain", *words)
        assert (code, hint in text) == (2, True), words


def test_check_reads_the_terms_and_tells_a_file_that_is_no_text(tmp_path: Path) -> None:
    """A wrong key among warranties and prices is found before the desk starts with it."""
    for name, data, told in (
        ("terms.toml", b"warrnty = 1\n", ("terms.toml, line 1: warrnty = 1",)),
        ("own.toml", b"\xff\xfe", ("own.toml, line 1", "UTF-8")),
    ):
        home = tmp_path / name
        (home / "policies").mkdir(parents=True)
        (home / "policies" / name).write_bytes(data)
        result = CliRunner().invoke(app, ["policy", "check", "--data", str(home)])
        assert result.exit_code == 2
        assert all(one in result.output for one in told), result.output
