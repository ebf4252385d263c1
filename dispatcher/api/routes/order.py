"""Which ticket waits for which."""

from __future__ import annotations

from starlette.responses import Response

from dispatcher.api import duty_forms as f
from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked, do, seen
from dispatcher.api.doors import Doors
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command import wishes as w

doors = Doors("tickets")


@doors.post("/tickets/{ticket}/after", v.TicketDone)
def let_wait(ticket: s.Id, body: f.AfterGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Let a ticket wait until another one is finished, or, with `after: null`, wait no longer."""
    one = seen(house, seat, ticket)
    command = w.Sequence(ticket=one.id, after=body.after, lag_s=body.lag_s)
    return do(house, seat, ask, one, command, body)
