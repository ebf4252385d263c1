"""
What the doors for things, expenses and providers accept: shapes, bounds, examples.

Must not look anything up.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dispatcher.api.schemas import Body, Expecting, Id, Line, Moment, Name, like

Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
HolderKind = Literal["depot", "engineer", "customer", "outside"]


class HolderGiven(Body):
    """Who gives or takes: a depot by name, an engineer by id, a customer by ticket."""

    kind: HolderKind
    id: Annotated[str, Field(max_length=64)] = ""


class ItemGiven(Body):
    """Something a depot keeps, with its class and minimum (R47, R48)."""

    model_config = like(
        territory="reykjavik", item="PSU-350", depot="main", what="part", grade="A", minimum=2
    )
    territory: Id
    item: Name
    depot: Name
    what: Literal["part", "kit", "tool", "loaner"]
    grade: Literal["", "A", "B", "C"] = ""
    minimum: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class MoveGiven(Body):
    """Things that change hands; what may go between whom is told by `move`."""

    model_config = like(
        territory="reykjavik",
        move="issued",
        item="PSU-350",
        quantity=1,
        source={"kind": "depot", "id": "main"},
        target={"kind": "engineer", "id": "E01"},
        ticket="reykjavik-12",
        approver="boss",
    )
    territory: Id
    move: Literal[
        "received",
        "issued",
        "returned",
        "handed_over",
        "used",
        "lent",
        "brought_back",
        "taken_in",
        "given_back",
        "lost",
    ]
    item: Name
    quantity: Quantity = 1
    source: HolderGiven
    target: HolderGiven
    # what it is when nobody knows it yet
    what: Literal["", "part", "kit", "tool", "loaner", "goods"] = ""
    ticket: Id | None = None
    # keep it in the van, for no trip in particular
    for_van: bool = False
    approver: Annotated[str, Field(max_length=64)] = ""
    document: Line = ""
    reason: Line = ""
    at: Moment | None = None


class NeedGiven(Body):
    """A part the job needs."""

    item: Name
    quantity: Quantity = 1


class PartsGiven(Expecting):
    """All parts the job needs, as far as known (R38)."""

    model_config = like(parts=[{"item": "PSU-350", "quantity": 1}])
    parts: Annotated[tuple[NeedGiven, ...], Field(max_length=50)]


class ExpenseGiven(Expecting):
    """What an engineer paid for the house (R65)."""

    model_config = like(category="parking", amount_cents=450, ticket="reykjavik-12")
    category: Literal["fare", "parking", "lodging", "meal", "part", "other"]
    amount_cents: Annotated[int, Field(ge=1, le=100_000_000)]
    ticket: Id | None = None
    document: Line = ""
    at: Moment | None = None


class ProviderGiven(Body):
    """A firm whose people work for the house."""

    model_config = like(territory="reykjavik", provider="nordtec", name="Nordtec ehf.")
    territory: Id
    provider: Id
    name: Annotated[str, Field(min_length=1, max_length=120)]


class AssessmentGiven(Body):
    """A provider's points (R81); fewer than 60 mean mending, twice in a row the end (R83)."""

    model_config = like(territory="reykjavik", score=72)
    territory: Id
    score: Annotated[int, Field(ge=0, le=100)]
    rectify_by_at: Moment | None = None


class ChangeGiven(Body):
    """A change of a provider's record (R82); the new data stays in your own files."""

    model_config = like(territory="reykjavik", what="bank")
    territory: Id
    what: Literal["name", "address", "contact", "licence", "bank"]


class ChangeSettled(ChangeGiven):
    """Whether a change was made; bank details want a second person."""

    model_config = like(territory="reykjavik", what="bank", accepted=True)
    accepted: bool


class TermsGiven(Body):
    """What a contract says about who may come (R86)."""

    model_config = like(territory="reykjavik", contract="gold", own_staff_only=True)
    territory: Id
    contract: Name
    own_staff_only: bool
