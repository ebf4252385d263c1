"""
How texts are looked for: Chinese by pairs of characters, everything else by words without endings.

The same tokens are written and asked for, on every store, so a search finds the same everywhere. They are plain
ASCII, because what a database takes for a letter depends on how it was set up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

# words of Latin, Greek, Cyrillic …, and runs of Chinese, Japanese and Korean characters
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
# what a text may hold of a person by mistake: addresses of mail, long runs of digits (R91)
_MAIL: Final = re.compile(r"\S+@\S+")
_NUMBER: Final = re.compile(r"(?<!\w)\+?\d[\d\s().-]{5,}\d(?!\w)")
# words that say nothing about a fault
_EMPTY: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "to",
        "in",
        "on",
        "at",
        "is",
        "are",
        "was",
        "were",
        "it",
        "its",
        "no",
        "not",
        "be",
        "by",
        "for",
        "with",
        "from",
        "as",
        "this",
        "that",
    ]
)
# no text is kept longer, and no query asks for more
MOST_TOKENS: Final = 400
MOST_ASKED: Final = 40
_ENDINGS: Final = ("ing", "ed", "es", "s")


def scrubbed(text: str) -> str:
    """Return a text without what could be somebody's phone or mail address."""
    return _NUMBER.sub("…", _MAIL.sub("…", text))


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in order, repeated as they are; ASCII only."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        start = 0
        for run in _CJK.finditer(word):
            found += _latin(word[start : run.start()])
            found += _pairs(run.group())
            start = run.end()
        found += _latin(word[start:])
        if len(found) >= MOST_TOKENS:
            break
    return found[:MOST_TOKENS]


def _latin(word: str) -> list[str]:
    """Return a word without its ending, in ASCII; a model's letters and digits part as well."""
    if not word or word in _EMPTY:
        return []
    parts = re.findall(r"\d+|[^\W\d_]+", word)
    words = [word, *parts] if len(parts) > 1 else [word]
    return [_ascii(_stem(one)) for one in words]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not word.endswith("ss"):
            return word[: -len(ending)]
    return word


def _pairs(run: str) -> list[str]:
    """Return the overlapping pairs of a run of characters; a single one stands alone."""
    pairs = [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
    return [_ascii(one) for one in pairs]


def _ascii(word: str) -> str:
    return "".join(c if c.isascii() else f"u{ord(c):x}" for c in word)


def asked(text: str) -> list[str]:
    """Return the distinct tokens of a query, the first ones."""
    return list(dict.fromkeys(tokens(text)))[:MOST_ASKED]


def likeness(query: Sequence[str], words: Iterable[str]) -> float:
    """
    Return how much of a query a text holds, 0 … 1.

    A token counts by its length, so that "u7f3au7eb8" and "compressor" weigh more than "12"; the
    same on every store, whatever its own ranking.
    """
    has = Counter(words)
    total = sum(_weight(one) for one in query)
    return sum(_weight(one) for one in query if has[one]) / total if total else 0.0


def _weight(token: str) -> float:
    return 1.0 + min(len(token), 12) / 6
