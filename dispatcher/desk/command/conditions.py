"""
The conditions a gate may ask: one visible table, condition → function.

Pure. Must not know a manual: a profile names the moves, the conditions, their clauses and who may
make an exception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dispatcher.domain.custody import lacking_parts
from dispatcher.domain.documents import Docs
from dispatcher.domain.duty import Evidence
from dispatcher.domain.plan import Visit
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.domain.trace import TRIED
from dispatcher.policy import Profile
from dispatcher.policy.profile import Need, calendar_at

# the facts with which something begins; what was shown before the last of them is of another time
TICKET: Final[tuple[str, ...]] = ()
ROUND: Final[tuple[str, ...]] = ("visit_incomplete", "customer_disputed")
VISIT: Final[tuple[str, ...]] = ("visit_dispatched", *ROUND)
SPOT: Final[tuple[str, ...]] = ("engineer_arrived", *ROUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One condition before one move of one ticket."""

    ticket: Ticket
    move: str
    need: Need
    docs: Docs
    profile: Profile
    # epoch seconds
    now: int
    # what the command brings: reason, found, done
    brings: Mapping[str, str]

    def since(self, scope: tuple[str, ...]) -> tuple[int, int]:
        """Return the place in the trace and the moment of the last of these facts; -1, 0 = never."""
        trace = self.ticket.trace
        last = max((i for i, m in enumerate(trace) if m.kind in scope), default=-1)
        return last, trace[last].at if last >= 0 else 0

    def marked(self, kinds: set[str], notes: set[str], scope: tuple[str, ...]) -> bool:
        """
        Tell whether such a fact belongs to the time since a scope began.

        What happened then counts, and what was written down then (R31).
        """
        place, since = self.since(scope)
        return any(
            m.kind in kinds and m.note in notes and (i > place or m.at >= since)
            for i, m in enumerate(self.ticket.trace)
        )

    def shown(self, kind: str, scope: tuple[str, ...]) -> list[Evidence]:
        """Return the evidence of a kind that belongs to the time since a scope began."""
        place, since = self.since(scope)
        later = sum(m.kind == "evidence_recorded" for m in self.ticket.trace[place + 1 :])
        before = len(self.ticket.evidence) - later
        return [
            one
            for i, one in enumerate(self.ticket.evidence)
            if one.kind == kind and (i >= before or one.at >= since)
        ]

    def contacted(self, *purposes: str, or_tried: bool = False) -> bool:
        """Tell whether somebody spoke to the customer for one of these purposes, this round."""
        kinds = {"customer_contacted"} | ({TRIED} if or_tried else set())
        return self.marked(kinds, set(purposes), ROUND)

    @property
    def waits_for_parts(self) -> bool:
        """True from a visit or a hold for missing parts until somebody ends the waiting."""
        return self._parts_at() >= 0

    @property
    def shown_since_parts(self) -> bool:
        """True when somebody has said since then that the parts are there."""
        since = self._parts_at()
        return any(e.kind == "parts_in_stock" and e.at >= since for e in self.ticket.evidence)

    def _parts_at(self) -> int:
        waits_at = -1
        for mark in self.ticket.trace:
            if (mark.kind, mark.note) in {("visit_incomplete", "parts"), ("ticket_held", "parts")}:
                waits_at = mark.at
            elif mark.kind == "ticket_released":
                waits_at = -1
        return waits_at

    @property
    def visit(self) -> Visit | None:
        """The planned visit, if the plan has one."""
        if self.ticket.engineer is None:
            return None
        routes = self.docs.routes_of(self.ticket.engineer)
        return next((v for r in routes for v in r.visits if v.ticket == self.ticket.id), None)


