"""Gates at the desk: what is missing is told whole, exceptions are facts, late papers move no clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.gates import missing
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.desk import Desk
from dispatcher.domain import duty
from dispatcher.domain import events as ev
from dispatcher.domain.territory import Storm
from dispatcher.domain.ticket import Channel, RequiredSkill, Severity, Status
from dispatcher.errors import BadField, GateClosed, MissingReason, NoException, NotAllowed
from dispatcher.notify.message import compose
from dispatcher.policy import Policy, load_policy, read_clocks
from dispatcher.report import DayBook
from dispatcher.sim.proofs import shown
from tests.desk.test_commands import prove, route
from tests.places import HOUR, MORNING, CrowFlies, Village, at, site

POLICY = load_policy()
HARDWARE = (RequiredSkill(name="hardware"),)


def say(
    place: Village,
    command: w.Command,
    now: int = MORNING,
    policy: Policy = POLICY,
    role: str = "dispatcher",
    at_: int | None = None,
) -> None:
    """Decide a command as somebody of a role and append what it becomes."""
    context = Context(now=now, policy=policy, role=role, actor=role, at=at_)
    decision = decide(command, place.docs, context)
    for one in decision.sites:
        place.docs.sites[one.id] = one
    for event in decision.events:
        fact = ev.Fact(
            territory="V",
            seq=len(place.facts) + 1,
            event=event,
            actor=role,
            at=context.happened_at,
            recorded_at=now,
        )
        place.facts.append(fact)
        from dispatcher.domain.fold import apply

        apply(place.docs, fact)


def planned(policy: Policy = POLICY, **more: object) -> tuple[Village, str]:
    """Return a village with one planned ticket of Anna's, without an order number."""
    place = Village().engineer("anna")
    wish = w.ReportTicket(
        channel=Channel.PHONE,
        site=site(1, at(1, 0)),
        symptom="x",
        category="hardware",
        severity=Severity.GENERAL,
        skills=HARDWARE,
        **more,
    )
    say(place, wish, policy=policy)
    [name] = place.docs.tickets
    say(place, w.Publish(epoch=None, input_seq=0, routes=(route("anna", name),)), policy=policy)
    return place, name


def lacks(place: Village, name: str, move: str, policy: Policy = POLICY, now: int = MORNING):
    ticket = place.docs.ticket(name)
    found = missing(ticket, move, place.docs, policy.profile_of(ticket), now)
    return {one.condition: one.items for one in found}


def shut(place: Village, command: w.Command, policy: Policy = POLICY, **how) -> GateClosed:
    with pytest.raises(GateClosed) as closed:
        say(place, command, policy=policy, **how)
    return closed.value


def test_refusal_names_everything_with_clause_and_way_in_both_languages() -> None:
    """R30, R34: order number and consent are missing at once, each with who may let it pass."""
    place, name = planned()
    say(place, w.RecordEvidence(ticket=name, kind="chargeable", value="yes"))
    error = shut(place, w.Step(ticket=name, move="dispatch"))
    assert [one.condition for one in error.lacking] == [
        *("order_number", "estimate_confirmed", "consent"),
    ]
    english, chinese = error.message("en"), error.message("zh")
    for text, words in (
        (english, ("order number (M4 P1 6)", "supervisor or dispatcher", "consent", "M1 5.12")),
        (chinese, ("订单号（M4 P1 6）", "主管或调度员", "征得客户同意")),
    ):
        assert all(one in text for one in words), text
    assert "{" not in english + chinese


def test_evidence_opens_the_gate_and_what_is_not_chargeable_is_not_asked() -> None:
    """R33, R34: estimate and consent are asked of chargeable tickets alone."""
    place, name = planned()
    say(place, w.RecordEvidence(ticket=name, kind="order_number", value="PO-7"))
    assert lacks(place, name, "dispatch") == {}
    say(place, w.RecordEvidence(ticket=name, kind="chargeable", value="yes"))
    assert set(lacks(place, name, "dispatch")) == {"estimate_confirmed", "consent"}
    say(place, w.RecordEvidence(ticket=name, kind="chargeable", value="no"))
    say(place, w.Step(ticket=name, move="dispatch"))
    assert place.docs.ticket(name).status is Status.DISPATCHED


def test_call_back_comes_before_a_promise() -> None:
    """R15: under the PC supplier's profile no visit is promised before the call; a try is no call."""
    place, name = planned(contract="pc-supplier")
    wish = w.Promise(ticket=name, promised_at=MORNING + HOUR)
    error = shut(place, wish)
    assert [(one.condition, one.by, one.purpose) for one in error.lacking] == [
        ("appointment_agreed", "contact", "appointment")
    ]
    say(place, w.LogContact(ticket=name, purpose="appointment", is_reached=False))
    shut(place, wish)
    say(place, w.LogContact(ticket=name, purpose="appointment"))
    say(place, wish)
    assert place.docs.ticket(name).promised_at == MORNING + HOUR


