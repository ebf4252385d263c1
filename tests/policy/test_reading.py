"""Bad policy files: file, line, key, value and what to write instead; good ones extend each other."""

from __future__ import annotations

import json
import re
import tomllib
from functools import reduce
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dispatcher.domain.ticket import Severity
from dispatcher.errors import BadField, BadPolicy
from dispatcher.policy import load_policy, telling
from dispatcher.policy.compiling import compile_profile
from dispatcher.policy.reading import SHIPPED, read_profile, read_text

HEAD = 'name = "own"\ntitle = { en = "Own", zh = "自有" }\nextends = "standard"\n'
SCHEMA = Path(telling.__file__).parent / "profile.schema.json"

# words of files that stand in sentences as they are
KEPT = {
    *("target", "claims", "by_weight", "clause", "resume", "true", "false", "house", "TOML"),
    *("stop", "ticket_held", "wether", "Shanghai", "Asia", "IANA", "ISO"),
}
TASK = 'on = ["work_finished"]\ndone = ["ticket_closed"]\ntarget = "2h"\nclause = "x"\nrole = "service"'
STEP = '{ after = "1h", role = "bos", clause = "x" }'

# text after the head; line, key, and a piece of what to write instead
WRONG = [
    ('sourse = "x"', 4, "sourse", '"source"'),
    ('[clocks.arrive]\ntargt = "1h"', 5, "clocks.arrive.targt", '"target"'),
    ('[clocks.arrive]\ntarget = { generl = "1h" }', 5, "clocks.arrive.target.generl", '"general"'),
    ('[clocks.arrive]\ntarget = "one hour"\nclause = "x"', 5, "clocks.arrive.target", "5m"),
    ('[clocks.arrive]\ntarget = "1h"', 4, "clocks.arrive.clause", "clause ="),
    ('[clocks.arrive]\nstop = ["engineer_arived"]', 5, "clocks.arrive.stop", "engineer_arrived"),
    ('[clocks.arrive]\npause = ["ticket_held:wether"]', 5, "clocks.arrive.pause", "weather"),
    ('[clocks.arrive]\ncalendar = "ofice"', 5, "clocks.arrive.calendar", '"office"'),
    ('[clocks.arrive]\nstage = "arival"', 5, "clocks.arrive.stage", '"arrive"'),
    ("[clocks.arrive]\nstop = []", 5, "clocks.arrive.stop", "engineer_arrived"),
    ('[clocks.arrive]\nstop = ["ticket_reported"]', 5, "clocks.arrive.stop", "another fact"),
    ('[clocks.x]\nstop = ["ticket_closed"]', 4, "clocks.x", "one of target"),
    ("[lateness]\nstep = [1, 2, 3]", 5, "lateness.step", ""),
    ("[lateness]\nstep = [1, 2, 3, -4]", 5, "lateness.step", ""),
    ('[dispatch]\nlead_s = "10m"', 5, "dispatch.lead_s", ""),
    ("[gates.dispach]\nneeds = []", 4, "gates.dispach", '"dispatch"'),
    (
        '[gates.close]\nneeds = [{ condition = "called_bak", clause = "x" }]',
        5,
        "gates.close.needs.condition",
        '"called_back"',
    ),
    ('[calendars.x]\nhours = ["Mo-Fr 8-17"]\nclause = "x"', 5, "calendars.x.hours", "Mon-Fri"),
    ('[calendars.x]\nhours = []\nclause = "x"', 5, "calendars.x.hours", "Mon-Fri"),
    (
        '[calendars.x]\nhours = ["always"]\nzone = "Asia/Shanghi"\nclause = "x"',
        6,
        "calendars.x.zone",
        "Asia/Shanghai",
    ),
    ("[rivals.signatur]\nclaims = {}", 4, "rivals.signatur", '"signature"'),
    ('[settled]\nx = "later_holds"', 5, "settled.x", '"earlier_holds"'),
    ('[tasks.call_back]\nrole = "boss"', 5, "tasks.call_back.role", "supervisor"),
    ("[tasks.x]\non = [\ndone = 1", 6, "TOML", "true or false"),
    ('[tasks.x]\non = ["work_finished"', 5, "TOML", '"]" at the end of a list'),
    ("[clocks.arrive\n", 4, "TOML", "at the end of the table's name"),
    ('source = "M3\n', 4, "TOML", "a quotation mark at the end"),
    ("[travel]\n[lateness]\n[travel]", 6, "TOML", "one table with all its keys"),
    ('source = "a"\nsource = "b"', 5, "TOML", "each key once"),
    ("source M3", 4, "TOML", "key = value"),
    ('[clocks.arrive]\ntarget = 120\nclause = "x"', 5, "clocks.arrive.target", '"5m"'),
    ('[clocks.arrive]\ntarget = "-2h"\nclause = "x"', 5, "clocks.arrive.target", '"5m"'),
    ('[clocks.arrive]\ntarget = "0h"\nclause = "x"', 5, "clocks.arrive.target", '"5m"'),
    ('[clocks.arrive]\namber = "120%"', 5, "clocks.arrive.amber", '"20%"'),
    ('[clocks.arrive]\nstop = "arrived"', 5, "clocks.arrive.stop", '["arrived"]'),
    ('[clocks.arrive]\nweight = "high"', 5, "clocks.arrive.weight", "four whole numbers"),
    ('[clocks.arrive]\noff = "yes"', 5, "clocks.arrive.off", "true or false"),
    ("[clocks.arive]\noff = true", 4, "clocks.arive", '"arrive"'),
    (f'[tasks.x]\nnotice = "lat"\n{TASK}', 5, "tasks.x.notice", '"late"'),
    (f"[tasks.x]\nescalate = [\n  {STEP},\n]\n{TASK}", 6, "tasks.x.escalate.role", "supervisor"),
    (
        '[clocks.arrive]\nstop = [\n  "engineer_arrived",\n  "work_finishd",\n]',
        7,
        "clocks.arrive.stop",
        '"work_finished"',
    ),
    ('[calendars.x]\nhours = ["always"]\ntable = "XQ"\nclause = "x"', 6, "calendars.x.table", ""),
]


