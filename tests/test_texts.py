"""Every sentence exists in both languages with the same facts."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

from dispatcher import errors
from dispatcher.cli import COMMANDS
from dispatcher.texts import LANGS, catalogue, fill, language, say


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
