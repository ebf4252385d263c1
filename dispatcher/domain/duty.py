"""
What must be shown before a step, what was let pass, and what somebody has to do: records and facts.

Must not know which step asks for what; policies do. Nothing here holds a name, a number to call or
an exact place (R91): signatures and photos stand beside the log, facts carry their id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dispatcher.domain.ids import ActorId, EngineerId, TicketId

# the message to a role that hears of a task besides
ESCALATION: Final = "escalation"
# whoever has the ticket, and what that one is to the desk
ASSIGNED: Final = "assigned"
ENGINEER: Final = "engineer"
# the role that the fact itself names: whoever answers for the complaint (R74)
OWNER: Final = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that was shown for a ticket."""

    # a name of the policy's list of conditions or circumstances
    kind: str
    # when it happened and when it was written down, epoch seconds (R31)
    at: int
    recorded_at: int
    by: ActorId
    role: str = ""
    # ticked lines of a checklist
    items: tuple[str, ...] = ()
    # an order number, an amount range, yes or no; never a name
    value: str = ""
    # id of a paper, photo or signature kept beside the log
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """An exception: this condition is not asked for before this move, and who says so."""

    move: str
    condition: str
    at: int
    by: ActorId
    role: str
    reason: str
    document: str = ""
    clause: str = ""
    # the task it leaves behind; empty = none
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """An open task of a ticket; what is done stands in the ledger of tasks."""

    # name of the task and the number of its run: "call_back/1"
    task: str
    # a role, or "assigned" for the engineer who has the ticket
    role: str
    # epoch seconds
    opened_at: int
    due_at: int
    clause: str = ""
    # the fact that created it, with its detail
    cause: str = ""
    # the message that goes out with it, by the name of its template
    notice: str = ""
    # the message has gone out or was given up
    is_told: bool = False
    # roles that hear of it besides, because it was not done
    escalated: tuple[str, ...] = ()
    # those of them to whom a message went out or was given up
    warned: tuple[str, ...] = ()
    taken_by: ActorId | None = None

    @property
    def name(self) -> str:
        """The task without the number of its run."""
        return self.task.partition("/")[0]

    def concerns(self, role: str) -> bool:
        """Tell whether somebody of this role should see it."""
        mine = ENGINEER if self.role == ASSIGNED else self.role
        return role == mine or role in self.escalated


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecorded:
    """Something was shown that a step needs: a number, a paper, a checklist, a signature."""

    ticket: TicketId
    kind: str
    items: tuple[str, ...] = ()
    value: str = ""
    document: str = ""
    # what the one who showed it is to the desk
    role: str = ""
    # the engineer who did, when one did
    engineer: EngineerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionGranted:
    """Somebody with the right to it let a step pass without one of its conditions (R29, R31)."""

    ticket: TicketId
    move: str
    condition: str
    role: str
    reason: str
    document: str = ""
    clause: str = ""
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBlocked:
    """The desk wanted to take a step and may not yet; somebody has to bring what is missing."""

    ticket: TicketId
    move: str
    # conditions, in the order of the gate
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMoved:
    """A plan moved a visit away from the arrival the customer was told (R36); told once a promise."""

    ticket: TicketId
    # the arrival that was told, and the one planned now, epoch seconds
    promised_at: int
    expected_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened:
    """A fact made work for somebody; follows it in the same breath."""

    ticket: TicketId
    task: str
    role: str
    # epoch seconds
    opened_at: int
    due_at: int
    clause: str
    cause: str
    notice: str = ""
    # the engineer who has the ticket
    engineer: EngineerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClosed:
    """A task is done, or nobody waits for it any more."""

    ticket: TicketId
    task: str
    # done or void
    state: str
    closed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTaken:
    """Somebody does a task."""

    ticket: TicketId
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone:
    """Somebody did a task that no other fact tells of."""

    ticket: TicketId
    task: str
    # never a name or a number (R91)
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEscalated:
    """A task was not done for so long that somebody else hears of it."""

    ticket: TicketId
    task: str
    role: str
    clause: str = ""

    @property
    def step(self) -> str:
        """Task and role in one word, as the trace keeps it."""
        return f"{self.task}>{self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent:
    """A message went out, or was given up (R28, R35, R36); its text and address are not kept."""

    ticket: TicketId
    # the name of its template, and the task it belongs to
    template: str
    task: str
    # customer, or a role
    audience: str
    channel: str
    is_delivered: bool = True
    tries: int = 1
    # why it was given up, as a code
    problem: str = ""


DutyEvent = (
    EvidenceRecorded
    | ExceptionGranted
    | MoveBlocked
    | PromiseMoved
    | TaskOpened
    | TaskClosed
    | TaskTaken
    | TaskDone
    | TaskEscalated
    | NoticeSent
)
