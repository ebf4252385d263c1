"""The engineer's page: small, complete for offline use, and in both languages."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "dispatcher" / "api" / "mobile"
PARTS = ROOT / "dispatcher" / "api" / "web" / "livemap" / "parts"
TEXTS = ROOT / "dispatcher" / "texts"
LIMIT = 82 * 1024


def sources() -> list[Path]:
    return [*PAGE.glob("*.mjs"), *(PAGE / name for name in ("sw.js", "index.html", "phone.css"))]


def test_page_without_its_map_is_small() -> None:
    """Everything the service worker keeps weighs at most 82 kB, before compression."""
    files = [file for folder in (PAGE, PARTS) for file in folder.iterdir() if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= LIMIT


def test_service_worker_keeps_every_module() -> None:
    """A module that is missing in the shell's list would break the page without a network."""
    worker = (PAGE / "sw.js").read_text(encoding="utf-8")
    for module in PAGE.glob("*.mjs"):
        assert f'"{module.name}"' in worker
    for part in PARTS.glob("*.js"):
        assert f'"/ui/livemap/parts/{part.name}"' in worker


def test_imports_lead_to_files() -> None:
    """Every import of the page names a file that is served."""
    for file in PAGE.glob("*.mjs"):
        for wanted in re.findall(r'from "([^"]+)"', file.read_text(encoding="utf-8")):
            where = PARTS / Path(wanted).name if wanted.startswith("/ui/") else PAGE / wanted
            assert where.is_file(), f"{file.name} imports {wanted}"


def test_text_never_goes_in_as_markup() -> None:
    """Customer's words reach the page only as text: no innerHTML, no eval."""
    script = ROOT / "dashboard" / "livemap" / "src"
    for file in [*PAGE.glob("*.mjs"), *script.glob("*.js")]:
        code = file.read_text(encoding="utf-8")
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in code, f"{file.name} uses {way}"


@pytest.mark.parametrize("room", ["map", "pages", "phone"])
def test_both_languages_say_the_same(room: str) -> None:
    """Same keys, same places to fill, and no sentence left empty."""
    en, zh = (
        json.loads((TEXTS / lang / f"{room}.json").read_text(encoding="utf-8"))
        for lang in ("en", "zh")
    )
    assert list(en) == list(zh)
    for key, text in en.items():
        assert text, key
        assert zh[key], key
        assert sorted(re.findall(r"\{\w*\}", text)) == sorted(re.findall(r"\{\w*\}", zh[key])), key


def keys_used(folder: Path, pattern: str) -> set[str]:
    found: set[str] = set()
    for file in folder.iterdir():
        if file.suffix in {".js", ".mjs"}:
            found |= set(re.findall(pattern, file.read_text(encoding="utf-8")))
    return found


def test_every_sentence_of_the_page_exists() -> None:
    """A key written out in the page's code is in the catalogue."""
    known = json.loads((TEXTS / "en" / "phone.json").read_text(encoding="utf-8"))
    shared = json.loads((TEXTS / "en" / "map.json").read_text(encoding="utf-8"))
    for key in keys_used(PAGE, r'(?<![\w.])phone\.t\("([\w.-]+)"'):
        assert f"phone.{key}" in known or f"map.{key}" in shared, key


def test_every_sentence_of_the_map_exists() -> None:
    """A key written out in the component's code is in the catalogue."""
    known = json.loads((TEXTS / "en" / "map.json").read_text(encoding="utf-8"))
    for key in keys_used(ROOT / "dashboard" / "livemap" / "src", r'(?<![\w])t\("([\w.]+)"'):
        assert f"map.{key}" in known, key


def test_every_sentence_of_the_dashboard_exists() -> None:
    """A key written out in the pages' code is in the catalogue."""
    known: dict[str, str] = {}
    for room in (TEXTS / "en").glob("*.json"):
        known |= json.loads(room.read_text(encoding="utf-8"))
    for file in (ROOT / "dashboard").rglob("*.py"):
        for key in re.findall(r'say\(\s*"([\w.]+)"', file.read_text(encoding="utf-8")):
            assert f"pages.{key}" in known, f"{file.name}: {key}"
