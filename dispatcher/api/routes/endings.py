"""Work that ends without a visit of its own: on the phone, by a follow-up, by a review."""

from __future__ import annotations

from starlette.responses import Response

from dispatcher.api import duty_forms as f
from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked, Errand, answer, do, seen
from dispatcher.api.doors import Doors
from dispatcher.api.intake import skills_of, windows_of
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command import wishes as w
from dispatcher.domain.ids import TicketId
from dispatcher.store import StoreDocs

doors = Doors("tickets")


@doors.post("/tickets/{ticket}/solve", v.TicketDone)
def solve_ticket(
    ticket: s.Id, body: f.SolvedGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Finish the work without a visit, on the phone or by line (R13)."""
    one = seen(house, seat, ticket)
    command = w.Solve(ticket=one.id, found=body.found, done=body.done)
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/follow-up", v.TicketDone)
def follow_up_ticket(
    ticket: s.Id, body: f.FollowUpGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Go on with an incomplete visit as a ticket of its own (R56); the answer is the new ticket."""
    one = seen(house, seat, ticket)
    command = w.FollowUp(
        ticket=one.id,
        skills=skills_of(house.mirror(one.territory), body.skills),
        certificates=body.certificates,
        duration_s=body.duration_s,
        windows=windows_of(body.windows),
        not_before_at=body.not_before_at,
        symptom=body.symptom,
    )

    def check(docs: StoreDocs) -> None:
        if body.expected_version is not None:
            docs.expect_ticket_version(one.id, body.expected_version)

    errand = Errand(territory=one.territory, command=command, ticket=TicketId(""), check=check)
    return answer(house, seat, ask, errand)


@doors.post("/tickets/{ticket}/review", v.TicketDone)
def review_dispute(
    ticket: s.Id, body: f.ReviewGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Judge a disputed repair: it is done again, or upheld as it was (R58)."""
    one = seen(house, seat, ticket)
    command = w.ReviewDispute(ticket=one.id, verdict=body.verdict, reason=body.reason)
    return do(house, seat, ask, one, command, body)
