"""
What the doors accept: the shape of every body, its bounds, and an example.

Must not look anything up; whether a skill or a place exists is asked later.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from dispatcher.domain.ticket import Channel

# epoch seconds from 1970 to 2200: whatever lies beyond is a slip
_LAST_AT = 7_258_118_400
_MESSAGE = "epoch seconds, or ISO 8601 with an offset"


def _moment(value: Any) -> Any:
    """Return epoch seconds for a text in ISO 8601; whatever else is left to the next check."""
    if not isinstance(value, str):
        return value
    if value.isascii() and value.isdigit() and len(value) < 12:
        # a query's number
        return int(value)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("moment", _MESSAGE) from None
    if parsed.tzinfo is None:
        raise PydanticCustomError("moment", _MESSAGE)
    try:
        return int(parsed.timestamp())
    except (OverflowError, OSError):
        raise PydanticCustomError("moment", _MESSAGE) from None


Moment = Annotated[
    int,
    BeforeValidator(_moment),
    Field(ge=0, le=_LAST_AT, strict=True, description=_MESSAGE, examples=[1_795_687_200]),
]
Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:/@ -]+$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Line = Annotated[str, Field(max_length=200)]
Said = Annotated[str, Field(min_length=1, max_length=500)]
Prose = Annotated[str, Field(max_length=4000)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Seconds = Annotated[int, Field(ge=60, le=86_400)]
# a ticket by the desk's number or the customer's own, and seconds after its end
OtherTicket = Annotated[str | None, Field(min_length=1, max_length=64)]
Lag = Annotated[int, Field(ge=0, le=60 * 86_400, strict=True)]
Datum = Literal["wgs84", "gcj02", "bd09"]
Level = Annotated[int, Field(ge=1, le=5)]
HoldKind = Literal["weather", "parts", "customer", "access", "force_majeure", "other"]
IncompleteReason = Literal[
    "parts", "access", "customer_absent", "wrong_skill", "more_time", "unsafe", "other"
]
Version = Annotated[
    int | None,
    Field(ge=0, le=2**53, description="refuse when the document has another version by now"),
]


def like(**example: Any) -> ConfigDict:
    """Return what shows this example to readers of the doors, and refuses unknown fields."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


class Body(BaseModel):
    """A body; fields it does not name are refused."""

    model_config = ConfigDict(extra="forbid")


class Expecting(Body):
    """A command on a document that may have changed meanwhile."""

    expected_version: Version = None


class Nothing(Expecting):
    """A step that needs no more than its name."""


class Because(Expecting):
    """A step that needs a reason."""

    model_config = like(reason="The customer fixed it alone")
    reason: Said


class SkillWanted(Body):
    """A skill the work needs."""

    name: Name
    level: Level = 1


class WindowWanted(Body):
    """A span in which work must start."""

    open_at: Moment
    close_at: Moment


class SiteGiven(Body):
    """Where the customer is and whom to call."""

    name: Annotated[str, Field(max_length=120)]
    phone: Annotated[str, Field(max_length=40)] = ""
    # no blanks, commas or line ends: it becomes the line of a mail that says to whom it goes
    email: Annotated[str, Field(max_length=120, pattern=r"^([^\s@,;<>]+@[^\s@,;<>]+)?$")] = ""
    address: Line = ""
    # both or neither; without them the address is looked up, which must succeed when somebody has to go
    lat: Lat | None = None
    lon: Lon | None = None
    datum: Datum = "wgs84"
    note: Annotated[str, Field(max_length=1000)] = ""
    access_s: Annotated[int, Field(ge=0, le=7200)] = 0


class TicketGiven(Body):
    """A request for repair."""

    model_config = like(
        territory="reykjavik",
        channel="phone",
        severity=2,
        category="hardware",
        model="PX-200",
        symptom="The printer pulls no paper",
        external_id="ERP-4711",
        site={
            "name": "Jón Jónsson",
            "phone": "+354 555 0123",
            "address": "Laugavegur 22",
            "lat": 64.1445,
            "lon": -21.9237,
        },
        skills=[{"name": "printer", "level": 2}],
    )
    territory: Id
    channel: Channel
    severity: Annotated[int | None, Field(ge=1, le=4)] = None
    category: Annotated[str, Field(max_length=40)] = ""
    model: Annotated[str, Field(max_length=80)] = ""
    # the service profile is chosen by it; the limit may go by the weight (R19)
    contract: Annotated[str, Field(max_length=64)] = ""
    # what it is about; fills in what is left open, the site too
    asset: Id | None = None
    weight_g: Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)] = 0
    symptom: Prose
    external_id: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    source: Line = ""
    # where it was bought: shop, online, maker, … (R05)
    bought_from: Annotated[str, Field(max_length=40)] = ""
    # may be absent when the asset has one
    site: SiteGiven | None = None
    skills: Annotated[tuple[SkillWanted, ...], Field(max_length=10)] = ()
    certificates: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    duration_s: Seconds | None = None
    windows: Annotated[tuple[WindowWanted, ...], Field(max_length=10)] = ()
    not_before_at: Moment = 0
    outdoor: bool = False
    # false: an answer, a quote or documents, nobody has to go (R20)
    needs_visit: bool = True
    # the ticket that has to be finished first, by either number, and seconds between the two
    after: OtherTicket = None
    after_lag_s: Lag = 0


