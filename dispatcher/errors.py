"""
Every refusal of the house as one tree; a message says what is wrong, the value and what to do.

The English sentence is the class's docstring, the Chinese one stands in the catalogue under
``error.<code>``; both take their facts by name. Must not import anything but texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Protocol

from dispatcher.texts import Lang, catalogue, fill, say
from dispatcher.texts.gates import label, lack_words, way_words
from dispatcher.texts.parts import PARTS, part


def _code(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# the facts of a refusal that are codes, or lists of them, and where their words stand
_CODES = {
    "status": ("map.status",),
    "move": ("move",),
    "condition": ("condition",),
    "possible": ("move", "condition"),
}


def _in_chinese(facts: dict[str, object]) -> dict[str, object]:
    return {
        key: _word(key, value) if isinstance(value, str) else value for key, value in facts.items()
    }


def _word(key: str, value: str) -> str:
    if key in PARTS:
        return part(value, "zh")
    texts, rooms = catalogue("zh"), _CODES.get(key, ())
    if not rooms:
        return value
    names = value.split(", ")
    words = (
        next((texts[f"{r}.{one}"] for r in rooms if f"{r}.{one}" in texts), one) for one in names
    )
    return "、".join(part(one, "zh") for one in words)


class DispatcherError(Exception):
    """The desk refused this."""

    # the HTTP status the doors answer with; the code of problem+json is the class's name
    status: ClassVar[int] = 400

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message("en"))

    @classmethod
    def code(cls) -> str:
        """Return the stable name of this refusal, such as ``unknown_ticket``."""
        return _code(cls.__name__)

    def message(self, lang: Lang) -> str:
        """Return the sentence in `lang` with its facts filled in."""
        return self._fill(lang, self.facts)

    def _fill(self, lang: Lang, facts: dict[str, object]) -> str:
        if lang == "zh":
            key = f"error.{self.code()}"
            text = say(key, "zh", **_in_chinese(facts))
            if not text.startswith(key):
                return text
        return fill(" ".join((self.__doc__ or "").split()), facts)


class NotFound(DispatcherError, LookupError):
    """There is no {what} {id}. Check the id, or list what there is."""

    status = 404


class UnknownTicket(NotFound):
    """There is no ticket {ticket}. Check the number, or search the list of tickets."""


class UnknownEngineer(NotFound):
    """There is no engineer {engineer}. Check the id, or open the list of engineers."""


class UnknownAsset(NotFound):
    """There is no asset {asset}. Check the number on its plate, or search the list of assets."""


class UnknownSite(NotFound):
    """There is no site {site}, or its customer was erased. Register the customer's place again."""


class UnknownTerritory(NotFound):
    """There is no territory {territory}. Open the list of territories for the ones there are."""


class UnknownProvider(NotFound):
    """There is no provider {provider}. Put it on the list of providers first."""


class UnknownReport(DispatcherError, LookupError):
    """There is no report {report}. Known reports: {known}."""

    status = 404


class UnknownLedger(NotFound):
    """There is no ledger {ledger}. There are: {known}."""


class UnknownLedgerRow(NotFound):
    """The ledger {ledger} has no row {id}, or it may not be seen. Open the ledger's page for the rows there are."""


class UnknownCity(NotFound):
    """There is no city {city}. `dispatcher city list` shows the ones there are."""


class NoSuchPath(NotFound):
    """There is nothing at {path}. /openapi.json lists what there is."""


class WrongMethod(DispatcherError):
    """{method} is not possible here. Possible: {allowed}."""

    status = 405


class NotSignedIn(DispatcherError, PermissionError):
    """This session is missing or has expired. Sign in again, or ask for a new link."""

    status = 401


class NotAllowed(DispatcherError, PermissionError):
    """The role {role} may not {action}. Ask someone who may, or sign in with another role."""

    status = 403


class ContactHidden(DispatcherError, PermissionError):
    """The customer of ticket {ticket} is shown for the visit under way only; this one is {status}. Accept the visit and finish the one before it, or ask the desk."""

    status = 403


class WrongPurpose(DispatcherError, PermissionError):
    """The role {role} may not look at a customer for {purpose}. Possible purposes: {possible}."""

    status = 403


class ContactGone(DispatcherError, LookupError):
    """The customer's data of ticket {ticket} were deleted when their time was over (R91). The log of the ticket is whole."""

    status = 404


class ForeignOrigin(DispatcherError, PermissionError):
    """Requests from {origin} are not accepted. Add it to the allowed origins, or use the desk's own page."""

    status = 403


class Refused(DispatcherError):
    """This cannot happen now: {why}."""

    status = 409


class IllegalMove(Refused):
    """Ticket {ticket} is {status}: it cannot be moved by "{move}". Possible now: {possible}."""


class StaleVersion(Refused):
    """{what} {id} was changed meanwhile (you saw version {expected}, it is {actual}). Look again and repeat."""


