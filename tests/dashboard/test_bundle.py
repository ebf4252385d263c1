"""The committed map component is what its source builds, and its pure modules do what they should."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "dashboard" / "livemap"
BUNDLE = ROOT / "dispatcher" / "api" / "web" / "livemap"
# js, worker and style as they travel over the wire
WIRE_LIMIT = 600_000

in_ci = bool(os.environ.get("CI"))
node = shutil.which("node")
npm = shutil.which("npm")


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def input_hash() -> str:
    """Count as `dashboard/livemap/hashes.mjs` does."""
    names = ["package-lock.json", "package.json", "vite.config.mjs", "hashes.mjs"]
    names += [f"src/{file.name}" for file in sorted((SOURCE / "src").iterdir())]
    names += [f"../../dispatcher/texts/{lang}/map.json" for lang in ("en", "zh")]
    lines = [f"{name} {sha((SOURCE / name).read_bytes())}\n" for name in names]
    return sha("".join(lines).encode())


def hashes(folder: Path) -> dict[str, str]:
    """Return the hash of each built file by its path inside the folder."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "BUILD.json"]
    return {file.relative_to(folder).as_posix(): sha(file.read_bytes()) for file in files}


def note() -> dict:
    return json.loads((BUNDLE / "BUILD.json").read_text(encoding="utf-8"))


def test_bundle_is_built_from_this_source() -> None:
    """Whoever changes the source or a text of the map runs `make bundle`."""
    assert note()["input"] == input_hash(), "the source changed: run `make bundle` and commit"


def test_bundle_files_are_the_ones_built() -> None:
    """No built file was changed by hand, none is missing, none is left over."""
    assert hashes(BUNDLE) == note()["output"]


def test_lock_file_names_no_registry() -> None:
    """The lock works with any registry: it holds hashes, not addresses."""
    lock = (SOURCE / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock


def test_bundle_asks_nobody_outside_and_stays_small() -> None:
    """Nothing is fetched from a CDN, and the whole is below its limit when compressed."""
    import gzip

    code = (BUNDLE / "livemap.js").read_text(encoding="utf-8")
    for host in ("unpkg.com", "cdn.jsdelivr.net", "cdnjs", "fonts.googleapis", "demotiles"):
        assert host not in code
    wire = sum(len(gzip.compress(f.read_bytes(), 6)) for f in BUNDLE.iterdir() if f.is_file())
    assert wire < WIRE_LIMIT


@pytest.mark.skipif(not node and not in_ci, reason="node is not installed")
def test_pure_modules() -> None:
    """Store, socket, order, timeline and clock pass their own tests under node."""
    assert node, "CI needs node for the front end's tests"
    files = sorted(str(f.relative_to(SOURCE)) for f in (SOURCE / "test").glob("*.test.js"))
    done = subprocess.run(
        [node, "--test", *files], cwd=SOURCE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.skipif(not npm, reason="npm is not installed: the bundle cannot be built anew")
def test_building_anew_gives_the_same_bytes(tmp_path: Path) -> None:
    """The committed bundle can be made by anyone, byte for byte."""
    work = tmp_path / "dashboard" / "livemap"
    ignore = shutil.ignore_patterns("node_modules")
    shutil.copytree(SOURCE, work, ignore=ignore)
    shutil.copytree(ROOT / "dispatcher" / "texts", tmp_path / "dispatcher" / "texts")
    out = tmp_path / "out"
    env = {**os.environ, "LIVEMAP_OUT": str(out)}
    for line in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run(
            [npm, *line], cwd=work, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
    assert hashes(out) == note()["output"]
