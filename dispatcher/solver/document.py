"""
JSON files and the values in them, each with the key it stands at, so that a fault can name it.

Must not know what an instance or a plan is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dispatcher.errors import BadInstance
from dispatcher.solver.problem import MAX_COST

# no public instance comes near; a larger number is a slip of the pen
MAX_SECONDS = 10_000_000
# letters of a wrong value that are told
_MOST_LETTERS = 60


class Node:
    """One value of the file that knows its key."""

    def __init__(self, file: str, key: str, value: Any) -> None:
        self.file, self.key, self.value = file, key, value

    def fail(self, problem: str) -> BadInstance:
        """Return the refusal that names file and key."""
        return BadInstance(file=self.file, key=self.key or "the file", problem=problem)

    def shown(self) -> str:
        """Return the value as the file has it, cut when it is long."""
        return _cut(self.value)

    def only(self, names: Sequence[str]) -> Node:
        """Return this object; refuse keys that are not of `names`."""
        for name in self.value if isinstance(self.value, dict) else ():
            if name not in names:
                key = f"{self.key}.{_bare(name)}" if self.key else _bare(name)
                problem = f"is no key here; there are {', '.join(names)}"
                raise BadInstance(file=self.file, key=key, problem=problem)
        return self

    def has(self, name: str) -> bool:
        """Return whether the key is there and not null."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def at(self, name: str) -> Node:
        """Return the value at a key of this object."""
        if not isinstance(self.value, dict):
            raise self.fail("must be an object")
        key = f"{self.key}.{name}" if self.key else name
        if name not in self.value:
            raise BadInstance(file=self.file, key=key, problem="is missing")
        return Node(self.file, key, self.value[name])

    def items(self, length: int | None = None) -> list[Node]:
        """Return the entries of this list."""
        if not isinstance(self.value, list):
            raise self.fail("must be a list")
        if length is not None and len(self.value) != length:
            raise self.fail(f"has {len(self.value)} entries, must have {length}")
        return [Node(self.file, f"{self.key}[{k}]", v) for k, v in enumerate(self.value)]

    def number(self, low: float = -MAX_COST, high: float = MAX_COST) -> float:
        """Return this finite number."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            raise self.fail(f"is {self.shown()}, must be a number")
        if not low <= value <= high:
            raise self.fail(f"is {self.shown()}, must be in {low}..{high}")
        return value

    def integer(self, low: int = 0, high: int = MAX_COST) -> int:
        """Return this whole number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.fail(f"is {self.shown()}, must be a whole number")
        return int(self.number(low, high))

    def seconds(self) -> int:
        """Return these seconds."""
        return self.integer(0, MAX_SECONDS)

    def text(self) -> str:
        """Return this text."""
        if not isinstance(self.value, str):
            raise self.fail(f"is {self.shown()}, must be text")
        if not self.value.isprintable():
            raise self.fail(f"is {self.shown()}, must hold letters that can be shown")
        return self.value

    def span(self) -> tuple[int, int]:
        """Return the two moments of this list, the first not after the second."""
        first, last = (node.seconds() for node in self.items(2))
        if first > last:
            raise self.fail(f"begins at {first} after it ends at {last}")
        return first, last


def _cut(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"


def _bare(name: str) -> str:
    """Return a key without its quotation marks."""
    return _cut(name).strip('"')


def _is_finite(value: float) -> bool:
    """Return whether a number is one; whole numbers may be larger than any float."""
    return isinstance(value, int) or math.isfinite(value)


def read_text(path: Path) -> str:
    """
    Return the text of a file, without the mark some editors put first.

    Raises
    ------
    BadInstance
        The file cannot be read, is empty or no text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise BadInstance(file=path, key="the file", problem=problem) from None
    except UnicodeDecodeError:
        raise BadInstance(file=path, key="the file", problem="is no text in UTF-8") from None
    if not text.strip():
        raise BadInstance(file=path, key="the file", problem="is empty")
    return text


def read_json(path: Path) -> Any:
    """
    Return the JSON value in a file.

    Raises
    ------
    BadInstance
        The file cannot be read, is not JSON, or an object in it has a key twice.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for k, name in enumerate(names) if name in names[:k])
            raise BadInstance(file=path, key=_bare(twice), problem="stands twice in one object")
        return found

    try:
        return json.loads(read_text(path), object_pairs_hook=once)
    except json.JSONDecodeError as error:
        problem = f"is not JSON (line {error.lineno}, column {error.colno})"
    except RecursionError:
        problem = "is nested too deep"
    except ValueError as error:
        if isinstance(error, BadInstance):
            raise
        problem = "holds a number with too many digits"
    raise BadInstance(file=path, key="the file", problem=problem)
