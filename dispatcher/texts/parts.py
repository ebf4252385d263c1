"""
The parts of sentences that code says in English ("name the depot"), in Chinese.

A part is found by its English, whose facts stand as ``{}``; the Chinese takes them in order, or by number
(``{2}``). Must not guess: a part that nobody translated, such as a library's own words, stays as it is.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from dispatcher.texts import Lang

# the facts of a refusal that are such parts
PARTS: Final = frozenset({"rule", "problem", "why", "action", "instead", "todo", "what", "hint"})

_FILE = Path(__file__).parent / "parts.json"
_PLACE = re.compile(r"\{(\d?)\}")


@cache
def _exact() -> dict[str, str]:
    known: dict[str, str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return known


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the parts with facts in them, those with the most words of their own first."""
    found = [(english, chinese) for english, chinese in _exact().items() if "{}" in english]
    found.sort(key=lambda one: (-len(one[0]), one[0]))
    return tuple(
        (re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for english, chinese in found
    )


def part(text: str, lang: Lang) -> str:
    """Return a part of a sentence in `lang`."""
    if lang == "en":
        return text
    if text in _exact():
        return _exact()[text]
    for pattern, chinese in _patterns():
        match = pattern.fullmatch(text)
        if match:
            return _filled(chinese, match.groups(), lang)
    return text


def _filled(template: str, facts: tuple[str, ...], lang: Lang) -> str:
    order = iter(facts)

    def fact(place: re.Match[str]) -> str:
        number = place[1]
        # a fact may itself be a part: "row 3, date is x: write YYYY-MM-DD"
        return part(facts[int(number) - 1] if number else next(order), lang)

    return _PLACE.sub(fact, template)