def test_weekday_dispatch_needs_an_exception_in_writing() -> None:
    """R29: Monday, doors and windows: only a supervisor, only with a document, and it is a fact."""
    place, name = planned(contract="doors-windows", external_id="PO-1")
    prove(place, name, "dispatch")
    step = w.Step(ticket=name, move="dispatch")
    assert [one.condition for one in shut(place, step).lacking] == ["dispatch_day"]
    given = {"ticket": name, "move": "dispatch", "condition": "dispatch_day"}
    with pytest.raises(NotAllowed, match="dispatcher"):
        say(place, w.GrantException(**given, document="D-1"))
    with pytest.raises(BadField, match=r"M4 P1 5\.2\.3c"):
        say(place, w.GrantException(**given, reason="urgent"), role="supervisor")
    say(place, w.GrantException(**given, document="D-1"), role="supervisor")
    [granted] = [f.event for f in place.facts if isinstance(f.event, duty.ExceptionGranted)]
    assert (granted.document, granted.clause, granted.role) == (
        *("D-1", "M4 P1 5.2.3c"),
        "supervisor",
    )
    say(place, step)
    # on a Saturday nobody asks
    saturday, other = planned(contract="doors-windows", external_id="PO-2")
    prove(saturday, other, "dispatch")
    assert lacks(saturday, other, "dispatch", now=MORNING + 5 * 24 * HOUR) == {}


def test_exception_is_only_where_the_profile_has_one() -> None:
    """No consent can be waved through, and a reason is asked for where one is due."""
    place, name = planned()
    given = {"ticket": name, "move": "dispatch"}
    with pytest.raises(NoException, match="order_number"):
        say(place, w.GrantException(**given, condition="consent", reason="x"), role="supervisor")
    with pytest.raises(MissingReason):
        say(place, w.GrantException(**given, condition="order_number"))


def summary(place: Village, now: int):
    """Return what reports count of a day: clocks, hours, engineers."""
    book = DayBook(
        docs=Village().docs,
        clocks_of=lambda ticket, at_: read_clocks(POLICY, ticket, book.docs.home, at_),
    )
    from dispatcher.domain.fold import apply

    for fact in place.facts:
        apply(book.docs, fact)
        book.add(fact)
    return book.summary(MORNING - HOUR, MORNING + 24 * HOUR, now)


def test_emergency_is_repaired_first_and_the_late_form_moves_no_measure() -> None:
    """R31: provisional order at once, paperwork task with its clock, the form five hours later."""
    place, name = planned()
    emergency = w.GrantException(
        ticket=name, move="dispatch", condition="order_number", reason="water on the floor"
    )
    say(place, emergency)
    [paper] = [one for one in place.docs.ticket(name).duties if one.name == "paperwork"]
    assert (paper.role, paper.due_at, paper.cause) == (
        "dispatcher",
        MORNING + 24 * HOUR,
        "exception_granted:order_number",
    )
    say(place, w.Step(ticket=name, move="dispatch"), MORNING + 60)
    for k, move in enumerate(("accept", "depart", "arrive", "finish"), 1):
        prove(place, name, move, MORNING + k * 600)
        step = w.VisitStep(ticket=name, engineer="anna", move=move, found="a", done="b")
        say(place, step, MORNING + k * 600, role="engineer")
    late = MORNING + 5 * HOUR
    before = (
        summary(place, late),
        read_clocks(POLICY, place.docs.ticket(name), place.docs.home, late),
    )
    # the form tells of 08:01 and is written down at 13:00
    form = w.RecordEvidence(ticket=name, kind="order_number", value="PO-9")
    say(place, form, late, at_=MORNING + 60)
    ticket = place.docs.ticket(name)
    assert (summary(place, late), read_clocks(POLICY, ticket, place.docs.home, late)) == before
    shown = ticket.evidence[-1]
    assert (shown.at, shown.recorded_at) == (MORNING + 60, late)
    [closed] = [
        f.event
        for f in place.facts
        if isinstance(f.event, duty.TaskClosed) and f.event.task == "paperwork/1"
    ]
    # the paperwork took until it was written down
    assert (closed.state, closed.closed_at) == ("done", late)


