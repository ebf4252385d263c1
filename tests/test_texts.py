"""Every sentence exists in both languages with the same facts."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

from dispatcher import errors
from dispatcher.cli import COMMANDS
from dispatcher.errors import IllegalMove, NoException
from dispatcher.policy import load_policy
from dispatcher.texts import LANGS, catalogue, clause_words, fill, language, say

TERMS = Path(__file__).parents[1] / "dispatcher" / "policy" / "terms.toml"


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _refusals(root: type[errors.DispatcherError]) -> list[type[errors.DispatcherError]]:
    return [root, *(leaf for sub in root.__subclasses__() for leaf in _refusals(sub))]


def test_every_refusal_speaks_chinese_with_the_same_facts() -> None:
    """Each error class has a Chinese sentence whose placeholders are those of the docstring."""
    for refusal in _refusals(errors.DispatcherError):
        chinese = catalogue("zh").get(f"error.{refusal.code()}")
        assert chinese, refusal.code()
        assert _fields(chinese) == _fields(refusal.__doc__ or ""), refusal.code()


def test_catalogues_have_the_same_keys_and_facts() -> None:
    """No text exists in one language only; errors keep their English in the docstring."""
    english, chinese = (
        {k: v for k, v in catalogue(lang).items() if not k.startswith("error.")} for lang in LANGS
    )
    assert english.keys() == chinese.keys()
    assert all(_fields(english[key]) == _fields(chinese[key]) for key in english)


def test_refusal_tells_its_facts_in_both_languages() -> None:
    """An error says what is wrong with the value in it."""
    error = errors.UnknownTicket(ticket="R-7")
    assert "R-7" in str(error)
    assert "R-7" in error.message("zh")
    assert error.code() == "unknown_ticket"


def test_codes_of_a_refusal_are_words_in_chinese() -> None:
    """States, moves and conditions are told as pages call them; programs find the codes in the facts."""
    moved = IllegalMove(ticket="V-1", status="on_site", move="dispatch", possible="finish, nothing")
    assert moved.message("zh") == "工单 V-1 的状态是 现场处理，不能执行“派工”。现在可以：完成、无。"
    assert moved.facts["status"] == "on_site"
    none = NoException(condition="consent", move="dispatch", policy="p", possible="order_number")
    assert not re.search("[a-z]{3}", none.message("zh"))


def test_missing_fact_is_seen_and_never_raises() -> None:
    """A text whose fact is missing shows its braces."""
    assert fill("{a} and {b}", {"a": 1}) == "{a} and {b}"
    assert say("no.such.key", "zh") == "no.such.key"


def test_language_follows_the_header() -> None:
    """The first known language of an Accept-Language header is spoken."""
    assert language("zh-CN,zh;q=0.9,en;q=0.8") == "zh"
    assert language("fr, en;q=0.5") == "en"
    assert language(None) == "en"


def _spoken() -> Iterator[tuple[str, str]]:
    """Yield every key that is written out where something is said, with its file."""
    for file in sorted(Path(errors.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"say", "tell"}:
                key = node.args[0] if node.args else None
                if isinstance(key, ast.Constant):
                    yield file.name, str(key.value)


def test_everything_said_is_in_the_catalogue() -> None:
    """No program text names a sentence that nobody wrote; every command has its help."""
    spoken = list(_spoken())
    assert len(spoken) > 100
    known = catalogue("en")
    assert [one for one in spoken if one[1] not in known] == []
    helps = [f"cli.{name.replace('-', '_')}_help" for name in COMMANDS]
    assert [key for key in helps if key not in known] == []


def test_house_words_in_clauses_are_chinese() -> None:
    """What the house adds to a clause is in words; the manual's own numbers stay as they are."""
    assert clause_words("M1 3.9, time house", "en") == "M1 3.9, time: house rule"
    assert clause_words("house, within M3 2(2)", "en") == "house rule, within M3 2(2)"
    shipped = {
        found
        for profile in load_policy().profiles.values()
        for found in re.findall(r'"clause":"([^"]*)"', profile.text)
    } | set(re.findall(r'clause = "([^"]*)"', TERMS.read_text("utf-8")))
    manual = re.compile(r"M[0-4]|P\\d|Ops|Eng|Auto|PV")
    for clause in shipped:
        left = manual.sub("", clause_words(clause, "zh"))
        assert not re.search(r"[A-Za-z]{2}", left), (clause, left)
    assert clause_words("house, within M3 2(2)", "zh") == "本公司规定，不超过 M3 2(2)"


def test_a_clock_is_called_the_same_on_the_map_and_in_reports() -> None:
    """Whoever reads two pages must not look for two clocks."""
    for lang in LANGS:
        texts = catalogue(lang)
        for key, told in texts.items():
            if key.startswith("clock.") and f"map.{key}" in texts:
                assert texts[f"map.{key}"] == told, (lang, key)
