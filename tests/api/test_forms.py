"""Forms: filled from the log, in both languages, veiled unless a purpose is named, printable."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser

import httpx
import pytest

from dispatcher.api.access import Role
from dispatcher.forms import FORMS, Case, Customer
from tests.api.desk import Desk
from tests.places import MORNING, ticket_events

VOID = {"meta", "br", "link", "img", "input"}


class Whole(HTMLParser):
    """Checks that every tag is closed in order, and collects the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.tags: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@pytest.fixture(scope="module")
def story(desk: Desk) -> tuple[str, str]:
    """A ticket whose work is done, accepted and called back, and who did it."""
    ticket, engineer = desk.dispatched()
    phone, boss = desk.client("engineer", engineer), desk.client()
    for step, body in (
        ("accept", {}),
        ("depart", {}),
        ("arrive", {}),
        ("finish", {"found": "a <b>worn</b> roller", "done": "roller replaced"}),
    ):
        desk.prove(ticket)
        answer = phone.post(f"/visits/{ticket}/{step}", json=body)
        assert answer.is_success, answer.text
    desk.prove(ticket)
    assert boss.post(f"/tickets/{ticket}/customer-accept", json={}).is_success
    said = {"satisfaction": 4, "remark": "quick & tidy"}
    assert boss.post(f"/tickets/{ticket}/call-back", json=said).is_success
    return ticket, engineer