def test_documents_tools_and_kit_are_ticked_line_by_line() -> None:
    """R42, R44, R45: what is missing is named line by line; the trip ends when the kit is back."""
    place, name = planned(contract="power-equipment", external_id="PO-1")
    say(place, w.RecordEvidence(ticket=name, kind="commissioning", value="yes"))
    say(place, w.Step(ticket=name, move="dispatch"))
    say(place, w.VisitStep(ticket=name, engineer="anna", move="accept"), role="engineer")
    asked = lacks(place, name, "depart")
    assert asked["documents"] == ("configuration", "schematic", "wiring")
    tools = ("multimeter", "pliers", "drivers", "cutters")
    say(place, w.RecordEvidence(ticket=name, kind="tools_checked", items=tools))
    assert lacks(place, name, "depart")["tools_checked"] == ("wrench",)
    for move in ("depart", "arrive", "finish"):
        prove(place, name, move)
        step = w.VisitStep(ticket=name, engineer="anna", move=move, found="a", done="b")
        say(place, step, role="engineer")
    boards = ("board A", "board A", "board B")
    say(place, w.RecordEvidence(ticket=name, kind="kit_taken", items=boards))
    say(place, w.EngineerStep(engineer="anna", move="ask_return"))
    say(place, w.DecideReturn(engineer="anna", answer="go_home"))
    home = w.EngineerStep(engineer="anna", move="home")
    assert shut(place, home).lacking[0].items == ("board A", "board A", "board B")
    say(place, w.RecordEvidence(ticket=name, kind="kit_returned", items=("board A", "board B")))
    assert shut(place, home).lacking[0].items == ("board A",)
    say(place, w.RecordEvidence(ticket=name, kind="kit_returned", items=("board A",)))
    say(place, home)
    assert place.docs.engineer("anna").trip == ()


def test_signature_of_a_former_visit_is_none() -> None:
    """R55: after a dispute the customer signs anew; R92: the hazard note is read before each visit."""
    place, name = planned(external_id="PO-1")

    def visit(now: int) -> None:
        say(place, w.Step(ticket=name, move="dispatch"), now)
        for move in ("accept", "depart", "arrive", "finish"):
            prove(place, name, move, now)
            step = w.VisitStep(ticket=name, engineer="anna", move=move, found="a", done="b")
            say(place, step, now, role="engineer")

    visit(MORNING + 60)
    signed = w.RecordEvidence(ticket=name, kind="customer_signed", document="S-1")
    say(place, signed, MORNING + 60)
    say(place, w.StepBecause(ticket=name, move="dispute", reason="drips"), MORNING + HOUR)
    say(place, w.ReviewDispute(ticket=name, verdict="again", reason="drips"), MORNING + HOUR)
    say(place, w.Publish(epoch=None, input_seq=0, routes=(route("anna", name),)))
    assert set(lacks(place, name, "arrive")) == {"hazards_read"}
    visit(MORNING + 2 * HOUR)
    assert set(lacks(place, name, "customer_accept")) == {"customer_signed"}


def test_parts_certificate_and_weather_are_looked_up_not_believed() -> None:
    """R28, R47, R89: no tick helps against a storm, a lapsed certificate, or a missing part."""
    place, name = planned(external_id="PO-1", outdoor=True)
    place.docs.home = replace(
        place.docs.home, storms=(Storm(from_at=MORNING, until_at=MORNING + 2 * HOUR, reason="x"),)
    )
    assert set(lacks(place, name, "dispatch")) == {"weather_safe"}
    with pytest.raises(BadField, match="wait"):
        say(place, w.RecordEvidence(ticket=name, kind="weather_safe"))
    assert lacks(place, name, "dispatch", now=MORNING + 3 * HOUR) == {}
    with pytest.raises(NotAllowed, match="parts_signed"):
        say(place, w.RecordEvidence(ticket=name, kind="parts_signed"))
    with pytest.raises(BadField, match="needs a document"):
        say(place, w.RecordEvidence(ticket=name, kind="customer_signed"))
    with pytest.raises(BadField, match="order_number"):
        say(place, w.RecordEvidence(ticket=name, kind="ordernumber"))


def test_desk_says_what_its_dispatch_waits_for_once_and_goes_on_when_it_is_there() -> None:
    """R30: the desk does not send without a number; it tells the dispatcher, and then sends."""
    place, name = planned()
    desk = Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY)
    now = MORNING
    assert desk.wake(now) == [w.NoteBlocked(ticket=name, move="dispatch")]
    say(place, w.NoteBlocked(ticket=name, move="dispatch"), now)
    assert place.docs.ticket(name).blocked == ("order_number",)
    assert [one.name for one in place.docs.ticket(name).duties] == ["open_gate"]
    assert desk.wake(now + 1) == []
    assert desk.next_wake(now + 1) > now + 1
    say(place, w.RecordEvidence(ticket=name, kind="order_number", value="PO-1"), now + 2)
    assert place.docs.ticket(name).blocked == ()
    assert desk.wake(now + 3) == [w.Step(ticket=name, move="dispatch")]
    say(place, w.Step(ticket=name, move="dispatch"), now + 3)
    assert [one.name for one in place.docs.ticket(name).duties] == []


