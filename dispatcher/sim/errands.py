"""
A person's step as a request to the desk's public doors: the demo's people are ordinary clients.

Must not decide when; `live` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from dispatcher.desk.command import stores
from dispatcher.desk.command import wishes as w
from dispatcher.sim.world import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One POST below ``/api/v1``."""

    path: str
    body: dict[str, Any]


# how the doors call the moves of the table
_DOOR = {
    "customer_accept": "customer-accept",
    "leave_incomplete": "incomplete",
    "ask_return": "return-request",
}


def errand_of(step: Step, territory: str) -> Errand:
    """Return the request by which a person's step reaches the desk."""
    return _BY_COMMAND[type(step.command)](step.command, territory, step)


def _plain(record: object) -> dict[str, Any]:
    builtins: dict[str, Any] = msgspec.to_builtins(record)
    return builtins


def _only(record: object, *keys: str) -> dict[str, Any]:
    values = _plain(record)
    return {key: values[key] for key in keys if values[key] not in (None, "", [])}


def _report(command: w.ReportTicket, territory: str, _step: Step) -> Errand:
    site = command.site
    body = _only(
        command,
        *("channel", "severity", "category", "model", "symptom", "skills", "certificates"),
        *("external_id", "contract", "weight_g", "asset"),
        *("duration_s", "windows", "not_before_at", "outdoor"),
    )
    body["territory"] = territory
    body["site"] = {
        **_only(site, "name", "phone", "address", "note"),
        "lat": site.place.lat,
        "lon": site.place.lon,
        "access_s": site.access_s,
    }
    return Errand(path="/tickets", body=body)


def _triage(command: w.Triage, _territory: str, _step: Step) -> Errand:
    keys = ("severity", "skills", "duration_s", "certificates", "windows", "not_before_at")
    return Errand(path=f"/tickets/{command.ticket}/triage", body=_only(command, *keys))


def _step(command: w.Step, _territory: str, _step: Step) -> Errand:
    return Errand(
        path=f"/tickets/{command.ticket}/{_DOOR.get(command.move, command.move)}", body={}
    )


def _because(command: w.StepBecause, _territory: str, _step: Step) -> Errand:
    return Errand(path=f"/tickets/{command.ticket}/{command.move}", body=_only(command, "reason"))


def _follow_up(command: w.FollowUp, _territory: str, _step: Step) -> Errand:
    keys = ("skills", "certificates", "duration_s", "windows", "not_before_at", "symptom")
    return Errand(path=f"/tickets/{command.ticket}/follow-up", body=_only(command, *keys))


def _review(command: w.ReviewDispute, _territory: str, _step: Step) -> Errand:
    return Errand(
        path=f"/tickets/{command.ticket}/review", body=_only(command, "verdict", "reason")
    )


def _resume(command: w.Resume, _territory: str, _step: Step) -> Errand:
    body = _only(command, "duration_s", "not_before_at")
    return Errand(path=f"/tickets/{command.ticket}/resume", body=body)


def _call_back(command: w.CallBack, _territory: str, _step: Step) -> Errand:
    body = _only(command, "satisfaction", "remark")
    return Errand(path=f"/tickets/{command.ticket}/call-back", body=body)


def _evidence(command: w.RecordEvidence, _territory: str, step: Step) -> Errand:
    body = _only(command, "kind", "items", "value", "document")
    return Errand(path=f"/tickets/{command.ticket}/evidence", body={**body, "at": step.at})


def _exception(command: w.GrantException, _territory: str, _step: Step) -> Errand:
    body = _only(command, "move", "condition", "reason", "document")
    return Errand(path=f"/tickets/{command.ticket}/exceptions", body=body)


def _contact(command: w.LogContact, _territory: str, step: Step) -> Errand:
    body = {"purpose": command.purpose, "is_reached": command.is_reached, "at": step.at}
    return Errand(path=f"/tickets/{command.ticket}/contacts", body=body)


def _diagnosis(command: w.Diagnose, _territory: str, step: Step) -> Errand:
    body = {**_only(command, "fault", "cause"), "at": step.at}
    return Errand(path=f"/tickets/{command.ticket}/diagnosis", body=body)


def _fee(command: w.DraftFee, _territory: str, _step: Step) -> Errand:
    items = [_only(one, "kind", "name", "quantity") for one in command.items]
    return Errand(path=f"/tickets/{command.ticket}/fee", body={"items": items})


def _case(command: w.WriteCase, _territory: str, _step: Step) -> Errand:
    return Errand(path=f"/tickets/{command.ticket}/case", body=_only(command, "title", "text"))


def _complaint(command: w.Complain, _territory: str, step: Step) -> Errand:
    body = {**_only(command, "subject", "level", "remark"), "at": step.at}
    return Errand(path=f"/tickets/{command.ticket}/complaints", body=body)


def _settled(command: w.SettleComplaint, _territory: str, step: Step) -> Errand:
    body = {"remark": command.remark, "at": step.at}
    return Errand(path=f"/tickets/{command.ticket}/complaints/settle", body=body)