class TriageGiven(Expecting):
    """How bad, which skill, how long."""

    model_config = like(severity=3, skills=[{"name": "printer"}], duration_s=3600)
    severity: Annotated[int, Field(ge=1, le=4)]
    skills: Annotated[tuple[SkillWanted, ...], Field(max_length=10)]
    duration_s: Seconds
    certificates: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    windows: Annotated[tuple[WindowWanted, ...], Field(max_length=10)] = ()
    not_before_at: Moment = 0


class HoldGiven(Expecting):
    """Why a ticket waits."""

    model_config = like(kind="weather", reason="Storm warning until noon")
    kind: HoldKind
    reason: Said
    until_at: Moment | None = None


class ResumeGiven(Expecting):
    """What is still to do."""

    model_config = like(duration_s=1800)
    duration_s: Seconds | None = None
    not_before_at: Moment = 0


class AssignGiven(Expecting):
    """Who shall go, and where in the route."""

    model_config = like(engineer="E01", position=0)
    engineer: Id
    # place among the visits not yet under way; None = where it costs least
    position: Annotated[int | None, Field(ge=0, le=100)] = None
    reason: Annotated[str, Field(max_length=500)] = ""


class ExcludeGiven(Expecting):
    """Who must not go."""

    model_config = like(engineer="E01", reason="The customer asked for somebody else")
    engineer: Id
    reason: Said
    until_at: Moment | None = None


class PromiseGiven(Expecting):
    """The arrival the customer was told."""

    model_config = like(promised_at=1_795_687_200)
    promised_at: Moment


class CallBackGiven(Expecting):
    """What the customer said after the repair."""

    model_config = like(satisfaction=5, remark="Quick and friendly")
    satisfaction: Level | None = None
    remark: Annotated[str, Field(max_length=1000)] = ""


class StepGiven(Expecting):
    """A step of a visit; `at` may lie before now, when the phone was offline."""

    at: Moment | None = None


class DeclineGiven(StepGiven):
    """Why the engineer says no."""

    model_config = like(reason="Allergic to cats")
    reason: Said


class FinishGiven(StepGiven):
    """What was found and what was done (R51)."""

    model_config = like(found="Worn feed roller", done="Roller replaced")
    found: Annotated[str, Field(max_length=2000)] = ""
    done: Annotated[str, Field(max_length=2000)] = ""


class IncompleteGiven(StepGiven):
    """Why the work is not finished, and when to come again (R56)."""

    model_config = like(reason="parts")
    reason: IncompleteReason
    again_at: Moment | None = None


class PreviewGiven(Body):
    """Who could take a ticket."""

    model_config = like(ticket="reykjavik-12")
    ticket: Id
    engineers: Annotated[tuple[Id, ...] | None, Field(max_length=500)] = None


class SlotPlace(Body):
    """Where the customer is: both coordinates, or an address the gazetteer knows."""

    address: Line = ""
    lat: Lat | None = None
    lon: Lon | None = None
    datum: Datum = "wgs84"
    access_s: Annotated[int, Field(ge=0, le=7200)] = 0


class SlotsGiven(Body):
    """A request for repair of which only the time is open."""

    model_config = like(
        territory="reykjavik",
        site={"lat": 64.1445, "lon": -21.9237},
        skills=[{"name": "printer", "level": 2}],
        severity=2,
        duration_s=3600,
        days=2,
    )
    territory: Id
    site: SlotPlace
    skills: Annotated[tuple[SkillWanted, ...], Field(min_length=1, max_length=10)]
    severity: Annotated[int, Field(ge=1, le=4)]
    duration_s: Seconds | None = None
    certificates: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    category: Annotated[str, Field(max_length=40)] = ""
    contract: Annotated[str, Field(max_length=64)] = ""
    not_before_at: Moment = 0
    outdoor: bool = False
    # windows are looked at from now on for so many days, so wide, opening every `step_s`
    days: Annotated[int, Field(ge=1, le=7)] = 3
    width_s: Annotated[int, Field(ge=1800, le=43_200)] = 7200
    step_s: Annotated[int, Field(ge=1800, le=43_200)] = 3600
    # windows told, the cheapest first
    limit: Annotated[int, Field(ge=1, le=50)] = 12


class TerritoryGiven(Body):
    """A new planning area on the streets of a city that was imported."""

    model_config = like(id="porto-north", name="Porto, north", city="porto")
    id: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    city: Annotated[str, Field(min_length=1, max_length=41)]
    # IANA name; None = the city's
    zone: Annotated[str | None, Field(min_length=1, max_length=60)] = None


class TokenGiven(Body):
    """Who shall get in."""

    model_config = like(role="engineer", engineer="E01", link=True)
    role: Literal[
        "supervisor",
        "dispatcher",
        "engineer",
        "operations",
        "customer-service",
        "read-only",
        "service",
    ]
    engineer: Id | None = None
    actor: Id | None = None
    territories: Annotated[tuple[Id, ...] | None, Field(max_length=100)] = None
    # a link that signs in once instead of a token
    link: bool = False
    label: Annotated[str, Field(max_length=80)] = ""


class RevokeGiven(Body):
    """Whose sessions end at once: one of the two."""

    model_config = like(actor="engineer:E01")
    actor: Id | None = None
    session: Id | None = None


class LeaseGiven(Body):
    """What a planner wants of the right to publish plans."""

    model_config = like(action="acquire", owner="planner-1", ttl_s=15)
    action: Literal["acquire", "renew", "release"]
    owner: Id
    # renew and release name the epoch they have
    epoch: Annotated[int | None, Field(ge=0, le=2**53)] = None
    ttl_s: Annotated[float, Field(ge=1, le=120)] = 15