@pytest.mark.parametrize(("text", "line", "key", "instead"), WRONG)
def test_wrong_file_is_told_by_line_key_and_remedy(
    tmp_path: Path, text: str, line: int, key: str, instead: str
) -> None:
    """Whoever writes a policy is shown the place and what belongs there, in both languages."""
    file = tmp_path / "own.toml"
    file.write_text(HEAD + text, "utf-8")
    with pytest.raises(BadPolicy) as refused:
        compile_profile(read_profile(file))
    facts = refused.value.facts
    assert (facts["file"], facts["line"], facts["key"]) == ("own.toml", line, key)
    assert instead in str(facts["instead"])
    chinese = refused.value.message("zh")
    assert f"第 {line} 行" in chinese
    # beside file, key, value and what is quoted as it is to be written no English is left
    named = [str(facts[name]) for name in ("file", "key", "value")]
    left = re.sub(
        r'"[^"]*"|`[^`]*`|\[[^\]]*\]', "", reduce(lambda s, w: s.replace(w, ""), named, chinese)
    )
    words = set(re.findall(r"[A-Za-z_]{3,}", left)) - KEPT
    assert not words, chinese


def test_file_itself_is_refused_by_its_name_its_parent_and_its_letters(tmp_path: Path) -> None:
    """No name, another's name, itself as parent, bytes that are no UTF-8, no such file."""
    wrong = {
        "a": ('extends = "standard"', 1, "name", 'name = "a"'),
        "b": ('name = "c"\nextends = "standard"', 1, "name", '"b"'),
        "d": ('name = "d"\nextends = "d"', 2, "extends", "another profile"),
        "e": ('name = "e"\ntitle = { en = "\udcff" }', 2, "UTF-8", "text file"),
        "g": ('name = "g"\ntitle = { en = "g" }', 1, "lateness", 'extends = "standard"'),
    }
    for name, (text, line, key, instead) in wrong.items():
        folder = tmp_path / name
        folder.mkdir()
        file = folder / f"{name}.toml"
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(BadPolicy) as refused:
            load_policy("standard", folder)
        facts = refused.value.facts
        assert (facts["file"], facts["line"], facts["key"]) == (file.name, line, key)
        assert instead in str(facts["instead"])
    with pytest.raises(BadPolicy, match=r"none\.toml, line 1: file = none\.toml cannot be read"):
        read_profile(tmp_path / "none.toml")


def test_wrong_row_of_the_choice_is_told_by_its_own_line(tmp_path: Path) -> None:
    """Not the first row, the one that is wrong."""
    rows = '[[rows]]\nprofile = "machine"\n\n[[rows]]\ncontract = ["a"]\nprofile = "machin"\n'
    (tmp_path / "choice.toml").write_text(rows)
    with pytest.raises(BadPolicy) as refused:
        load_policy("standard", tmp_path)
    facts = refused.value.facts
    assert (facts["line"], facts["key"], facts["instead"]) == (6, "rows.profile", '"machine"')


