"""
Every sentence a user reads, in Chinese and English, from one flat catalogue.

The catalogue is the JSON files of `en/` and `zh/`, merged; a key is ``room.name`` and placeholders
are Python format fields. Must not know records: callers pass plain facts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

Lang = Literal["en", "zh"]
LANGS: Final[tuple[Lang, ...]] = ("en", "zh")

_FOLDER = Path(__file__).parent


@cache
def catalogue(lang: Lang) -> Mapping[str, str]:
    """Return all texts of one language by key."""
    merged: dict[str, str] = {}
    for file in sorted((_FOLDER / lang).glob("*.json")):
        merged.update(json.loads(file.read_text(encoding="utf-8")))
    return merged


def language(wanted: str | None) -> Lang:
    """Return the language to speak for an ``Accept-Language`` header or a two-letter wish."""
    for part in (wanted or "").lower().split(","):
        code = part.strip()[:2]
        if code == "zh":
            return "zh"
        if code == "en":
            return "en"
    return "en"


# words that stand in clauses beside the manual's own numbers
_CLAUSE_WORDS = (
    "below general house",
    "within",
    "time house",
    "amounts house",
    "house",
    "intro",
    "12 months",
    "1 year and life",
    "3 years",
)
# longer ones first, as they are listed
_CLAUSE = re.compile(rf"\b(?:{'|'.join(_CLAUSE_WORDS)})\b")


def clause_words(clause: str, lang: Lang) -> str:
    """Return a clause with the house's own additions in words; numbers of manuals stay as they are."""
    texts = catalogue(lang)
    said = _CLAUSE.sub(lambda found: texts[f"clause.{found[0].replace(' ', '_')}"], clause)
    return said.replace(", ", "，") if lang == "zh" else said


def fill(template: str, facts: Mapping[str, object]) -> str:
    """Return `template` with its facts; a fact that is missing leaves its braces to be seen."""
    try:
        return template.format_map(facts) if facts else template
    except (KeyError, IndexError, ValueError):
        return template


def say(key: str, lang: Lang, /, **facts: object) -> str:
    """
    Return the sentence for `key` with its facts filled in.

    A key that only one language has falls back to the other; an unknown key is returned as it is,
    so that a missing text is seen and never hides a message.
    """
    template = catalogue(lang).get(key) or catalogue("en" if lang == "zh" else "zh").get(key)
    if template is None:
        return key if not facts else f"{key} {facts}"
    return fill(template, facts)
