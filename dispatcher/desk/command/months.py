"""
Commands that close a month: check, re-check, publish, return (R70).

Pure, like `decide`, whose table lists these handlers.
"""

from __future__ import annotations

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain.months import STEPS, HoursApproved, HoursReturned, next_step
from dispatcher.errors import FiguresChanged, MissingReason, NotAllowed, Refused, SamePerson


def approve(command: w.ApproveHours, docs: CommandDocs, _context: Context) -> Decision:
    """Take the next step of a month's close, by the right role and by two different people."""
    taken = docs.territory().months
    mine = [one for one in taken if one.month == command.month]
    step = next_step(taken, command.month)
    if step is None or command.step != step:
        told = f"next comes {step}" if step else "it is published"
        raise Refused(why=f"the hours of {command.month} cannot be {command.step}: {told}")
    if command.role not in STEPS[step]:
        raise NotAllowed(role=command.role, action=f"take the step {step} of {command.month}")
    if step == "rechecked" and mine[0].by == command.by:
        raise SamePerson(month=command.month, by=command.by)
    if mine and mine[-1].digest != command.digest:
        raise FiguresChanged(month=command.month, by=mine[-1].by)
    return facts(
        HoursApproved(
            month=command.month, step=step, digest=command.digest, total_s=command.total_s
        )
    )


def give_back(command: w.ReturnHours, docs: CommandDocs, _context: Context) -> Decision:
    """Have a month checked anew, and say why."""
    if not any(one.month == command.month for one in docs.territory().months):
        raise Refused(why=f"nobody has checked the hours of {command.month} yet")
    if not command.reason.strip():
        raise MissingReason(move="return", ticket=command.month)
    return facts(HoursReturned(month=command.month, reason=command.reason))
