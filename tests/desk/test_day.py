"""The day becomes the arrays that the solver is asked about."""

from __future__ import annotations

from dispatcher.desk.planning.day import compile_day
from dispatcher.desk.planning.routes import to_routes
from dispatcher.domain import events as ev
from dispatcher.domain.plan import Route, Visit
from dispatcher.domain.ticket import Window
from dispatcher.policy import load_policy
from dispatcher.solver.solution import Solution, judge
from tests.places import HOUR, MORNING, STEP_S, CrowFlies, Village, at, village


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


def test_traveller_goes_on_from_where_the_visit_under_way_will_end() -> None:
    """Left at 08:00:20 for ten minutes of driving and an hour of work: free there at 09:10:20."""
    steps = [
        (ev.VisitDispatched, MORNING),
        (ev.VisitAccepted, MORNING + 10),
        (ev.EngineerDeparted, MORNING + 20),
    ]
    place = under_way(village(), steps)
    day = day_of(place, now=MORNING + 100)
    assert "V-1" not in [t.id for t in day.tickets]
    assert day.origin_at + day.problem.earliest[0] == MORNING + 20 + STEP_S + HOUR
    verdict = judge(day.problem, day.start)
    assert verdict.feasible
    first, second = to_routes(day, verdict)[f"anna/{MORNING}"].visits
    assert (first.depart_at, first.arrive_at) == (MORNING + 20, MORNING + 20 + STEP_S)
    assert second.start_at == first.finish_at + STEP_S


def test_engineer_at_work_is_free_when_the_work_is_over() -> None:
    """On site since 08:10 for an hour; asked at 08:40 the engineer is free at 09:10."""
    steps = [
        (ev.VisitDispatched, MORNING),
        (ev.VisitAccepted, MORNING),
        (ev.EngineerDeparted, MORNING),
        (ev.EngineerArrived, MORNING + STEP_S),
    ]
    place = under_way(village(), steps)
    day = day_of(place, now=MORNING + 4 * STEP_S)
    assert day.origin_at + day.problem.earliest[0] == MORNING + STEP_S + HOUR
    visit = to_routes(day, judge(day.problem, day.start))[f"anna/{MORNING}"].visits[0]
    assert (visit.start_at, visit.finish_at) == (MORNING + STEP_S, MORNING + STEP_S + HOUR)


def test_work_that_takes_longer_is_expected_to_end_soon() -> None:
    """Two hours into an hour of work, five more minutes are expected."""
    steps = [
        (ev.VisitDispatched, MORNING),
        (ev.VisitAccepted, MORNING),
        (ev.EngineerDeparted, MORNING),
        (ev.EngineerArrived, MORNING),
    ]
    place = under_way(village(), steps)
    day = day_of(place, now=MORNING + 2 * HOUR)
    assert day.running[0].finish_at == MORNING + 2 * HOUR + 300


def test_leaving_waits_for_the_window_not_the_engineer_at_the_door() -> None:
    """The window opens at 10:00: leave at 09:50, not at 08:00."""
    place = village()
    opens = MORNING + 2 * HOUR
    place.ticket(6, windows=(Window(open_at=opens, close_at=opens + HOUR),), place=at(1, 0))
    day = day_of(place)
    task = day.task_of("V-6")
    routes = to_routes(day, judge(day.problem, Solution(routes=((task,), ()))))
    [visit] = routes[f"anna/{MORNING}"].visits
    assert (visit.depart_at, visit.start_at) == (opens - STEP_S, opens)


def test_lunch_stands_right_before_the_drive_it_precedes() -> None:
    """Lunch from 11:00 for half an hour, then ten minutes of driving: at work at 11:40."""
    place = Village().engineer("anna", lunch=True).ticket(1)
    noon = MORNING + 3 * HOUR
    day = day_of(place)
    solution = Solution(routes=((0,),), lunch_leg=(0,))
    [visit] = to_routes(day, judge(day.problem, solution))[f"anna/{MORNING}"].visits
    assert visit.lunch_before
    assert visit.finish_at - visit.start_at == HOUR
    # on the way there lunch begins at its earliest, and ends at the door
    assert visit.start_at == noon + 1800
    assert visit.depart_at == noon - STEP_S


def test_fold_of_the_log_equals_the_documents() -> None:
    """The facts alone give the same documents again."""
    place = under_way(village(), [(ev.VisitDispatched, MORNING)])
    again = place.refolded()
    assert again.tickets == place.docs.tickets
    assert again.routes == place.docs.routes
    assert again.engineers == place.docs.engineers
    assert again.home == place.docs.home