# what is missing: nothing, the whole ("",), or some of the items
Lacks = tuple[str, ...]
HOLDS: Final[Lacks] = ()
LACKS: Final[Lacks] = ("",)
Check = Callable[[Case], Lacks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a condition is looked at, and how it can be met."""

    lacks: Check
    # evidence, contact, triage, plan, report, wait, desk
    by: str = "evidence"
    # what a phone asks for: tick, items, number, photo, signature; empty = it cannot be shown
    asks: str = "tick"
    # with by = contact: what the conversation is for
    purpose: str = ""
    # roles that may show it; nobody named = whoever may use the door
    witness: tuple[str, ...] = ()


def _if(holds: bool) -> Lacks:  # noqa: FBT001 — reads as a sentence
    return HOLDS if holds else LACKS


def _shown(kind: str, scope: tuple[str, ...]) -> Check:
    return lambda case: _if(bool(case.shown(kind, scope)))


def _listed(kind: str, scope: tuple[str, ...]) -> Check:
    """Return the check of a list: every item was ticked; without items one tick will do."""

    def lacks(case: Case) -> Lacks:
        found = case.shown(kind, scope)
        if not case.need.items:
            return _if(bool(found))
        ticked = {item for one in found for item in one.items}
        return tuple(item for item in case.need.items if item not in ticked)

    return lacks


def _talked(*purposes: str, kind: str, or_tried: bool = False) -> Check:
    return lambda case: _if(
        case.contacted(*purposes, or_tried=or_tried) or bool(case.shown(kind, ROUND))
    )


def _given(wish: str, purpose: str, *, is_asked: bool = False) -> Check:
    """R20: what the customer asked for last went out after it was asked for."""

    def lacks(case: Case) -> Lacks:
        waits = is_asked
        for mark in case.ticket.trace:
            if mark.kind == "customer_asked" and mark.note == wish:
                waits = True
            elif mark.kind == "customer_contacted" and mark.note == purpose:
                waits = False
        return _if(not waits)

    return lacks


def _order_number(case: Case) -> Lacks:
    """R30: the number of the customer's or the shop's own order."""
    return _if(bool(case.ticket.external_id or case.shown("order_number", TICKET)))


def _dispatch_day(case: Case) -> Lacks:
    """R29: the calendar by which somebody may be sent is open."""
    rule = case.profile.dispatch_calendar
    if rule is None:
        return HOLDS
    return _if(calendar_at(rule, case.docs.territory()).is_open(case.now))


def _weather_safe(case: Case) -> Lacks:
    """R28: no storm while somebody works there."""
    visit = case.visit
    begin = max(case.now, visit.start_at) if visit else case.now
    end = begin + case.ticket.duration_s
    storms = case.docs.territory().storms
    return _if(not any(one.from_at < end and begin < one.until_at for one in storms))


def _certificate(case: Case) -> Lacks:
    """R89: the engineer has every certificate the work wants, today."""
    if case.ticket.engineer is None:
        return case.ticket.certificates
    held = {
        one.name
        for one in case.docs.engineer(case.ticket.engineer).certificates
        if one.expires_at is None or one.expires_at > case.now
    }
    return tuple(name for name in case.ticket.certificates if name not in held)


def _parts_in_stock(case: Case) -> Lacks:
    """R47: no A part is missing, and what a visit was given up for is there."""
    engineer = case.ticket.engineer
    holds = case.docs.engineer(engineer).holds if engineer is not None else ()
    stock = case.docs.territory().stock
    lacking = tuple(one.item for one in lacking_parts(case.ticket.parts, holds, stock))
    return lacking or _if(not case.waits_for_parts or case.shown_since_parts)


def _kit_returned(case: Case) -> Lacks:
    """
    R44: as much came back as went out.

    By the book of custody where the kit was issued by it; else by what was ticked, and where
    nobody listed what went out, by what the gate names.
    """
    if any(m.kind == "custody_moved" and m.note == "issued" for m in case.ticket.trace):
        engineer = case.ticket.engineer
        holds = case.docs.engineer(engineer).holds if engineer is not None else ()
        mine = [one for one in holds if one.what == "kit" and one.trip == case.ticket.id]
        return tuple(sorted(one.item for one in mine for _ in range(one.quantity)))
    went = [item for one in case.shown("kit_taken", TICKET) for item in one.items]
    came = [item for one in case.shown("kit_returned", TICKET) for item in one.items]
    left = Counter(went or case.need.items) - Counter(came)
    if went:
        left += Counter(came) - Counter(went)
    return tuple(sorted(left.elements()))


def _signed_by_supervisor(case: Case) -> Lacks:
    """R43: the supervisor signs for the parts."""
    if case.brings.get("approver", "").strip():
        return HOLDS
    return _if(any(one.role == "supervisor" for one in case.shown("parts_signed", ROUND)))


def _dispute_reviewed(case: Case) -> Lacks:
    """R58: nobody goes again before whoever answers for quality has judged the dispute."""
    told = ("customer_disputed", "dispute_reviewed")
    last = [mark.kind for mark in case.ticket.trace if mark.kind in told][-1:]
    return _if(last != ["customer_disputed"])


def _report_complete(case: Case) -> Lacks:
    """R51: what was found and what was done."""
    return tuple(name for name in ("found", "done") if not case.brings.get(name, "").strip())


def _called_back(case: Case) -> Lacks:
    """R66: the customer was called after the repair, or is being called now."""
    is_called = Status.CALLED_BACK in {case.ticket.status, *case.ticket.since}
    return _if(is_called or case.move == "call_back")


def _return_leave(case: Case) -> Lacks:
    engineer = case.ticket.engineer
    return _if(engineer is not None and case.docs.engineer(engineer).gate == "go_home")


# adding a condition is a function, a row here, its name in `words.CONDITIONS` and its two sentences
CONDITIONS: Final[dict[str, Condition]] = {
    "order_number": Condition(lacks=_order_number, asks="number"),
    "place_and_skill": Condition(
        lacks=lambda case: _if(
            bool(case.ticket.skills and case.ticket.site and case.ticket.has_place)
        ),
        by="triage",
        asks="",
    ),
    "estimate_confirmed": Condition(
        lacks=_talked("estimate", kind="estimate_confirmed"), asks="number"
    ),
    "consent": Condition(lacks=_shown("consent", TICKET)),
    "appointment_agreed": Condition(
        lacks=lambda case: _if(case.contacted("appointment")),
        by="contact",
        purpose="appointment",
    ),
    "appointment_sent": Condition(
        lacks=lambda case: _if(
            case.marked({"notice_sent"}, {"appointment"}, ("arrival_promised",))
            or bool(case.shown("appointment_sent", ROUND))
        )
    ),
    "customer_called": Condition(
        lacks=_talked("visit", "appointment", kind="customer_called"), by="contact", purpose="visit"
    ),
    "dispatch_day": Condition(lacks=_dispatch_day, by="wait", asks=""),
    "weather_safe": Condition(lacks=_weather_safe, by="wait", asks=""),
    "certificate": Condition(lacks=_certificate, by="plan", asks=""),
    "documents": Condition(lacks=_listed("documents", ROUND), asks="items"),
    "parts_signed": Condition(lacks=_signed_by_supervisor, witness=("supervisor",)),
    "parts_in_stock": Condition(lacks=_parts_in_stock),
    "kit_returned": Condition(lacks=_kit_returned, asks="items"),
    "tools_checked": Condition(lacks=_listed("tools_checked", VISIT), asks="items"),
    "custody_clear": Condition(lacks=_shown("custody_clear", TICKET), asks="number"),
    "hazards_read": Condition(lacks=_shown("hazards_read", VISIT)),
    "conduct_checked": Condition(lacks=_listed("conduct_checked", VISIT), asks="items"),
    "guidance_tried": Condition(
        lacks=_talked("guidance", kind="guidance_tried", or_tried=True),
        by="contact",
        purpose="guidance",
    ),
    # a request without a visit asks for an answer to begin with
    "answer_given": Condition(
        lacks=_given("answer", "reply", is_asked=True), by="contact", purpose="reply"
    ),
    "quote_given": Condition(lacks=_given("quote", "quote"), by="contact", purpose="quote"),
    "documents_given": Condition(
        lacks=_given("documents", "documents"), by="contact", purpose="documents"
    ),
    "incomplete_reason": Condition(
        lacks=lambda case: _if(bool(case.brings.get("reason", "").strip())), by="report", asks=""
    ),
    "report_complete": Condition(lacks=_report_complete, by="report", asks=""),
    "photo": Condition(lacks=_shown("photo", SPOT), asks="photo"),
    "site_clean": Condition(lacks=_listed("site_clean", SPOT), asks="items"),
    "engineer_signed": Condition(lacks=_shown("engineer_signed", SPOT), asks="signature"),
    "customer_signed": Condition(lacks=_shown("customer_signed", SPOT), asks="signature"),
    "called_back": Condition(lacks=_called_back, by="desk", asks=""),
    "survey_done": Condition(lacks=_shown("survey_done", ROUND), asks="number"),
    "loaner_offered": Condition(lacks=_shown("loaner_offered", ROUND)),
    "dispute_reviewed": Condition(lacks=_dispute_reviewed, by="desk", asks=""),
    "return_leave": Condition(lacks=_return_leave, by="desk", asks=""),
}


# what the customer is asked, on the first engineer's ticket and not again on the second's (R41)
ASKED_ONCE: Final = frozenset(
    {
        *("order_number", "estimate_confirmed", "consent", "appointment_agreed"),
        *("appointment_sent", "customer_called", "guidance_tried", "customer_signed"),
        *("called_back", "survey_done", "loaner_offered"),
    }
)
