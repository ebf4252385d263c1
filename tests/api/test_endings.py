"""Work that ends without a visit of its own, by the doors."""

from __future__ import annotations

from tests.api.desk import HOME, Desk


def test_ticket_is_solved_on_the_phone_by_the_door(desk: Desk) -> None:
    """R13: refused with what is missing, then done, and no visit of it is left in the plan."""
    engineer, ticket = desk.engineer(), desk.ticket()
    desk.plan((engineer, [ticket]))
    report = {"found": "wrong driver", "done": "the right one"}
    early = desk.client().post(f"/tickets/{ticket}/solve", json=report)
    assert (early.status_code, early.json()["code"]) == (409, "gate_closed")
    assert [one["condition"] for one in early.json()["missing"]] == ["guidance_tried"]
    assert "solve" in desk.client().get(f"/tickets/{ticket}").json()["moves"]
    desk.prove(ticket, "solve")
    done = desk.client().post(f"/tickets/{ticket}/solve", json=report)
    assert done.json()["ticket"]["status"] == "done"
    route = desk.client().get(f"/engineers/{engineer}/route").json()
    assert ticket not in str(route)
    for lang, words in (("en", "on the phone or by line"), ("zh", "电话或远程")):
        url, headers = f"/tickets/{ticket}/timeline", {"Accept-Language": lang}
        assert words in desk.client().get(url, headers=headers).text


def test_follow_up_names_its_first_ticket(desk: Desk) -> None:
    """R56: the answer is the new ticket, with the same place; the first one cannot get a second one."""
    ticket, engineer = desk.dispatched()
    desk.go(ticket, engineer, "incomplete", reason="wrong_skill")
    wish = {"skills": [{"name": "printer", "level": 4}]}
    answer = desk.client().post(f"/tickets/{ticket}/follow-up", json=wish)
    assert answer.is_success, answer.text
    again = answer.json()["ticket"]
    assert (again["follows"], again["status"]) == (ticket, "triaged")
    first = desk.client().get(f"/tickets/{ticket}").json()["ticket"]
    assert first["followed_by"] == again["id"]
    twice = desk.client().post(f"/tickets/{ticket}/follow-up", json=wish)
    assert (twice.status_code, twice.json()["code"]) == (409, "refused")


def test_dispute_is_judged_by_a_supervisor(desk: Desk) -> None:
    """R58: it stands in the supervisor's list, nobody else judges it, and upheld ends it."""
    ticket, engineer = desk.dispatched()
    desk.go(ticket, engineer, "finish", found="worn", done="new")
    assert desk.client().post(f"/tickets/{ticket}/dispute", json={"reason": "dead"}).is_success
    queue = desk.client().get("/tasks", params={"territory": HOME, "ticket": ticket}).json()
    assert [one["task"] for one in queue["items"] if one["role"] == "supervisor"] == [
        "review_dispute/1"
    ]
    body = {"verdict": "upheld", "reason": "another fault"}
    assert desk.client("dispatcher").post(f"/tickets/{ticket}/review", json=body).status_code == 403
    judged = desk.client().post(f"/tickets/{ticket}/review", json=body)
    assert judged.json()["ticket"]["status"] == "done"
    again = desk.client().post(f"/tickets/{ticket}/review", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "refused")


def test_ticket_says_how_complete_its_request_is(desk: Desk) -> None:
    """R05: in percent and in words; no name, number or street is told by it."""
    ticket = desk.ticket(model="PX-200", bought_from="shop")
    told = desk.client().get(f"/tickets/{ticket}").json()
    assert (told["completeness"], told["incomplete"]) == (100, [])
    bare = desk.ticket(bought_from="", model="")
    headers = {"Accept-Language": "zh"}
    told = desk.client().get(f"/tickets/{bare}", headers=headers).json()
    assert (told["completeness"], told["incomplete"]) == (66, ["型号", "购买渠道"])


def test_office_work_is_listed_worked_and_closed_by_the_doors(desk: Desk) -> None:
    """R20: found among the others, refused until the answer has gone out, closed without a visit."""
    other = desk.ticket()
    name = desk.ticket(needs_visit=False, skills=[], severity=None)
    client, where = desk.client("customer-service"), {"territory": HOME}

    def listed(**how: object) -> list[str]:
        page = client.get("/tickets", params={**where, **how, "limit": 200}).json()
        return [one["id"] for one in page["items"]]

    assert (name in listed(visit=False), other in listed(visit=False)) == (True, False)
    assert (name in listed(visit=True), other in listed(visit=True)) == (False, True)
    told = client.get(f"/tickets/{name}").json()
    assert told["ticket"]["needs_visit"] is False
    assert "solve" in told["moves"]
    report = {"found": "asks for a price", "done": "told"}
    early = client.post(f"/tickets/{name}/solve", json=report)
    assert [one["condition"] for one in early.json()["missing"]] == ["answer_given"]
    desk.prove(name, "solve")
    assert client.post(f"/tickets/{name}/solve", json=report).json()["ticket"]["status"] == "done"
    for step, body in (("customer-accept", {}), ("call-back", {"satisfaction": 5}), ("close", {})):
        assert client.post(f"/tickets/{name}/{step}", json=body).is_success, step
    assert name not in listed(visit=False, open=True)
    wrong = client.post("/tickets", json=desk.request(needs_visit=False, severity=None))
    assert (wrong.status_code, wrong.json()["facts"]["field"]) == (422, "skills")


def test_request_that_needs_no_visit_may_leave_the_place_open(desk: Desk) -> None:
    """R20, R05: a letter from anywhere is answered; nobody is sent before somebody says where."""
    client = desk.client("customer-service")
    far = {"name": "Sigga", "email": "sigga@example.is", "address": "Aðalgata 1, Akureyri"}
    for site in (far, {"name": "Sigga", "phone": "555 0147"}):
        body = desk.request(needs_visit=False, skills=[], severity=None, site=site, category="")
        answer = client.post("/tickets", json=body)
        assert answer.status_code == 201, answer.text
        one = answer.json()["ticket"]
        assert (one["needs_visit"], one["has_place"]) == (False, False)
        told = client.get(f"/tickets/{one['id']}").json()["site"]
        assert told["confidence"] == "nowhere"
        judged = client.post(
            f"/tickets/{one['id']}/triage",
            json={"severity": 2, "skills": [{"name": "printer"}], "duration_s": 3600},
        )
        assert (judged.status_code, judged.json()["facts"]["field"]) == (422, "site")
        assert "register the visit" in judged.json()["detail"]
        line = client.get(f"/tickets/{one['id']}/timeline").json()["items"][0]
        assert line["text"].endswith("(general): phone"), line["text"]
        # the map leaves it out: it has no point there
        assert one["flags"] & 64
    kept = client.get(f"/tickets/{one['id']}/contact", params={"purpose": "notice"})
    assert kept.json()["phone"] == "555 0147"
    visit = client.post("/tickets", json=desk.request(site=far))
    assert (visit.status_code, visit.json()["facts"]["field"]) == (422, "site.address")
    known = desk.request(needs_visit=False, skills=[], severity=None)
    assert client.post("/tickets", json=known).json()["ticket"]["has_place"] is True
