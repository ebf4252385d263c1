"""The day becomes the arrays that the solver is asked about."""

from __future__ import annotations

from dispatcher.desk.day import compile_day
from dispatcher.desk.routes import to_routes
from dispatcher.domain import events as ev
from dispatcher.domain.plan import Route, Visit
from dispatcher.policy import load_policy
from dispatcher.solver.problem import NEVER
from dispatcher.solver.solution import Solution, judge
from tests.places import HOUR, MORNING, STEP_S, CrowFlies, village


def day_of(place, now=MORNING, **more):
    return compile_day(place.docs, now=now, roads=CrowFlies(), policy=load_policy(), **more)


def test_village_day_has_its_tickets_spells_and_streets() -> None:
    """Five tickets, two spells; one step is ten minutes; only Bo may take software."""
    day = day_of(village())
    assert [t.id for t in day.tickets] == ["V-1", "V-2", "V-3", "V-4", "V-5"]
    assert [s.engineer.id for s in day.spells] == ["anna", "bo"]
    locations = day.problem.task_location
    assert day.problem.travel[0, locations[0], locations[1]] == STEP_S
    assert day.problem.is_eligible.tolist() == [
        [True, True],
        [True, True],
        [False, True],
        [True, True],
        [False, False],
    ]
    assert [r.code for r in day.compiled.reasons(2, 0)] == ["skill_missing"]
    assert [r.code for r in day.compiled.reasons(4, 1)] == ["skill_level"]


def test_solution_becomes_routes_with_the_times_people_read() -> None:
    """Anna: 10 min to V-1, an hour there, 10 min on to V-2, an hour, 20 min home."""
    day = day_of(village())
    verdict = judge(day.problem, Solution(routes=((0, 1), ())))
    routes = to_routes(day, verdict)
    route = routes[f"anna/{MORNING}"]
    assert [(v.ticket, v.start_at - MORNING) for v in route.visits] == [
        ("V-1", STEP_S),
        ("V-2", 2 * STEP_S + HOUR),
    ]
    # 600 + 3600 + 600 + 3600 + 1200
    assert route.home_at - MORNING == 9600
    assert route.travel_s == 4 * STEP_S
    assert route.work_s == 2 * HOUR


def under_way(place, moves):
    """Publish Anna's route V-1, V-2 and let her take the given steps on V-1."""
    visits = tuple(
        Visit(
            ticket=t,
            depart_at=s - STEP_S,
            arrive_at=s,
            start_at=s,
            finish_at=s + HOUR,
            travel_s=STEP_S,
        )
        for t, s in (("V-1", MORNING + STEP_S), ("V-2", MORNING + 2 * STEP_S + HOUR))
    )
    route = Route(engineer="anna", shift_at=MORNING, visits=visits)
    place.add(ev.PlanPublished(plan_version=1, routes=(route,)))
    for event, now in moves:
        place.add(event(ticket="V-1", engineer="anna"), now=now)
    return place


def test_traveller_is_met_at_the_door() -> None:
    """A visit under way is fixed; the way to it is already paid and ends when it was planned."""
    steps = [
        (ev.VisitDispatched, MORNING),
        (ev.VisitAccepted, MORNING + 10),
        (ev.EngineerDeparted, MORNING + 20),
    ]
    place = under_way(village(), steps)
    day = day_of(place, now=MORNING + 100)
    assert day.problem.fixed[0] == (0,)
    verdict = judge(day.problem, day.start)
    assert verdict.feasible
    visit = to_routes(day, verdict)[f"anna/{MORNING}"].visits[0]
    assert (visit.depart_at, visit.arrive_at) == (MORNING + 20, MORNING + 20 + STEP_S)
    assert visit.travel_s == STEP_S


def test_engineer_at_work_is_free_when_the_work_is_over() -> None:
    """On site since 08:10 for an hour; asked at 08:40 half an hour is left, and arrival is met."""
    steps = [
        (ev.VisitDispatched, MORNING),
        (ev.VisitAccepted, MORNING),
        (ev.EngineerDeparted, MORNING),
        (ev.EngineerArrived, MORNING + STEP_S),
    ]
    place = under_way(village(), steps)
    day = day_of(place, now=MORNING + 4 * STEP_S)
    assert day.problem.duration[0] == HOUR - 3 * STEP_S
    assert day.problem.arrive_due[0] == NEVER
    visit = to_routes(day, judge(day.problem, day.start))[f"anna/{MORNING}"].visits[0]
    assert (visit.start_at, visit.finish_at) == (MORNING + STEP_S, MORNING + STEP_S + HOUR)


def test_fold_of_the_log_equals_the_documents() -> None:
    """The facts alone give the same documents again."""
    place = under_way(village(), [(ev.VisitDispatched, MORNING)])
    again = place.refolded()
    assert again.tickets == place.docs.tickets
    assert again.routes == place.docs.routes
    assert again.engineers == place.docs.engineers
    assert again.home == place.docs.home
