"""Instance files: what is right is read exactly, what is wrong is named."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dispatcher.errors import BadInstance
from dispatcher.solver.instance import (
    instance_from,
    instances_in,
    plan_document,
    plan_from,
    read_instance,
)
from dispatcher.solver.solution import Solution

SMALL: dict[str, Any] = {
    "format": "fsd-instance/1",
    "name": "small",
    "now": 28_000,
    "skills": ["gas", "water"],
    "weights": {"travel": 1, "overtime": 2},
    "locations": [[0, 0], [1000, 0], [0, 1000]],
    "travel": {"model": "matrix", "seconds": [[0, 60, 70], [80, 0, 90], [50, 40, 0]]},
    "engineers": [
        {
            "id": "E0",
            "start": 0,
            "end": 0,
            "shift": [28_800, 60_000],
            "max_overtime": 3600,
            "lunch": {"earliest": 41_000, "latest": 45_000, "duration": 1800},
            "skills": ["gas"],
        }
    ],
    "jobs": [
        {
            "id": "J0",
            "loc": 1,
            "duration": 600,
            "release": 0,
            "skills": ["gas"],
            "severity": 1,
            "weight": 1,
            "due": None,
            "breach_penalty": 0,
            "window": [30_000, 40_000],
            "drop_penalty": 9000,
        }
    ],
}

CITY: dict[str, Any] = {
    "model": "city-v1",
    "fixed_s": 90,
    "detour": 1.3,
    "bands": [[4000, 8.0], [1_000_000, 21.0]],
    "river_y": 500,
    "bridges": [100],
    "noise_pct": 15,
    "inbound_pct": 10,
    "centre": [500, 500],
    "hash_seed": 3,
}


def test_travel_equals_the_reference(fsd: Path, scorer: ModuleType) -> None:
    """The vectorised travel model rounds like the reference, arc by arc."""
    rng = np.random.default_rng(5)
    for path in instances_in(fsd):
        instance, reference = read_instance(path), scorer.Travel(json.loads(path.read_text()))
        seconds = instance.problem.travel[0]
        for i, j in rng.integers(len(seconds), size=(3000, 2)).tolist():
            assert seconds[i, j] == reference(i, j)


def test_small_file_is_read() -> None:
    """All fields land in their arrays."""
    problem = instance_from(SMALL, "small.json").problem
    assert problem.travel[0, 1, 2] == 90
    assert problem.earliest.tolist() == [28_800]
    assert problem.window_close.tolist() == [40_000]
    assert problem.is_eligible.tolist() == [[True]]


@pytest.mark.parametrize(
    ("path", "value", "key", "words"),
    [
        (["engineers"], [], "engineers", "is empty"),
        (["jobs", 0, "duration"], -5, "jobs[0].duration", "is -5"),
        (["jobs", 0, "duration"], 2.5, "jobs[0].duration", "whole number"),
        (["jobs", 0, "duration"], None, "jobs[0].duration", "whole number"),
        (["jobs", 0, "skills"], ["fire"], "jobs[0].skills[0]", "no skill"),
        (["jobs", 0, "loc"], 3, "jobs[0].loc", "0..2"),
        (["jobs", 0, "window"], [9, 3], "jobs[0].window", "begins"),
        (["jobs", 0, "window"], [9], "jobs[0].window", "has 1 entries"),
        (["engineers", 0, "shift"], "all day", "engineers[0].shift", "must be a list"),
        (["engineers", 0, "lunch"], {"earliest": 9, "latest": 3}, "engineers[0].lunch", "begins"),
        (["travel", "seconds"], [[0, 1], [1, 0]], "travel.seconds", "must have 3"),
        (["travel", "seconds", 1], [0, 1], "travel.seconds[1]", "must have 3"),
        (["travel", "seconds", 1], [0, -1, 2], "travel.seconds[1]", "whole seconds"),
        (["travel", "model"], "crow", "travel.model", "must be"),
        (["format"], "fsd-instance/9", "format", "must be"),
        (["locations"], [], "locations", "has 0 places"),
        (["locations"], {}, "locations", "must be a list"),
        (["weights"], 3, "weights", "must be an object"),
        (["locations", 1], [float("nan"), 0], "locations[1][0]", "is NaN, must be a number"),
        (["locations", 1], [1], "locations[1]", "must have 2"),
        (["locations", 1], None, "locations[1]", "must be a list"),
        (["travel", "seconds", 1], [0, "1", 2], "travel.seconds[1][1]", 'is "1", must be a number'),
        (["travel", "seconds", 1], [True, 1, 2], "travel.seconds[1][0]", "is true"),
        (["travel", "seconds", 1], [0, None, 2], "travel.seconds[1][1]", "is null"),
        (["travel", "seconds", 1], [0, float("nan"), 2], "travel.seconds[1]", "whole seconds"),
        (["travel", "seconds", 1], [0, 10**30, 2], "travel.seconds[1]", "whole seconds"),
        (["travel"], {**CITY, "bands": []}, "travel.bands", "is empty"),
        (
            ["travel"],
            {**CITY, "bands": [[9, 8], [5, 9]]},
            "travel.bands[1][0]",
            "must be more than",
        ),
        (["travel"], {**CITY, "bridges": []}, "travel.bridges", "a river needs a bridge"),
        (["travel"], {**CITY, "inbound_pct": 200}, "travel.inbound_pct", "0..100"),
        (["pairs"], [["J0", "J9"]], "pairs", "is no key here"),
        (["engineers", 0, "fixed"], ["J9"], "engineers[0].fixed", "is no key here"),
        (["jobs", 0, "windw"], [1, 2], "jobs[0].windw", "is no key here"),
        (["jobs", 0, "id"], "J\n0", "jobs[0].id", "can be shown"),
        (["jobs", 0, "duration"], ["x" * 9999], "jobs[0].duration", "x…, must be a whole number"),
    ],
)
def test_bad_value_is_named(path: list[Any], value: Any, key: str, words: str) -> None:
    """One sentence with the file and the key."""
    document = copy.deepcopy(SMALL)
    at: Any = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    with pytest.raises(BadInstance, match=r"small\.json") as refusal:
        instance_from(document, "small.json")
    assert refusal.value.facts["key"] == key
    assert words in str(refusal.value)


@pytest.mark.parametrize("key", sorted(set(SMALL)))
def test_missing_key_is_named(key: str) -> None:
    """Every key of the top level is missed when it is gone."""
    document = {k: v for k, v in SMALL.items() if k != key}
    with pytest.raises(BadInstance) as refusal:
        instance_from(document, "small.json")
    assert refusal.value.facts == {"file": "small.json", "key": key, "problem": "is missing"}


@pytest.mark.parametrize("key", sorted(set(SMALL["jobs"][0]) - {"severity", "window", "due"}))
def test_missing_job_key_is_named(key: str) -> None:
    """Every key of a job that counts is missed when it is gone."""
    document = copy.deepcopy(SMALL)
    del document["jobs"][0][key]
    with pytest.raises(BadInstance, match="is missing"):
        instance_from(document, "small.json")


def test_no_json_is_named(tmp_path: Path) -> None:
    """A file that is not JSON, or not there, is one sentence."""
    broken = tmp_path / "broken.json"
    broken.write_text("{nonsense")
    with pytest.raises(BadInstance, match="is not JSON"):
        read_instance(broken)
    with pytest.raises(BadInstance, match="cannot be read"):
        read_instance(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("body", "key", "words", "chinese"),
    [
        (b"", "the file", "is empty", "文件：为空"),
        (
            b"{nonsense",
            "the file",
            "is not JSON (line 1, column 2)",
            "文件：不是 JSON（第 1 行第 2 列）",
        ),
        (bytes(range(256)), "the file", "is no text in UTF-8", "文件：不是 UTF-8 文本"),
        (b"[" * 100_000, "the file", "is nested too deep", "文件：嵌套过深"),
        (b'{"now": ' + b"9" * 5000 + b"}", "the file", "too many digits", "位数过多"),
        (b'{"now": 1, "now": 2}', "now", "stands twice", "now：在同一对象中出现两次"),
    ],
)
def test_file_that_is_no_document_is_one_sentence(
    tmp_path: Path, body: bytes, key: str, words: str, chinese: str
) -> None:
    """File and fault in both languages, without a library's own words."""
    file = tmp_path / "bad.json"
    file.write_bytes(body)
    with pytest.raises(BadInstance) as refusal:
        read_instance(file)
    assert refusal.value.facts["key"] == key
    assert words in str(refusal.value)
    assert chinese in refusal.value.message("zh")


