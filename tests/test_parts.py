"""What code says in English within a sentence exists in Chinese as well."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import dispatcher
from dispatcher.errors import BadField, BadTable, StaleVersion
from dispatcher.texts.parts import PARTS, part

ROOT = Path(dispatcher.__file__).parent
# calls that hand such a part on without naming it
PASSED_ON = {"fail", "refuse", "refusal", "_refusal", "_bad", "wrong", "_refuse_unless"}
# the ruling of a plan and the working of a kernel are no sentences
SILENT = {"Ruling", "Ruled"}


def _template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def _choices(node: ast.expr) -> tuple[ast.expr, ...]:
    return (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,)


def _told(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield every expression that becomes a part of a sentence."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in SILENT:
                continue
            yield from (k.value for k in node.keywords if k.arg in PARTS)
            yield from node.args if name in PASSED_ON else ()
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in PARTS:
            yield node.value


def test_every_part_of_a_refusal_is_said_in_chinese() -> None:
    """A sentence that code puts together has no English left in its Chinese."""
    known = json.loads((ROOT / "texts" / "parts.json").read_text("utf-8"))
    missing = set()
    for file in sorted(ROOT.rglob("*.py")):
        for told in _told(ast.parse(file.read_text("utf-8"))):
            for one in _choices(told):
                text = _template(one)
                # a single word is a code, what has no letters of its own is facts
                words = (text or "").replace("{}", "").split()
                is_value = (text or "").startswith('"')
                if text and not is_value and len(words) > 1 and any(c.isalpha() for c in text):
                    missing |= {f"{file.name}: {text}"} if text not in known else set()
    assert not missing


def test_chinese_takes_every_fact() -> None:
    """No part loses a fact on its way, and numbers stay within their count."""
    known = json.loads((ROOT / "texts" / "parts.json").read_text("utf-8"))
    for english in known:
        facts = tuple(f"<{k}>" for k in range(english.count("{}")))
        told = part(english.replace("{}", "%s") % facts if facts else english, "zh")
        assert all(fact in told for fact in facts), english
        assert "{" not in told, english


def test_refusal_has_its_parts_in_the_asked_language() -> None:
    """Facts within parts are kept, parts within parts are said too, a library's words stay."""
    error = BadField(field="depot", value="", rule="name the depot")
    assert error.message("zh") == "depot 的值是 空：请写明仓库。"
    assert error.message("en") == "depot is empty: name the depot."
    table = BadTable(file="CN", problem="row 3, date is x: write YYYY-MM-DD", expected="table")
    assert "第 3 行，date 的值是 x：请按 YYYY-MM-DD 填写" in table.message("zh")
    assert part("Invalid lone surrogate", "zh") == "Invalid lone surrogate"


def test_what_a_refusal_is_about_is_named_in_chinese() -> None:
    """A single word is found too: the thing that was changed, missing or shut."""
    for what in ("Ticket", "Engineer", "Asset"):
        said = StaleVersion(what=what, id="x-1", expected=1, actual=2).message("zh")
        assert what not in said
    assert "存储 /tmp/desk.db" in part("The store /tmp/desk.db", "zh")
