"""Messages of tasks: to customers and to roles, told once, and clear when a channel fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dispatcher.api.notices import Notifier
from dispatcher.domain import duty
from dispatcher.store import Decision, Happening, Request
from tests.api.desk import HOME, running
from tests.notify.test_notify import SECRET, receiver


@pytest.mark.slow
def test_overdue_task_is_told_to_the_role_it_went_to_once(tmp_path: Path) -> None:
    """A webhook for supervisors hears of it; a second look, and another process, send nothing."""
    with receiver() as (url, got), running(tmp_path) as desk:
        (desk.house.settings.data / "notify.toml").write_text(
            f'wait_s = 0\ntries = 2\n[[channel]]\nname = "boss"\nkind = "webhook"\nurl = "{url}"\n'
            f'key = "{SECRET}"\naudience = ["supervisor"]\n'
        )
        ticket = desk.ticket()
        mirror = desk.house.mirror(HOME)
        told = (
            duty.TaskOpened(
                ticket=ticket,
                task="open_gate/1",
                role="dispatcher",
                opened_at=desk.now(),
                due_at=desk.now(),
                clause="house",
                cause="move_blocked:dispatch",
            ),
            duty.TaskEscalated(ticket=ticket, task="open_gate/1", role="supervisor"),
        )
        events = tuple(Happening(one, desk.now()) for one in told)
        request = Request(actor="tests", territory=HOME, now=desk.now())
        desk.house.store.commit(request, lambda _docs: Decision(events=events))
        mirror.catch_up()
        for notifier in (Notifier(desk.house), Notifier(desk.house)):
            notifier.look()
            notifier.look()
        [(_, headers, body)] = [one for one in got if b"escalation" in one[2]]
        assert headers["webhook-id"] == f"{ticket}/open_gate/1>supervisor"
        said = json.loads(body)
        assert (said["type"], said["audience"]) == ("notice.escalation", "supervisor")
        assert "Bring what the dispatch waits for" in said["text"]
        where = {"territory": HOME, "ticket": ticket, "state": "delivered"}
        rows = desk.client().get("/ledgers/notices", params=where).json()["items"]
        assert [(row["row"]["audience"], row["amount"]) for row in rows] == [("supervisor", 1)]


@pytest.mark.slow
def test_failing_channel_is_a_state_and_the_task_stays(tmp_path: Path) -> None:
    """Given up after its tries: told with its code in both languages, and still somebody's work."""
    with receiver(*[503] * 9) as (url, got), running(tmp_path) as desk:
        (desk.house.settings.data / "notify.toml").write_text(
            f'wait_s = 0\ntries = 2\n[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{url}"\n'
            f'key = "{SECRET}"\n'
        )
        ticket = desk.ticket()
        body = {"kind": "weather", "reason": "storm"}
        assert desk.client().post(f"/tickets/{ticket}/hold", json=body).is_success
        notifier = Notifier(desk.house)
        for _ in range(3):
            notifier.look()
        assert len(got) == 2
        assert len({headers["webhook-id"] for _, headers, _ in got}) == 1
        for lang, word in (("en", "given up"), ("zh", "未送达")):
            where = {"territory": HOME, "ticket": ticket, "lang": lang}
            headers = {"Accept-Language": lang}
            page = desk.client().get("/ledgers/notices", params=where, headers=headers).json()
            [row] = page["items"]
            assert (row["state"], row["state_label"]) == ("failed", word)
            assert (row["row"]["problem"], row["row"]["tries"]) == ("http_503", 2)
        where = {"territory": HOME, "ticket": ticket}
        left = desk.client().get("/tasks", params=where).json()["items"]
        assert [one["task"] for one in left] == ["tell_of_hold/1"]