def on_site(policy: Policy = POLICY, **more: object) -> tuple[Village, str]:
    """Return a village whose Anna stands at the customer's."""
    place, name = planned(policy, external_id="PO-1", **more)
    steps = [w.Step(ticket=name, move="dispatch")]
    steps += [
        w.VisitStep(ticket=name, engineer="anna", move=one)
        for one in ("accept", "depart", "arrive")
    ]
    for step in steps:
        for command in shown(policy, place.docs, place.docs.ticket(name), step.move, MORNING):
            say(place, command, policy=policy)
        say(place, step, policy=policy)
    return place, name


def test_report_says_what_was_found_and_what_was_done() -> None:
    """R51: without both no work is finished, whatever else was shown; the fact keeps both."""
    place, name = on_site()
    done = {"ticket": name, "engineer": "anna", "move": "finish"}
    for words, lacking in (({}, ("found", "done")), ({"found": "worn"}, ("done",))):
        [missing_] = shut(place, w.VisitStep(**done, **words)).lacking
        assert (missing_.condition, missing_.items) == ("report_complete", lacking)
        assert missing_.clause == "M0 5.4.5"
    say(place, w.VisitStep(**done, found="worn", done="new fan"))
    assert (place.facts[-1].event.found, place.facts[-1].event.done) == ("worn", "new fan")


def test_uniform_and_badge_are_ticked_before_the_work_is_finished() -> None:
    """R90: M0 5.4.3, line by line; the message of the appointment says who comes."""
    place, name = on_site(contract="power-equipment")
    say(place, w.RecordEvidence(ticket=name, kind="engineer_signed", document="D-1"))
    finish = w.VisitStep(ticket=name, engineer="anna", move="finish", found="a", done="b")
    [missing_] = shut(place, finish).lacking
    assert (missing_.condition, missing_.items) == ("conduct_checked", ("uniform", "badge"))
    assert missing_.clause == "M0 5.4.3"
    say(place, w.RecordEvidence(ticket=name, kind="conduct_checked", items=("uniform",)))
    assert shut(place, finish).lacking[0].items == ("badge",)
    say(place, w.RecordEvidence(ticket=name, kind="conduct_checked", items=("badge",)))
    say(place, finish)
    for lang in ("en", "zh"):
        told = compose("appointment", id="x", ticket=name, lang=lang, when="14:00", engineer="Anna")
        assert "Anna" in told.body


@pytest.mark.parametrize(
    ("contract", "clause"),
    [("pc-supplier", "M4 P5-3.3"), ("by-weight", "M4 P5-3.3"), ("it", "M4 P4")],
)
def test_guidance_on_the_phone_is_tried_before_anybody_is_sent(contract: str, clause: str) -> None:
    """R18: asked for before the dispatch, a try in vain is one, and a dispatcher may let it pass with a reason."""
    category = "software" if contract == "it" else "hardware"
    place = Village().engineer("anna")
    wish = w.ReportTicket(
        channel=Channel.PHONE, site=site(1, at(1, 0)), symptom="x", category=category,
        severity=Severity.GENERAL, skills=HARDWARE, contract=contract, external_id="PO-1",
    )  # fmt: skip
    say(place, wish)
    [name] = place.docs.tickets
    say(place, w.Publish(epoch=None, input_seq=0, routes=(route("anna", name),)))
    error = shut(place, w.Step(ticket=name, move="dispatch"))
    assert [(one.condition, one.clause, one.by) for one in error.lacking] == [
        ("guidance_tried", clause, "contact")
    ]
    given = {"ticket": name, "move": "dispatch", "condition": "guidance_tried"}
    with pytest.raises(MissingReason):
        say(place, w.GrantException(**given))
    spare = place.refolded()
    say(place, w.GrantException(**given, reason="nobody picks up"))
    assert lacks(place, name, "dispatch") == {}
    place.docs = spare
    say(place, w.LogContact(ticket=name, purpose="guidance", is_reached=False))
    say(place, w.Step(ticket=name, move="dispatch"))
    assert place.docs.ticket(name).status is Status.DISPATCHED