def test_mark_of_an_editor_is_no_fault(tmp_path: Path) -> None:
    """Some editors put three bytes before the text."""
    file = tmp_path / "marked.json"
    file.write_text(json.dumps(SMALL), encoding="utf-8-sig")
    assert read_instance(file).name == "small"


def test_trip_that_takes_for_ever_names_the_file() -> None:
    """A fault that no key shows alone is told with the file as well."""
    slow = {**CITY, "bands": [[1_000_000, 0.01]], "noise_pct": 1000}
    document = {**SMALL, "travel": slow, "locations": [[0, 0], [900_000, 0], [0, 900_000]]}
    with pytest.raises(BadInstance, match=r"slow\.json, travel\["):
        instance_from(document, "slow.json")


def test_plan_survives_writing() -> None:
    """A plan written and read back is the same plan; strangers in it are named."""
    instance = instance_from(SMALL, "small.json")
    plan = Solution(routes=((0,),), lunch_leg=(1,))
    document = plan_document(instance, plan)
    assert plan_from(document, instance, "plan.json") == plan
    document["routes"][0]["jobs"] = ["J9"]
    with pytest.raises(BadInstance, match=r"routes\[0\].jobs\[0\]"):
        plan_from(document, instance, "plan.json")


def test_many_tickets_at_one_place_are_read() -> None:
    """Ten thousand tickets at one place are a day like any other."""
    document = copy.deepcopy(SMALL)
    document["jobs"] = [dict(SMALL["jobs"][0], id=f"J{k}") for k in range(10_000)]
    assert instance_from(document, "many.json").problem.num_tasks == 10_000