def page(desk: Desk, ticket: str, kind: str, role: str = "supervisor", **query: str) -> Whole:
    answer = desk.client(role).get(f"/tickets/{ticket}/forms/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script" not in answer.headers["content-security-policy"]
    return Whole(answer.text)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", FORMS)
def test_form_is_whole_bilingual_and_veiled(
    desk: Desk, story: tuple[str, str], kind: str, lang: str
) -> None:
    """Valid markup without scripts or outside files; both languages; no customer on it."""
    found = page(desk, story[0], kind, lang=lang)
    assert not {"script", "img", "link", "iframe"} & set(found.tags)
    assert story[0] in found.text
    assert re.search(r"[\u4e00-\u9fff]", found.text)
    assert re.search(r"[A-Za-z]{4}", found.text)
    assert "form." not in found.text  # every text is there
    for word in ("Jónsson", "555 0123", "Laugavegur 22", "PX-200"):
        assert word not in found.text
    # who is asked for the purpose gets the customer, and the log has it
    assert found.tags.count("main") == (2 if kind == "commissioning" else 1)


def test_purpose_lifts_the_veil_and_is_a_fact(desk: Desk, story: tuple[str, str]) -> None:
    """`purpose=form` prints the customer; a wrong purpose prints nothing."""
    ticket, _ = story
    found = page(desk, ticket, "repair_order", purpose="form")
    for word in ("Jón Jónsson", "+354 555 0123", "Laugavegur 22", "PX-200"):
        assert word in found.text
    line = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"][-1]
    assert (line["kind"], line["facts"]["purpose"]) == ("contact_read", "form")
    wrong = desk.client("dispatcher").get(
        f"/tickets/{ticket}/forms/trip", params={"purpose": "audit"}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_purpose")


def test_trip_has_two_parts_filled_from_the_log(desk: Desk, story: tuple[str, str]) -> None:
    """The supervisor's task and the engineer's report (R52); what was typed is escaped."""
    answer = desk.client().get(f"/tickets/{story[0]}/forms/trip", params={"lang": "en"})
    assert "a &lt;b&gt;worn&lt;/b&gt; roller" in answer.text
    found = Whole(answer.text)
    for word in ("Part 1", "Part 2", "roller replaced", f"Engineer {story[1]}", "● 4"):
        assert word in found.text
    times = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", found.text)
    assert len(times) >= 5  # reported, sent, left, arrived, finished, signed, printed


def test_paper_names_people_and_ticks_what_was_shown(desk: Desk, story: tuple[str, str]) -> None:
    """R30, R34, R64: no code of ours on it; the order has the fee and the consent once they are known."""
    ticket, engineer = story
    for kind in FORMS:
        for lang in ("en", "zh"):
            text = page(desk, ticket, kind, lang=lang).text
            assert f"engineer:{engineer}" not in text
    trip = page(desk, ticket, "trip", lang="en").text
    assert "☑ order number" in trip
    # nothing is charged, so nobody was asked
    assert "☐ customer's consent" in trip
    order = page(desk, ticket, "repair_order", lang="en").text
    assert "☐ agrees" in order
    other = desk.ticket()
    boss = desk.client()
    items = [
        {"kind": "labour", "quantity": 30},
        {"kind": "other", "name": "Parking", "price_cents": 1250},
    ]
    assert boss.post(f"/tickets/{other}/fee", json={"items": items}).is_success
    said = {"kind": "consent", "value": "yes"}
    assert boss.post(f"/tickets/{other}/evidence", json=said).is_success
    order = page(desk, other, "repair_order", lang="en").text
    assert "Work, 30 min" in order
    assert "Parking × 1" in order
    assert "☑ agrees" in order
    assert "☐ declines" in order


def test_commissioning_is_in_duplicate_with_three_checks(
    desk: Desk, story: tuple[str, str]
) -> None:
    """One for the customer, one for the house (R53)."""
    found = page(desk, story[0], "commissioning", lang="en")
    assert "Customer's copy" in found.text
    assert "Our copy" in found.text
    for number in ("\n1\n", "\n2\n", "\n3\n"):
        assert found.text.count(number) == 2


def test_call_back_record_and_survey_have_the_answer(desk: Desk, story: tuple[str, str]) -> None:
    """What the customer said on the phone stands on both (R66, R67)."""
    record = page(desk, story[0], "call_back", lang="en")
    assert "● 4" in record.text
    assert "quick & tidy" in record.text
    assert "● 4" in page(desk, story[0], "survey", lang="en").text


def test_registration_explains_the_promises(desk: Desk, story: tuple[str, str]) -> None:
    """Each due time stands there with its clause (R04)."""
    found = page(desk, story[0], "registration", lang="en")
    assert "pulls no paper" in found.text
    assert "M3 3(2)" in found.text


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_forms_are_for_those_who_work_with_customers(
    desk: Desk, story: tuple[str, str], role: str
) -> None:
    """Operations, lookers and programs get none; an engineer the own ones."""
    ticket, engineer = story
    client = desk.client(role, engineer if role == "engineer" else None)
    answer = client.get(f"/tickets/{ticket}/forms")
    if role in {"operations", "read-only", "service"}:
        assert answer.status_code == 403
        return
    assert [one["name"] for one in answer.json()["items"]] == list(FORMS)
    path = answer.json()["items"][0]["path"]
    assert client.get(f"{desk.url}{path}").is_success
    # the visit is over: the engineer prints no customer any more
    over = client.get(f"{desk.url}{path}", params={"purpose": "form"})
    assert over.status_code == (403 if role == "engineer" else 200)


def test_unknown_form_is_refused_with_the_known_ones(desk: Desk, story: tuple[str, str]) -> None:
    """The refusal says which there are; without a session there is none."""
    answer = desk.client().get(f"/tickets/{story[0]}/forms/poster")
    assert answer.status_code == 422
    assert "repair_order" in answer.text
    assert httpx.get(f"{desk.url}/api/v1/tickets/{story[0]}/forms/trip").status_code == 401


# what each form looks like, empty and in English; a form that changes gets another version
LOOKS = {
    "registration": (1, "a55072a0fa40"),
    "repair_order": (1, "fcfd531355ae"),
    "trip": (1, "fa4de939d276"),
    "commissioning": (1, "269f7b3db6f9"),
    "call_back": (1, "24bf5c70f057"),
    "survey": (1, "d9c6d1ae6a10"),
}


def looks_of(name: str) -> str:
    """Return a digest of an empty form."""
    reported, _ = ticket_events(1)
    case = Case(
        ticket=reported.ticket,
        customer=Customer(),
        facts=(),
        people={},
        lang="en",
        zone="UTC",
        now=MORNING,
    )
    return hashlib.blake2b(repr(FORMS[name].fill(case)).encode(), digest_size=6).hexdigest()


def test_forms_are_controlled_documents(desk: Desk, story: tuple[str, str]) -> None:
    """R93: each has a number of its own, a version and a retention, on the list and on the paper."""
    listed = desk.client().get(f"/tickets/{story[0]}/forms").json()["items"]
    assert {one["name"] for one in listed} == set(FORMS)
    assert len({one["number"] for one in listed}) == len(FORMS)
    for one in listed:
        assert one["keep_years"] >= 1
        page = desk.client().get(f"/tickets/{story[0]}/forms/{one['name']}").text
        assert (
            f"{one['number']} · version {one['version']} · kept {one['keep_years']} years" in page
        )


@pytest.mark.parametrize("name", list(FORMS))
def test_form_that_changes_gets_another_version(name: str) -> None:
    """R93: a printed form can be told from an older one, so its looks belong to its version."""
    assert LOOKS[name] == (FORMS[name].version, looks_of(name)), "count the version up"