def test_unknown_parent_and_circles_are_refused(tmp_path: Path) -> None:
    """`extends` leads to a profile there is, and not back."""
    (tmp_path / "a.toml").write_text(HEAD.replace('"own"', '"a"').replace("standard", "b"))
    (tmp_path / "b.toml").write_text(HEAD.replace('"own"', '"b"').replace("standard", "a"))
    with pytest.raises(BadPolicy, match="circle"):
        read_profile("a", tmp_path)
    (tmp_path / "c.toml").write_text(HEAD.replace("standard", "standrad"))
    with pytest.raises(BadPolicy, match='"standard"'):
        read_profile("c", tmp_path)
    with pytest.raises(BadField, match="it-hardware"):
        load_policy("it-hardwear")


def test_own_file_changes_what_it_says_and_keeps_the_rest(tmp_path: Path) -> None:
    """An organisation's own profile: one clock over, one taken out, one price; the rest as shipped."""
    text = '[clocks.arrive]\ntarget = "3h"\nclause = "contract 4"\n[clocks.reply]\noff = true\n'
    text += "[dispatch]\nrotation_price = 999\n"
    (tmp_path / "own.toml").write_text(HEAD + text, "utf-8")
    policy = load_policy("own", tmp_path)
    own, standard = policy.house, policy.profiles["standard"]
    assert own.clock("arrive").term(4).clause == "contract 4"
    assert own.clock("reply") is None
    assert own.clock("fix") == standard.clock("fix")
    assert own.dispatch.rotation_price == 999
    assert own.dispatch.lead_s == standard.dispatch.lead_s
    assert own.version != standard.version
    rows = {key for key, _, _ in telling.differences(standard, own)}
    assert {"clocks.reply.off", "dispatch.rotation_price", "clocks.arrive.clause"} <= rows
    assert not any(key.startswith("clocks.fix") for key in rows)


def test_own_file_may_change_the_shipped_profile_of_its_name(tmp_path: Path) -> None:
    """`standard.toml` in the own folder extends the shipped one and is what others extend."""
    text = HEAD.replace('"own"', '"standard"') + "[dispatch]\nlead_s = 60\n"
    (tmp_path / "standard.toml").write_text(text, "utf-8")
    policy = load_policy("standard", tmp_path)
    assert policy.house.dispatch.lead_s == 60
    assert policy.profiles["machine"].dispatch.lead_s == 60
    assert load_policy().house.dispatch.lead_s == 600


def test_version_changes_with_any_number_and_survives_the_log(tmp_path: Path) -> None:
    """The text that the log keeps compiles to the same profile again."""
    for one in load_policy().profiles.values():
        again = compile_profile(read_text(one.text))
        assert again.key == one.key
        assert (again.clocks, again.gates, again.tasks) == (one.clocks, one.gates, one.tasks)
    (tmp_path / "own.toml").write_text(HEAD, "utf-8")
    before = read_profile("own", tmp_path).version
    (tmp_path / "own.toml").write_text(HEAD + "[dispatch]\nlead_s = 601\n", "utf-8")
    assert read_profile("own", tmp_path).version != before


def test_contract_product_and_severity_choose_the_profile(tmp_path: Path) -> None:
    """The first row that fits; nothing fits = the house's own profile."""
    policy = load_policy()
    assert policy.choose("it", "software", Severity.MAJOR).name == "it-software"
    assert policy.choose("it", "printer", Severity.MAJOR).name == "it-hardware"
    assert policy.choose("", "software", Severity.MAJOR).name == "standard"
    rows = '{ severity = ["major"], profile = "machine" }, { category = ["a"], profile = "office" }'
    (tmp_path / "choice.toml").write_text(f"rows = [{rows}]", "utf-8")
    own = load_policy("standard", tmp_path)
    assert own.choose("it", "a", Severity.MAJOR).name == "machine"
    assert own.choose("it", "a", Severity.GENERAL).name == "office"
    (tmp_path / "choice.toml").write_text('rows = [{ profile = "machin" }]', "utf-8")
    with pytest.raises(BadPolicy, match="machine"):
        load_policy("machine", tmp_path)


def test_schema_for_editors_is_current_and_accepts_every_shipped_file() -> None:
    """`dispatcher policy schema` > dispatcher/policy/profile.schema.json after a change of shape."""
    schema = json.loads(json.dumps(telling.schema()))
    assert json.loads(SCHEMA.read_text("utf-8")) == schema
    validator = Draft202012Validator(schema)
    for file in SHIPPED.glob("*.toml"):
        if file.stem != "choice":
            raw = tomllib.loads(file.read_text("utf-8"))
            assert [e.message for e in validator.iter_errors(raw)] == [], file.name
    wrong = {"name": "x", "title": {"en": "x"}, "clocks": {"arrive": {"targt": "1h"}}}
    assert list(validator.iter_errors(wrong))
