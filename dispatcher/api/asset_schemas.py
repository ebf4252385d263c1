"""
What the doors accept about assets, money and incidents: shape, bounds and an example of each body.

Must not look anything up, like `schemas`, whose kinds it uses.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dispatcher.api.schemas import (
    Body,
    Expecting,
    Id,
    Line,
    Moment,
    Name,
    Seconds,
    SiteGiven,
    SkillWanted,
    like,
)

Plate = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:/@ -]+$")]
Word = Annotated[str, Field(max_length=64)]


class WarrantyGiven(Body):
    """A warranty of this very asset, on all of it or on one part."""

    part: Word = ""
    from_at: Moment = 0
    # absent = for life
    until_at: Moment | None = None
    clause: Line = ""


class AssetGiven(Expecting):
    """An asset's record, new or whole."""

    model_config = like(
        territory="reykjavik",
        serial="PX200-00417",
        model="PX-200",
        code="6901234567890123",
        customer="K-1042",
        category="hardware",
        weight_g=14_500,
        installed_at=1_780_000_000,
        warranties=[{"part": "compressor", "from_at": 1_780_000_000, "clause": "M4"}],
    )
    territory: Id
    # absent = the serial number
    id: Plate | None = None
    serial: Plate
    model: Annotated[str, Field(min_length=1, max_length=80)]
    code: Annotated[str, Field(max_length=16)] = ""
    customer: Word = ""
    category: Annotated[str, Field(max_length=40)] = ""
    weight_g: Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)] = 0
    installed_at: Moment | None = None
    warranties: Annotated[tuple[WarrantyGiven, ...], Field(max_length=50)] = ()
    contract: Word = ""
    contract_from_at: Moment = 0
    contract_until_at: Moment | None = None
    status: Literal["in_use", "loaned", "retired"] = "in_use"
    # a site that is known, or a new one; neither = as before
    site: Id | None = None
    place: SiteGiven | None = None


class SecondGiven(Expecting):
    """Who else is needed at the same time."""

    model_config = like(skills=[{"name": "printer", "level": 4}])
    skills: Annotated[tuple[SkillWanted, ...], Field(min_length=1, max_length=10)]
    certificates: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    duration_s: Seconds | None = None
    # a third one, or a fourth, beside those who are called already (R76)
    is_more: bool = False


class FeeItemGiven(Body):
    """Something a fee has a line for."""

    kind: Literal["labour", "call_out", "part", "other"]
    name: Word = ""
    # minutes of labour, else pieces
    quantity: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 1
    # minor units each, or for all the labour; absent = by the price list
    price_cents: Annotated[int | None, Field(ge=0, le=10_000_000_000, strict=True)] = None
    # why nobody is charged although somebody could be
    goodwill: Line = ""


class FeeGiven(Expecting):
    """What was done and used, whole."""

    model_config = like(
        items=[
            {"kind": "labour", "quantity": 75},
            {"kind": "call_out"},
            {"kind": "part", "name": "fan", "quantity": 1},
        ]
    )
    items: Annotated[tuple[FeeItemGiven, ...], Field(min_length=1, max_length=50)]


class CaseGiven(Expecting):
    """A rare fault and its repair, for others; no name and no number of a customer."""

    model_config = like(
        title="Pulls no paper after a move",
        text="The transport lock of tray 2 was still in place; look there before the rollers.",
    )
    title: Annotated[str, Field(min_length=1, max_length=120)]
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class RecallGiven(Body):
    """A recall: which assets, why, and what is to be done at each."""

    model_config = like(
        territory="reykjavik",
        recall="PSU-2026-11",
        reason="Capacitor C12 may leak",
        models=["PX-200"],
        serial_from="PX200-00400",
        serial_until="PX200-00499",
        symptom="Exchange the power supply",
        skills=[{"name": "printer"}],
        duration_s=2700,
    )
    territory: Id
    recall: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[\w.-]+$")]
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    models: Annotated[tuple[Annotated[str, Field(max_length=80)], ...], Field(max_length=50)] = ()
    serial_from: Word = ""
    serial_until: Word = ""
    installed_from_at: Moment | None = None
    installed_until_at: Moment | None = None
    symptom: Annotated[str, Field(min_length=1, max_length=500)]
    skills: Annotated[tuple[SkillWanted, ...], Field(min_length=1, max_length=10)]
    duration_s: Seconds = 3600
    severity: Annotated[int, Field(ge=1, le=4)] = 1


class CallOffGiven(Body):
    """Why the rest of a recall is called off."""

    model_config = like(territory="reykjavik", reason="The maker has withdrawn it")
    territory: Id
    reason: Annotated[str, Field(min_length=1, max_length=500)]