class NotEligible(Refused):
    """Engineer {engineer} may not take ticket {ticket}: {reasons}. Choose another engineer, or say why it must be."""


class Lack(Protocol):
    """One thing that a gate waits for."""

    @property
    def condition(self) -> str:
        """The name of what it waits for."""
        ...

    @property
    def clause(self) -> str:
        """The clause that asks for it."""
        ...

    @property
    def items(self) -> tuple[str, ...]:
        """The details it asks for."""
        ...

    @property
    def except_by(self) -> tuple[str, ...]:
        """The roles that may let it pass."""
        ...

    @property
    def except_with(self) -> str:
        """What that takes: a reason, or a document."""
        ...


class GateClosed(Refused):
    """Ticket {ticket}: "{move}" has to wait. Missing: {missing}"""

    def __init__(self, *, lacking: Sequence[Lack] = (), **facts: object) -> None:
        self.lacking = tuple(lacking)
        super().__init__(**facts)

    def message(self, lang: Lang) -> str:
        """Return the sentence with each missing thing, its clause and the way to bring it."""
        told = [
            f"{lack_words(one.condition, one.clause, one.items, lang)}: "
            f"{way_words(one.condition, one.except_by, one.except_with, lang)}"
            for one in self.lacking
        ]
        move = label("move", str(self.facts.get("move", "")), lang)
        return self._fill(lang, {**self.facts, "move": move, "missing": " ".join(told)})


class NoException(Refused):
    """There is no exception from "{condition}" before "{move}" under the profile {policy}. Possible: {possible}."""

    status = 422


class UnknownTask(NotFound):
    """Ticket {ticket} has no task {task}. Look at the list of tasks again."""


class TaskOver(Refused):
    """The task {task} of ticket {ticket} is done already. Look at the list of tasks again."""


class TaskTakenBy(Refused):
    """The task {task} of ticket {ticket} was taken by {other}. Ask them, or let a supervisor take it over."""


class DuplicateExternalId(Refused):
    """External id {external_id} already belongs to ticket {ticket}. Open that ticket, or use another id."""


class NoEngineerYet(Refused):
    """Ticket {ticket} has no engineer. Assign it first."""


class OtherEngineer(Refused):
    """Ticket {ticket} is with {engineer}, not with {asked}. Ask the desk to assign it anew."""


class NotHeld(Refused):
    """{holder} has {has} of {item}, not {wanted}. Check the number, or write down first what became of the rest."""


class ApproverMissing(Refused):
    """{item} leaves the depot only with somebody's signature (M0 5.3.6). Name the supervisor who approved it."""


class SecondPersonNeeded(Refused):
    """{actor} asked for the change of {what} of provider {provider} and cannot second it (M2 PV 4). Let another person do it."""


class UnderWay(Refused):
    """{engineer} is under way to {ticket}. Recall the visit first."""


class VisitBefore(Refused):
    """{other} comes before {ticket} on the route of {engineer}. Dispatch that one first, or assign {ticket} to the first place."""


class WaitsForTicket(Refused):
    """Ticket {ticket} waits until {first} is finished. Finish that one first, or let {ticket} wait no longer."""


class NotFinishedYet(Refused):
    """{engineer} has not finished {other} yet. Finish it, or leave it incomplete with a reason."""


class NoShift(Refused):
    """{engineer} has no shift in the next hours. Choose someone else, or give the engineer a shift first."""


class NotPlanned(Refused):
    """Ticket {ticket} is {status}: plan it before the customer is promised a time."""


class AlreadyTwo(Refused):
    """Ticket {ticket} has its second engineer on {other}. Plan that one, or cancel it before another is called."""


class ReturnGateShut(Refused):
    """{engineer} has no leave to go home. Ask the desk first: it looks for work nearby (M0 5.4.6)."""


class PlanChanged(Refused):
    """The route of {engineer} changed meanwhile. Look at it again and repeat the assignment."""


class SamePerson(Refused):
    """{by} has checked the hours of {month}: another person must check them again (M4 P1 13)."""


class FiguresChanged(Refused):
    """The hours of {month} changed since {by} approved them. Return the month with a reason and check it anew."""


class MissingReason(Refused):
    """{move} of ticket {ticket} needs a reason. Say why in a few words."""

    status = 422


class StalePlan(Refused):
    """This plan was made by an owner that no longer leads territory {territory} (epoch {epoch}, now {current}). It was thrown away."""


class LeaseHeld(Refused):
    """Territory {territory} is led by {owner} until {until}. Wait for the lease to end."""


class BadInput(DispatcherError, ValueError):
    """{where}: {problem}."""

    status = 422


class FieldsWrong(BadInput):
    """These fields need another value: {fields}. See errors for each."""


class KeyReused(BadInput):
    """The Idempotency-Key {key} was already used for another request. Use a new key for a new request."""


class UnknownSkill(BadInput):
    """There is no skill {skill}{hint}. Known skills: {known}."""


