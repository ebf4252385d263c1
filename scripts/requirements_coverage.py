"""
Write docs/requirements-coverage.md: every row R01 … R95, what serves it, and the test that shows it.

    python scripts/requirements_coverage.py [--check]

Nothing is entered by hand: a row is served where code, a policy file or a scenario names its id, and shown
where a test's docstring or comment does. Names and records alone serve nobody and count as stated.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dispatcher.policy import load_policy  # noqa: E402 — the path comes first
from dispatcher.policy.words import CONDITIONS  # noqa: E402 — the path comes first

TABLE = ROOT / "docs" / "requirements.tsv"
OUT = ROOT / "docs" / "requirements-coverage.md"
TERMS = ROOT / "dispatcher" / "policy" / "terms.toml"
PROFILES = ROOT / "dispatcher" / "policy" / "profiles"
ID = re.compile(r"\bR(\d\d)\b(?:\s*[–…-]\s*R(\d\d)\b)?")
HEADER = re.compile(r"^\s*\[+([^\]]+)\]+")
KEY = re.compile(r"^\s*([\w\"-]+)\s*=")
# records and lists of names: they say what could be, and do nothing
NAMES = (
    *(
        "policy/words.py",
        "policy/file.py",
        "policy/profile.py",
        "desk/command/wishes.py",
        "api/schemas.py",
    ),
    *("domain/events.py", "domain/ticket.py", "domain/territory.py", "domain/engineer.py"),
)
# lists in those files that are evaluated all the same
LISTS = ("MOVES", "Channel", "Severity")
# parts of a profile that nothing evaluates; take a part out when something does
STATED_PARTS = ("rivals",)
MOST = 4

Found = dict[str, list[str]]


def ids(text: str) -> Iterator[str]:
    """Give the ids a text names; "R77-R79" names three."""
    for first, last in ID.findall(text):
        for number in range(int(first), int(last or first) + 1):
            yield f"R{number:02d}"


def owners(file: Path) -> Iterator[tuple[str, str]]:
    """Give each id a Python file names with the innermost function, class or list around it."""
    source = file.read_text("utf-8")
    spans: list[tuple[int, int, str]] = []

    def walk(node: ast.AST, path: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = path
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{path}.{child.name}" if path else child.name
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                spans.append((first, child.end_lineno or first, name))
            elif isinstance(child, ast.Assign | ast.AnnAssign) and not path:
                target = child.targets[0] if isinstance(child, ast.Assign) else child.target
                if isinstance(target, ast.Name):
                    spans.append((child.lineno, child.end_lineno or child.lineno, target.id))
            walk(child, name)

    tree = ast.parse(source)
    walk(tree, "")
    for number, line in prose(source, tree):
        for one in ids(line):
            # a comment stands above what it is about
            around = [s for s in spans if s[0] <= number <= s[1]] or [
                s for s in spans if number < s[0] <= number + 3
            ]
            yield one, min(around, key=lambda s: s[1] - s[0])[2] if around else "module"


def prose(source: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give the lines of a Python file that people read: comments and docstrings."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False):
            first = node.body[0].lineno
            text = ast.get_docstring(node, clean=False) or ""
            yield from enumerate(text.splitlines(), first)


def python(folder: str) -> Iterator[tuple[str, str, str]]:
    """Give id, file and owner for every naming in a folder's Python files."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        for one, owner in owners(file):
            yield one, file.relative_to(ROOT).as_posix(), owner


def lines_of(file: Path) -> Iterator[tuple[str, str]]:
    """Give each id a TOML file names in a comment with the table or key that the comment is about."""
    part, waiting = "", list[str]()
    for line in file.read_text("utf-8").splitlines():
        told, comment = line.partition("#")[::2]
        if header := HEADER.match(told):
            part = header[1]
            yield from ((one, f"[{part}]") for one in waiting)
        elif key := KEY.match(told):
            yield from ((one, f"[{part}] {key[1]}" if part else key[1]) for one in waiting)
        if told.strip():
            waiting = []
        if comment:
            waiting += ids(comment)
        elif not line.strip():
            waiting = []


def gates() -> Iterator[tuple[str, str]]:
    """Give the ids that conditions of shipped gates serve."""
    for profile in load_policy().profiles.values():
        # what is inherited is told once, where it is written
        own = (PROFILES / f"{profile.name}.toml").read_text("utf-8")
        for move, needs in profile.gates.items():
            for need in needs:
                if f"[gates.{move}]" in own and f'"{need.condition}"' in own:
                    yield (
                        CONDITIONS[need.condition],
                        f"{profile.name}.toml [gates.{move}] {need.condition}",
                    )


def gathered() -> tuple[Found, Found, Found]:
    """Return what serves, what only states, and what shows each row."""
    serves: Found = defaultdict(list)
    states: Found = defaultdict(list)
    shows: Found = defaultdict(list)
    for folder in ("dispatcher", "dashboard"):
        for one, file, owner in python(folder):
            into = states if file.endswith(NAMES) and owner not in LISTS else serves
            into[one].append(f"`{file.removeprefix('dispatcher/')}` {owner}")
    for file in (
        TERMS,
        *sorted(PROFILES.glob("*.toml")),
        *sorted((ROOT / "scenarios").glob("*.toml")),
    ):
        for one, where in lines_of(file):
            is_stated = where.strip("[").startswith(STATED_PARTS)
            (states if is_stated else serves)[one].append(f"`{file.name}` {where}")
    for one, where in gates():
        serves[one].append(f"`{where.partition(' ')[0]}` {where.partition(' ')[2]}")
    for one, file, owner in python("tests"):
        name = owner.rpartition(".")[2]
        if name.startswith("test_"):
            shows[one].append(f"`{file.removeprefix('tests/')}` {name}")
    return serves, states, shows


def told(found: list[str]) -> str:
    """Return the first few of a list."""
    some = list(dict.fromkeys(found))
    rest = f"; {len(some) - MOST} more" if len(some) > MOST else ""
    return "; ".join(some[:MOST]) + rest


def page() -> str:
    """Return the whole table."""
    serves, states, shows = gathered()
    rows, counts = [], dict.fromkeys(("served", "in part", "not shown", "stated", "not yet"), 0)
    with TABLE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            one = row["id"]
            if serves[one]:
                state = "in part" if row["missing"] else "served" if shows[one] else "not shown"
            else:
                state = "stated" if states[one] else "not yet"
            counts[state] += 1
            by = told(serves[one] or states[one])
            if state == "in part":
                by += f" — *missing: {row['missing']}*"
            rows.append(
                f"| {one} | {row['what']} | {row['clause']} | {state} | {by} | {told(shows[one])} |"
            )
    total = ", ".join(f"{count} {state}" for state, count in counts.items())
    return "\n".join(
        [
            "# What the manuals ask for, and what serves it",
            "",
            "Generated by `python scripts/requirements_coverage.py`; do not edit. *Served*: code or a policy line",
            "that is evaluated names the row, and a test shows it. *In part*: what `requirements.tsv` says is still",
            "missing. *Not shown*: no test names it. *Stated*: a gate, a task or a record says it, nothing evaluates",
            "it yet. *Not yet*: nothing does.",
            "",
            f"{total}.",
            "",
            "| id | what | clause | state | served by | shown by |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> None:
    """Write the page, or say whether it is current."""
    fresh = page()
    if "--check" not in sys.argv:
        OUT.write_text(fresh, "utf-8")
    elif not OUT.is_file() or OUT.read_text("utf-8") != fresh:
        sys.exit(f"{OUT.name} is not current: run `python scripts/requirements_coverage.py`")


if __name__ == "__main__":
    main()