def _harm(command: w.RaiseIncident, _territory: str, step: Step) -> Errand:
    body = {**_only(command, "claim_cents", "remark"), "at": step.at}
    return Errand(path=f"/tickets/{command.ticket}/incidents", body=body)


def _solve(command: w.Solve, _territory: str, step: Step) -> Errand:
    body = {**_only(command, "found", "done"), "at": step.at}
    return Errand(path=f"/tickets/{command.ticket}/solve", body=body)


def _visit(command: w.VisitStep, _territory: str, step: Step) -> Errand:
    body: dict[str, Any] = {"at": step.at}
    if command.move == "finish":
        body |= _only(command, "found", "done")
    if command.move == "decline":
        body = {"at": step.at, "reason": command.reason}
    if command.move == "leave_incomplete":
        body |= _only(command, "reason", "again_at")
    return Errand(
        path=f"/visits/{command.ticket}/{_DOOR.get(command.move, command.move)}", body=body
    )


def _engineer(command: w.EngineerStep, _territory: str, _step: Step) -> Errand:
    move = _DOOR.get(command.move, command.move)
    return Errand(path=f"/engineers/{command.engineer}/{move}", body={})


def _asset(command: w.RegisterAsset, territory: str, _step: Step) -> Errand:
    body = _only(
        command.asset,
        *("id", "serial", "model", "code", "customer", "category", "weight_g", "installed_at"),
        *("contract", "contract_from_at"),
    )
    if command.site is not None:
        site = command.site
        body["place"] = {
            **_only(site, "name", "phone", "address", "note"),
            "lat": site.place.lat,
            "lon": site.place.lon,
            "access_s": site.access_s,
        }
    return Errand(path="/assets", body={**body, "territory": territory})


def _register(command: w.RegisterEngineer, territory: str, _step: Step) -> Errand:
    keys = ("id", "name", "base", "skills", "certificates", "shifts", "provider", "department")
    body = _only(command.engineer, *keys)
    return Errand(path="/engineers", body={**body, "territory": territory})


def _promise(command: w.Promise, _territory: str, _step: Step) -> Errand:
    return Errand(
        path=f"/tickets/{command.ticket}/promise", body={"promised_at": command.promised_at}
    )


def _item(command: stores.ListItem, territory: str, _step: Step) -> Errand:
    return Errand(path="/items", body={**_plain(command), "territory": territory})


def _things(command: stores.MoveThings, territory: str, step: Step) -> Errand:
    body = _only(command, "move", "item", "quantity", "what", "ticket", "approver", "document")
    body["source"] = {"kind": command.source_kind, "id": command.source}
    body["target"] = {"kind": command.target_kind, "id": command.target}
    more = {"territory": territory, "for_van": command.is_for_van, "at": step.at}
    return Errand(path="/custody", body={**body, **more})


def _needs(command: stores.NeedParts, _territory: str, _step: Step) -> Errand:
    parts = [{"item": one.item, "quantity": one.quantity} for one in command.parts]
    return Errand(path=f"/tickets/{command.ticket}/parts", body={"parts": parts})


def _expense(command: stores.ClaimExpense, _territory: str, step: Step) -> Errand:
    body = {**_only(command, "category", "amount_cents", "ticket", "document"), "at": step.at}
    return Errand(path=f"/engineers/{command.engineer}/expense", body=body)


def _firm(command: stores.ListProvider, territory: str, _step: Step) -> Errand:
    return Errand(path="/providers", body={**_plain(command), "territory": territory})


def _score(command: stores.AssessProvider, territory: str, _step: Step) -> Errand:
    path = f"/providers/{command.provider}/assessment"
    return Errand(path=path, body={"territory": territory, "score": command.score})


_BY_COMMAND: dict[type, Callable[[Any, str, Step], Errand]] = {
    w.ReportTicket: _report,
    w.Triage: _triage,
    w.Step: _step,
    w.StepBecause: _because,
    w.FollowUp: _follow_up,
    w.ReviewDispute: _review,
    w.Resume: _resume,
    w.CallBack: _call_back,
    w.RecordEvidence: _evidence,
    w.GrantException: _exception,
    w.LogContact: _contact,
    w.Solve: _solve,
    w.Diagnose: _diagnosis,
    w.DraftFee: _fee,
    w.WriteCase: _case,
    w.Complain: _complaint,
    w.SettleComplaint: _settled,
    w.RaiseIncident: _harm,
    w.VisitStep: _visit,
    w.EngineerStep: _engineer,
    w.RegisterEngineer: _register,
    w.RegisterAsset: _asset,
    w.Promise: _promise,
    stores.ListItem: _item,
    stores.MoveThings: _things,
    stores.NeedParts: _needs,
    stores.ClaimExpense: _expense,
    stores.ListProvider: _firm,
    stores.AssessProvider: _score,
}