class OutsideCity(BadInput):
    """{lat}, {lon} lies {distance_m} m from the nearest street of {city}. Check the coordinates and their datum ({datum}), or pick the place on the map."""


class WindowInPast(BadInput):
    """The window ends at {close_at}, which has passed. Offer the customer a later window."""


class EmptyWindow(BadInput):
    """The window opens at {open_at} and closes at {close_at}: it must close after it opens."""


class BadField(BadInput):
    """{field} is {value}: {rule}."""

    def message(self, lang: Lang) -> str:
        """Return the sentence; a value that is nothing is called so."""
        nothing = say("field.nothing", lang)
        value = self.facts.get("value")
        return self._fill(
            lang, {**self.facts, "value": nothing if value is None or value == "" else value}
        )


class BadTable(BadInput):
    """{file}: {problem}. Expected columns: {expected}."""


class RowsWrong(BadInput):
    """{file}: cells that need another value: {count}, in rows: {rows}. The first stands in row {row}, column {column}. {text} Nothing was written; correct the file and send it again."""

    def __init__(self, *, cells: Sequence[object] = (), **facts: object) -> None:
        self.cells = tuple(cells)
        super().__init__(**facts)


class BadInstance(BadInput):
    """{file}, {key}: {problem}."""

    def message(self, lang: Lang) -> str:
        """Return the sentence; a place that is no key but words is said in the language."""
        key = str(self.facts.get("key"))
        return self._fill(lang, {**self.facts, "key": part(key, lang) if " " in key else key})


class BadProblem(BadInput):
    """The problem's {key} {problem}."""


class BadPlan(BadInput):
    """{where}: {problem}."""


class InvalidRoute(BadInput):
    """A route of engineer {engineer} cannot be: {problem}."""


class BadPolicy(BadInput):
    """{file}, line {line}: {key} = {value} {problem}. Write {instead}."""


class BadNotify(BadInput):
    """{file}, {key}: {problem}."""


class BadScenario(BadInput):
    """{file}, {key}: {problem}."""


class TooLarge(DispatcherError, ValueError):
    """The request has {size} bytes, {limit} are accepted. Send less at a time."""

    status = 413


class MalformedJson(DispatcherError, ValueError):
    """The body is not JSON: {problem}."""

    status = 400


class TooManyRequests(DispatcherError):
    """Too many requests from {who}. Wait {wait_s} s and repeat; nothing was lost."""

    status = 429


class NotStreetData(BadInput):
    """{file} cannot be read as an OpenStreetMap extract: {problem}. Give a .osm.pbf file."""


class NoRoads(BadInput):
    """{file} has no street a car may use ({ways} ways read). Choose an extract that covers the city."""


class BrokenCity(BadInput):
    """The stored city {city} is incomplete: {problem}. Import it again with `dispatcher city import`."""


class Unreachable(DispatcherError):
    """There is no way by car from {a} to {b} at this hour. Check closures and one-way streets."""

    status = 409


class Unavailable(DispatcherError):
    """{what} is not available now: {problem}. {todo}"""

    status = 503


class NotSent(DispatcherError):
    """The channel {channel} did not take the message: {problem}. `dispatcher notify test` tries it again."""

    status = 502


class StoreBroken(DispatcherError):
    """The store does not answer: {problem}. Repeat with the same Idempotency-Key; nothing is done twice."""

    status = 503


class StoreInUse(DispatcherError):
    """Process {pid} already writes to the store {file}. Stop it first, or give another folder with --data."""

    status = 503


class StoreTooNew(DispatcherError):
    """The store has the layout {revision} of a newer version. Install that version, or restore an older backup."""

    status = 503


class StoreNotEmpty(Refused):
    """The store already holds {count} territories. Restore a backup into an empty data directory or database."""


class StoreDamaged(DispatcherError):
    """The database is damaged: {problem}. Keep the data directory as it is and restore a backup."""

    status = 500


class LogDamaged(DispatcherError):
    """The log of territory {territory} is broken at number {seq}: {problem}. Keep the data directory and restore a backup."""

    status = 500


class StoreDiffers(DispatcherError):
    """Rebuilding from the log gives another {table} than the table holds, first at {id}. Keep the data directory and restore a backup."""

    status = 500


class EngineFailed(DispatcherError):
    """The engine {engine} gave no plan: {problem}."""

    status = 500


class EngineMissing(BadInput):
    """The engine {engine} is not installed here. Install it with "pip install {package}" or `make setup-dev`, or leave it out of --engines."""


class UnknownEngine(BadInput):
    """There is no engine {engine}. Known engines: {known}."""


class BrokenHere(DispatcherError):
    """Something broke on our side; nothing was half written. Repeat with the same Idempotency-Key, and report request {request_id} if it stays."""

    status = 500


def all_refusals(root: type[DispatcherError] = DispatcherError) -> list[type[DispatcherError]]:
    """Return every class of refusal, the root first."""
    return [root, *(kind for sub in root.__subclasses__() for kind in all_refusals(sub))]
