"""
From what was sent to what the desk understands: places, skills, sites and requests.

The only place where datums are converted on the way in. Must not write.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from dispatcher.api import fleet_schemas as ff
from dispatcher.api import schemas as s
from dispatcher.api.house import House
from dispatcher.api.mirror import Mirror
from dispatcher.desk.command.wishes import ReportTicket
from dispatcher.domain.engineer import Break, Certificate, Engineer, HeldSkill, Shift
from dispatcher.domain.ids import AssetId, EngineerId, SiteId, TerritoryId
from dispatcher.domain.place import Confidence, Place, Site
from dispatcher.domain.ticket import RequiredSkill, Severity, Window
from dispatcher.errors import BadField, EmptyWindow, Refused, UnknownEngineer, UnknownSkill
from dispatcher.geo.city import City
from dispatcher.geo.datum import Coordinate, Datum
from dispatcher.store import Scope

_DATUMS: dict[s.Datum, Datum] = {
    "wgs84": Datum.WGS84,
    "gcj02": Datum.GCJ02,
    "bd09": Datum.BD09,
}


def place_of(lat: float, lon: float, datum: s.Datum) -> Place:
    """Return a place in WGS-84, converted once."""
    given = Coordinate(lat=lat, lon=lon, datum=_DATUMS[datum]).to(Datum.WGS84)
    return Place(lat=round(given.lat, 7), lon=round(given.lon, 7))


def site_of(
    house: House, territory: TerritoryId, given: s.SiteGiven, *, needs_visit: bool = True
) -> Site:
    """
    Return the customer's site, on a street of the city; nowhere is allowed when nobody has to go.

    Raises
    ------
    OutsideCity
        No street is near.
    BadField
        Neither coordinates nor an address that the gazetteer knows.
    """
    city = house.city_of(territory)
    confidence: Confidence = "rooftop"
    if given.lat is not None and given.lon is not None:
        place = place_of(given.lat, given.lon, given.datum)
        if not given.address:
            confidence = "pin"
    elif given.lat is not None or given.lon is not None:
        raise BadField(field="site", value="half a place", rule="give lat and lon, or neither")
    else:
        found = city.gazetteer.search(given.address, 1) if given.address else []
        if not found and not needs_visit:
            return _nowhere(city, territory, given)
        if not found:
            rule = "no such address is known; give lat and lon, or pick the place on the map"
            raise BadField(field="site.address", value=given.address, rule=rule)
        place = Place(lat=found[0].lat, lon=found[0].lon)
        confidence = found[0].confidence
    city.snap([(place.lat, place.lon)], datum=given.datum)
    address = given.address or city.address_of(place.lat, place.lon).label
    return _site(territory, given, place, confidence, address)


def _nowhere(city: City, territory: TerritoryId, given: s.SiteGiven) -> Site:
    """Return the site of somebody nobody goes to: the address as written, no place (R20)."""
    west, south, east, north = city.bounds
    middle = Place(lat=round((south + north) / 2, 7), lon=round((west + east) / 2, 7))
    return _site(territory, given, middle, "nowhere", given.address)


def _site(
    territory: TerritoryId, given: s.SiteGiven, place: Place, confidence: Confidence, address: str
) -> Site:
    return Site(
        id=SiteId(""),
        territory=territory,
        place=place,
        confidence=confidence,
        address=address,
        name=given.name,
        phone=given.phone,
        email=given.email,
        note=given.note,
        access_s=given.access_s,
    )


def known_skills(mirror: Mirror) -> list[str]:
    """Return the names of all skills somebody in the territory has."""
    with mirror.reading() as docs:
        return sorted({k.name for one in docs.engineers.values() for k in one.skills})


def skills_of(mirror: Mirror, wanted: Iterable[s.SkillWanted]) -> tuple[RequiredSkill, ...]:
    """Return the wanted skills; `UnknownSkill` with the nearest name when nobody has one."""
    known = known_skills(mirror)
    skills = []
    for one in wanted:
        # a desk without engineers cannot know better
        if known and one.name not in known:
            near = get_close_matches(one.name, known, 1, 0.7)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UnknownSkill(skill=one.name, hint=hint, known=", ".join(known))
        skills.append(RequiredSkill(name=one.name, level=one.level))
    return tuple(skills)


def windows_of(given: Iterable[s.WindowWanted]) -> tuple[Window, ...]:
    """Return the wanted windows; `EmptyWindow` when one closes before it opens."""
    windows = []
    for one in given:
        if one.close_at <= one.open_at:
            raise EmptyWindow(open_at=one.open_at, close_at=one.close_at)
        windows.append(Window(open_at=one.open_at, close_at=one.close_at))
    return tuple(windows)


def _site_for(house: House, territory: TerritoryId, given: s.TicketGiven) -> Site:
    """Return where to go: the place that was given, or the one where the asset stands."""
    if given.site is not None:
        return site_of(house, territory, given.site, needs_visit=given.needs_visit)
    if given.asset is None:
        raise BadField(
            field="site", value="nothing", rule="say where, or name an asset that has a site"
        )
    asset = house.store.asset(AssetId(given.asset), scope=Scope(territories=(territory,)))
    if asset.site is None:
        rule = f"asset {asset.id} has no site; say where to go"
        raise BadField(field="site", value="nothing", rule=rule)
    return house.store.sites.get(asset.site)


def report_of(house: House, territory: TerritoryId, given: s.TicketGiven) -> ReportTicket:
    """Return the command that a request for repair is."""
    return ReportTicket(
        channel=given.channel,
        site=_site_for(house, territory, given),
        symptom=given.symptom,
        category=given.category,
        model=given.model,
        asset=AssetId(given.asset) if given.asset else None,
        external_id=given.external_id,
        contract=given.contract,
        weight_g=given.weight_g,
        source=given.source,
        bought_from=given.bought_from,
        severity=Severity(given.severity) if given.severity else None,
        skills=skills_of(house.mirror(territory), given.skills),
        certificates=given.certificates,
        duration_s=given.duration_s,
        windows=windows_of(given.windows),
        not_before_at=given.not_before_at,
        outdoor=given.outdoor,
        needs_visit=given.needs_visit,
        after=given.after,
        after_lag_s=given.after_lag_s,
    )


def shifts_of(given: Iterable[ff.ShiftGiven]) -> tuple[Shift, ...]:
    """Return shifts; `BadField` when one ends before it starts."""
    shifts = []
    for i, one in enumerate(given):
        if one.end_at <= one.start_at:
            field = f"shifts.{i}.end_at"
            raise BadField(field=field, value=one.end_at, rule="must lie after start_at")
        lunch = _break_of(one.lunch) if one.lunch else None
        if lunch and lunch.latest_at < lunch.earliest_at:
            field = f"shifts.{i}.lunch.latest_at"
            raise BadField(
                field=field, value=lunch.latest_at, rule="must not lie before earliest_at"
            )
        shifts.append(
            Shift(
                start_at=one.start_at,
                end_at=one.end_at,
                lunch=lunch,
                max_overtime_s=one.max_overtime_s,
                is_on_call=one.is_on_call,
            )
        )
    return tuple(shifts)


def _break_of(given: ff.BreakGiven) -> Break:
    return Break(
        earliest_at=given.earliest_at, latest_at=given.latest_at, duration_s=given.duration_s
    )


def engineer_of(house: House, given: ff.EngineerGiven) -> Engineer:
    """Return an engineer's record; the base must lie in the city."""
    territory = TerritoryId(given.territory)
    base = place_of(given.base.lat, given.base.lon, given.base.datum)
    house.city_of(territory).snap([(base.lat, base.lon)], datum=given.base.datum)
    return Engineer(
        id=EngineerId(given.id),
        territory=territory,
        name=given.name,
        base=base,
        skills=tuple(
            HeldSkill(name=k.name, level=k.level, expires_at=k.expires_at) for k in given.skills
        ),
        certificates=tuple(
            Certificate(name=c.name, expires_at=c.expires_at) for c in given.certificates
        ),
        shifts=shifts_of(given.shifts),
        provider=given.provider,
        department=given.department,
    )


def check_home(house: House, engineer: Engineer) -> None:
    """Refuse to register somebody whose id works in another territory."""
    try:
        known = house.store.engineer(engineer.id)
    except UnknownEngineer:
        return
    if known.territory != engineer.territory:
        why = f"engineer {engineer.id} works in territory {known.territory}"
        raise Refused(why=f"{why}; use another id")
