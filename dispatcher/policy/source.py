"""
A TOML file of a house with its lines: where a key stands, and the refusal of what stands there.

Must not know which keys there may be; `shapes` does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dispatcher.domain.codec import to_json
from dispatcher.errors import BadPolicy

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<path>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*(?P<key>(?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|[\w-]+))*)\s*=""")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^."']+?))\s*(?:\.|$)""")

# what the library says of a file that is no TOML; what is wrong there; what to write
_BROKEN: Final = (
    (r"Cannot declare|Cannot mutate", "stands there twice", "one table with all its keys"),
    (r"Cannot overwrite|Duplicate", "has the same key twice", "each key once"),
    (r"at the end of a table", "lacks its closing bracket", '"]" at the end of the table\'s name'),
    (
        r"Unterminated string|Illegal character '\\n'|Expected \"['\"]",
        "lacks its closing quotation mark",
        "a quotation mark at the end of the text",
    ),
    (r"Unclosed", "is not closed", '"]" at the end of a list, "}" at the end of a table'),
    (r"Expected '='", "has no value", "key = value"),
    (
        r"Invalid value",
        "has no value that TOML knows",
        "texts in quotation marks, numbers without, true or false",
    ),
    (
        r"Expected newline|Invalid statement",
        "is no line of TOML",
        "one key = value a line, # before a remark",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file as it was read."""

    path: Path
    text: str
    raw: dict[str, Any]

    def line_of(self, keys: Sequence[str], word: object = None) -> int:
        """
        Return the line of a key, or of the innermost table around it that has one; 1 = none.

        Parameters
        ----------
        word
            The wrong text, to find its line in a list of several lines.
        """
        lines = self.text.splitlines()
        # the lines that state the longest part of the path; a list of tables states it again
        best: list[int] = []
        longest = 0
        header: tuple[str, ...] = ()
        for number, line in enumerate(lines, 1):
            here = _keys_of(line, header)
            if here is None:
                continue
            if _HEADER.match(line):
                header = here
            if tuple(keys[: len(here)]) != here or len(here) < max(longest, 1):
                continue
            best = [*best, number] if len(here) == longest else [number]
            longest = len(here)
        found = (_with_word(lines, number, word) for number in best)
        return next((number for number in found if number), best[0] if best else 1)


def _with_word(lines: Sequence[str], first: int, word: object) -> int:
    """Return the line of a word in the value that begins at a line; 0 = it is not in it."""
    for number, line in enumerate(lines[first - 1 :], first):
        if number > first and _keys_of(line, ()) is not None:
            break
        if isinstance(word, str) and word and f'"{word}"' in line:
            return number
    return 0


def _keys_of(line: str, header: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the path that a line states, None when it states none."""
    if found := _HEADER.match(line):
        return _parts(found["path"])
    if found := _KEY.match(line):
        return (*header, *_parts(found["key"]))
    return None


def _parts(path: str) -> tuple[str, ...]:
    return tuple((a or b or c).strip() for a, b, c in _PART.findall(path) if a or b or c)


def load(path: Path) -> Source:
    """
    Return a file as it is.

    Raises
    ------
    BadPolicy
        It cannot be read, or is no TOML.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        about = {"file": path.name, "line": 1, "key": "file", "value": path.name}
        problem, todo = f"cannot be read: {error.strerror}", "the name of a file that can be read"
        raise BadPolicy(**about, problem=problem, instead=todo) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        value = f"byte {error.object[error.start]:#04x}"
        about = {"file": path.name, "line": line, "key": "UTF-8", "value": value}
        raise BadPolicy(**about, problem="is no UTF-8", instead="a text file in UTF-8") from None
    try:
        return Source(path=path, text=text, raw=tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(path, text, str(error)) from None


def _no_toml(path: Path, text: str, said: str) -> BadPolicy:
    lines = text.splitlines() or [""]
    found = re.search(r"line (\d+)", said)
    line = min(int(found[1]), len(lines)) if found else len(lines)
    about = (
        (problem, instead) for pattern, problem, instead in _BROKEN if re.search(pattern, said)
    )
    problem, instead = next(about, (said, "valid TOML (toml.io)"))
    return BadPolicy(
        file=path.name,
        line=line,
        key="TOML",
        value=lines[line - 1].strip()[:80],
        problem=problem,
        instead=instead,
    )


def refuse(
    source: Source,
    keys: Sequence[str],
    value: object,
    problem: str,
    instead: str,
    word: object = None,
) -> BadPolicy:
    """Return the refusal of a value: file, line, key, value and what to write instead."""
    named = [key for key in keys if not key.isdigit()]
    return BadPolicy(
        file=source.path.name,
        line=source.line_of(named, value if word is None else word),
        key=".".join(named) or "file",
        value=_shown(value)[:120],
        problem=problem,
        instead=instead,
    )


def _shown(value: object) -> str:
    if isinstance(value, dict | list | tuple | bool):
        return to_json(value).decode()
    return "–" if value == "" else str(value)


def refusal(source: Source, keys: Sequence[str], problem: str, instead: str) -> BadPolicy:
    """Return the refusal of one value of a file."""
    return refuse(source, keys, value_at(source.raw, keys), problem, instead)


def value_at(raw: object, keys: Sequence[str]) -> object:
    """Return what stands at a path; "" where nothing does."""
    for key in keys:
        if isinstance(raw, dict):
            raw = raw.get(key, "")
        elif isinstance(raw, list) and key.isdigit() and int(key) < len(raw):
            raw = raw[int(key)]
    return raw


def origin(sources: tuple[Source, ...], keys: Sequence[str]) -> Source:
    """Return the nearest file of a chain that states a key."""
    for length in range(len(keys), 0, -1):
        for source in sources:
            raw: object = source.raw
            for key in keys[:length]:
                raw = raw.get(key) if isinstance(raw, dict) else None
            if raw is not None:
                return source
    return sources[0]
