"""`dispatcher city` says what it found, or why it refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from tests.geo.test_importer import grid_ways, write_extract


def run(*words: str) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it printed on both channels."""
    result = CliRunner().invoke(app, ["city", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def test_import_list_and_show(tmp_path: Path) -> None:
    """An imported city is listed and shown, for people and for scripts."""
    file = write_extract(tmp_path / "town.osm.pbf", grid_ways())
    data = "--data", str(tmp_path / "data")
    code, out, _ = run("import", str(file), "--name", "town", "--title", "Town", *data, "--json")
    assert code == 0
    assert json.loads(out)["found"]["num_edges"] == 12
    code, out, _ = run("list", *data, "--json")
    cities = {city["name"]: city for city in json.loads(out)}
    assert code == 0
    assert (cities["town"]["shipped"], cities["reykjavik"]["shipped"]) == (False, True)
    code, out, _ = run("show", "town", *data)
    assert code == 0
    assert "© OpenStreetMap contributors" in out
    assert run("list", *data)[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["show", "atlantis"], 1, "atlantis"),
        (["import", "none.osm.pbf", "--name", "x"], 2, "no such file"),
        (["import", "none.osm.pbf", "--name", "New York"], 2, "New York"),
        (["import", "none.osm.pbf", "--name", "x", "--box", "1,2,3"], 2, "1,2,3"),
        (["import", "none.osm.pbf"], 2, "--name"),
    ],
)
def test_refusals(tmp_path: Path, words: list[str], code: int, message: str) -> None:
    """Wrong use and wrong input leave with 2, what is not there with 1, all with a sentence."""
    data = ["--data", str(tmp_path)]
    got, out, err = run(*words, *data)
    assert got == code
    assert message in err
    assert "Traceback" not in out + err
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
