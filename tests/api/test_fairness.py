"""A day solved again through the door: at first it runs, then it is known; nobody waits for it."""

from __future__ import annotations

import time
from io import BytesIO

import openpyxl

from tests.api.desk import HOME, Desk


def test_day_is_solved_again_in_a_process_of_its_own(desk: Desk) -> None:
    """R26: the answer comes at once, "running" at first; later two plans stand side by side."""
    desk.engineer()
    for _ in range(2):
        desk.ticket()
    client, query = desk.client(), {"territory": HOME}
    began = time.monotonic()
    told = client.get("/day/fairness", params=query).json()
    # another test of this desk may have asked before
    assert told["state"] in {"running", "known", "nothing"}
    assert time.monotonic() - began < 5
    while told["state"] == "running" and time.monotonic() - began < 150:
        time.sleep(0.5)
        told = client.get("/day/fairness", params=query).json()
    assert told["state"] in {"known", "nothing"}, told
    if told["state"] == "known":
        assert told["lowest"] <= told["price"] <= told["highest"]
        assert told["with_turn"]["most"] >= told["with_turn"]["fewest"]
    file = client.get("/day/fairness/export", params={**query, "form": "xlsx"})
    if told["state"] == "known":
        head, with_turn, without, price = openpyxl.load_workbook(
            BytesIO(file.content)
        ).active.values
        assert (head[1], with_turn[0], without[0]) == ("Driving, min", "in turn", "without")
        assert price[6:] == tuple(
            round(told[one] / 60, 1) for one in ("price", "lowest", "highest")
        )
        plain = client.get("/day/fairness/export", params=query, headers={"Accept-Language": "zh"})
        assert plain.text.startswith("\ufeff方案,行车（分钟）")
    else:
        assert (file.status_code, "ask for its price" in file.text) == (409, True)
    ahead = client.get("/day/fairness", params={**query, "on": "2199-01-01"})
    assert (ahead.status_code, ahead.json()["code"]) == (422, "bad_field")
