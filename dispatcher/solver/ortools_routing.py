"""
OR-Tools' routing library as an independent engine, in a child process that can be killed.

The model holds what the library can say: travel by matrix (never by a callback into Python),
shifts, lunch breaks, overtime, hard windows, lateness by weight, optional tasks, pinned prefixes,
loads, visits a shift, assignment costs (not on large days), parts, pairs and followers. It cannot say the step of a late
clock, a customer's waiting, promised times, the change budget or travel by the hour; the judge counts
those afterwards. Must not publish a plan the judge refuses.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np

from dispatcher.errors import EngineFailed
from dispatcher.solver.packing import (
    CAPACITY,
    DROP,
    EARLIEST,
    FORBIDDEN,
    LATEST_END,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
    MAX_TASKS,
    OVERTIME_WEIGHT,
    SHIFT_END,
    SOFT,
    WEIGHT_A,
    WEIGHT_F,
    pack,
)
from dispatcher.solver.problem import NEVER, NONE, Ints, Problem
from dispatcher.solver.rations import rations
from dispatcher.solver.solution import Solution

# cost units of a required task left out; the library wants 64-bit sums without overflow
_REQUIRED: Final = 10**12
# seconds the child may take beyond its limit before it is killed
_GRACE_S: Final = 15.0
_FAR: Final = 10**9
# arc costs of all kinds of vehicles together that fit into memory; above it charges are left out
_MOST_ARCS: Final = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRun:
    """What came back from the child."""

    # plans in the order they were found, best last by the library's own objective
    plans: tuple[Solution, ...]
    # name of the library's final status
    status: str


def solve_routing(
    problem: Problem,
    start: Solution,
    *,
    seconds: float,
    solutions: int | None = None,
    on_plan: Callable[[Solution], bool] | None = None,
) -> RoutingRun:
    """
    Return the plans OR-Tools routing finds within `seconds`, warm-started from `start`.

    Parameters
    ----------
    solutions
        Stop after so many plans of the library; makes a run repeatable on one machine.
    on_plan
        Called with each plan as it comes; returning False ends the run.

    Raises
    ------
    EngineFailed
        The child ended without a word.
    """
    if not problem.num_tasks or not problem.num_vehicles:
        if on_plan is not None:
            on_plan(start)
        return RoutingRun(plans=(start,), status="NOTHING_TO_DO")
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=_child, args=(theirs, problem, start, seconds, solutions), daemon=True
    )
    child.start()
    theirs.close()
    plans: list[Solution] = []
    status = "KILLED"
    try:
        while mine.poll(seconds + _GRACE_S):
            kind, value = mine.recv()
            if kind == "status":
                status = value
                break
            plans.append(Solution(routes=value))
            if on_plan is not None and not on_plan(plans[-1]):
                break
    except EOFError:
        child.join(_GRACE_S)
        raise EngineFailed(
            engine="ortools", problem=f"its process ended with code {child.exitcode}"
        ) from None
    finally:
        child.kill()
        child.join()
        mine.close()
    return RoutingRun(plans=tuple(plans), status=status)


def _child(
    pipe: Connection, problem: Problem, start: Solution, seconds: float, solutions: int | None
) -> None:
    model = _Model(problem)
    model.watch(lambda routes: pipe.send(("plan", routes)))
    status = model.solve(start, seconds, solutions)
    pipe.send(("status", status))
    pipe.close()


class _Model:
    def __init__(self, problem: Problem) -> None:
        from ortools.constraint_solver import pywrapcp  # noqa: PLC0415 — slow to import: only who asks for it waits

        self.problem, self.packed = problem, pack(problem)
        # the library's time begins at 0
        self.origin = min(0, int(problem.earliest.min()))
        n, m = problem.num_tasks, problem.num_vehicles
        # nodes: tasks, then the start of each vehicle, then its end
        self.manager = pywrapcp.RoutingIndexManager(
            n + 2 * m, m, list(range(n, n + m)), list(range(n + m, n + 2 * m))
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._add_time()
        self._add_vehicles()
        self._add_tasks()
        self._add_rations()
        self._add_couples()

    def _add_time(self) -> None:
        p, n, m = self.problem, self.problem.num_tasks, self.problem.num_vehicles
        place = np.concatenate([p.task_location, p.start_location, np.maximum(p.end_location, 0)])
        travel = p.travel[0][np.ix_(place, place)].astype(np.int64)
        is_open = np.concatenate([np.zeros(n + m, bool), p.end_location == NONE])
        travel[:, is_open] = 0
        self.service = np.concatenate([p.duration, np.zeros(2 * m, np.int64)])
        transit = (travel + self.service[:, None]).tolist()
        time = self.routing.RegisterTransitMatrix(transit)
        rows = self.packed.vehicle
        self.latest = int(np.maximum(rows[:, LATEST_END], rows[:, EARLIEST]).max()) - self.origin
        self.routing.AddDimension(time, self.latest + 1, self.latest + 1, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        self._charge(travel)
        self._add_limit("load", p.demand, rows[:, CAPACITY])
        self._add_limit("visits", np.ones(n, np.int64), rows[:, MAX_TASKS])

    def _add_limit(self, name: str, amount: Ints, most: Ints) -> None:
        """Let no vehicle take more than its limit of what its tasks bring."""
        if np.any(most < NEVER):
            self._add_dimension(name, amount, most)

    def _add_dimension(self, name: str, amount: Ints, most: Ints) -> None:
        transit = [*amount.tolist(), *([0] * 2 * self.problem.num_vehicles)]
        load = self.routing.RegisterUnaryTransitVector(transit)
        limits = np.minimum(most, _FAR).tolist()
        self.routing.AddDimensionWithVehicleCapacity(load, 0, limits, True, name)

    def _charge(self, travel: Ints) -> None:
        """Let each vehicle pay for driving, and what the rules charge for whom it goes to."""
        rt, n = self.routing, self.problem.num_tasks
        drive = travel * self.problem.travel_weight
        rt.SetArcCostEvaluatorOfAllVehicles(rt.RegisterTransitMatrix(drive.tolist()))
        who = np.where(self.packed.who == FORBIDDEN, 0, self.packed.who).astype(np.int64)
        columns, same = np.unique(who + self._charge_base(), axis=1, return_inverse=True)
        if not columns.any() or columns.shape[1] * drive.size > _MOST_ARCS:
            return
        for k, column in enumerate(columns.T):
            cost = drive.copy()
            cost[:, :n] += column
            evaluator = rt.RegisterTransitMatrix(cost.tolist())
            for v in np.flatnonzero(same.ravel() == k).tolist():
                rt.SetArcCostEvaluatorOfVehicle(evaluator, v)

    def _charge_base(self) -> int:
        """Return what is added to each charge, and to leaving a task out, so that none is negative."""
        who = self.packed.who
        return -int(np.where(who == FORBIDDEN, 0, who).min(initial=0))

    def _add_rations(self) -> None:
        """Let the vehicles of an engineer, and all of them, take no more than there is."""
        shared, rt, m = rations(self.problem), self.routing, self.problem.num_vehicles
        solver, endless = rt.solver(), np.full(m, _FAR)
        for r, stock in enumerate(shared.own[-1].tolist()):
            name = f"ration{r}"
            self._add_dimension(name, shared.use[:, r], endless)
            taken = rt.GetDimensionOrDie(name)
            drawn = []
            for g, own in enumerate(shared.own[:-1, r].tolist()):
                mine = np.flatnonzero(shared.whose == g).tolist()
                total = solver.Sum([taken.CumulVar(rt.End(v)) for v in mine])
                drawn.append(solver.Max(total - own, 0))
            solver.Add(solver.Sum(drawn) <= stock)

    def _add_couples(self) -> None:
        """Tie pairs and followers, except to what is under way."""
        p, solver = self.problem, self.routing.solver()
        pinned = set(p.fixed_task.tolist())
        for a, b in p.sync.tolist():
            (is_a, at_a), (is_b, at_b) = self._moment(a), self._moment(b)
            if not {a, b} & pinned:
                solver.Add(is_a == is_b)
            if not {a, b} <= pinned:
                solver.Add(is_a * is_b * (at_a - at_b) == 0)
        for first, second, lag in p.precedence.tolist():
            (is_one, at_one), (is_two, at_two) = self._moment(first), self._moment(second)
            if second not in pinned:
                solver.Add(is_two <= is_one)
            if first not in pinned:
                gap = lag + int(p.duration[first])
                solver.Add(is_one * is_two * (at_one + gap - at_two) <= 0)

    def _moment(self, task: int) -> tuple[Any, Any]:
        """Return whether a task is served and when, as the library's variables."""
        index = self.manager.NodeToIndex(task)
        return self.routing.ActiveVar(index), self.time.CumulVar(index)

    def _add_vehicles(self) -> None:
        p, rt, solver = self.problem, self.routing, self.routing.solver()
        by_index = [
            int(self.service[self.manager.IndexToNode(x)]) if not rt.IsEnd(x) else 0
            for x in range(rt.Size())
        ]
        for v, row in enumerate(self.packed.vehicle.tolist()):
            rt.SetFixedCostOfVehicle(int(p.use_cost[v]), v)
            begin = row[EARLIEST] - self.origin
            self.time.CumulVar(rt.Start(v)).SetRange(begin, begin)
            end = self.time.CumulVar(rt.End(v))
            end.SetMax(max(row[LATEST_END] - self.origin, begin))
            due = max(row[SHIFT_END] - self.origin, begin)
            self.time.SetCumulVarSoftUpperBound(rt.End(v), due, row[OVERTIME_WEIGHT])
            if row[LUNCH] >= 0:
                first, last = row[LUNCH_EARLIEST] - self.origin, row[LUNCH_LATEST] - self.origin
                lunch = solver.FixedDurationIntervalVar(
                    first, last, row[LUNCH], False, f"lunch {v}"
                )
                self.time.SetBreakIntervalsOfVehicle([lunch], v, by_index)

    def _add_tasks(self) -> None:
        p, rt, task, who = self.problem, self.routing, self.packed.task, self.packed.who
        fixed, base = set(p.fixed_task.tolist()), self._charge_base()
        for i in range(p.num_tasks):
            index = self.manager.NodeToIndex(i)
            able = np.flatnonzero(who[i] != FORBIDDEN).tolist()
            if i not in fixed and not self._add_window(i, index):
                able = []
            rt.VehicleVar(index).SetValues([-1, *able])
            if i not in fixed:
                drop = _REQUIRED if p.is_required[i] else int(task[i, DROP])
                rt.AddDisjunction([index], drop + base)
            # the library takes one bound for each visit: the first due, with both weights
            due = int(task[i, SOFT]) - self.origin
            weight = int(task[i, WEIGHT_A] + task[i, WEIGHT_F])
            if due < NEVER and weight:
                self.time.SetCumulVarSoftUpperBound(index, max(due, 0), weight)

    def _add_window(self, i: int, index: int) -> bool:
        """Tell the library when a task may start; False when it never may."""
        p, moment = self.problem, self.time.CumulVar(index)
        release = max(int(p.release[i]) - self.origin, 0)
        rows = range(int(p.window_ptr[i]), int(p.window_ptr[i + 1]))
        spans = [
            (int(p.window_open[k]) - self.origin, int(p.window_close[k]) - self.origin)
            for k in rows
        ] or [(0, self.latest)]
        cut = [(max(low, release), min(high, self.latest)) for low, high in spans]
        cut = [(low, high) for low, high in cut if low <= high]
        if not cut:
            return False
        moment.SetRange(cut[0][0], cut[-1][1])
        for (_, closes), (opens, _) in pairwise(cut):
            moment.RemoveInterval(closes + 1, opens - 1)
        return True

    def watch(self, tell: Callable[[tuple[tuple[int, ...], ...]], None]) -> None:
        """Call `tell` with each plan the library finds."""

        def routes() -> None:
            found = []
            for v in range(self.problem.num_vehicles):
                index, route = self.routing.NextVar(self.routing.Start(v)).Value(), []
                while not self.routing.IsEnd(index):
                    route.append(self.manager.IndexToNode(index))
                    index = self.routing.NextVar(index).Value()
                found.append(tuple(route))
            tell(tuple(found))

        self.routing.AddAtSolutionCallback(routes)

    def solve(self, start: Solution, seconds: float, solutions: int | None) -> str:
        """Run the library's search and return the name of its status."""
        from ortools.constraint_solver import pywrapcp, routing_enums_pb2  # noqa: PLC0415 — slow to import: only who asks for it waits

        parameters: Any = pywrapcp.DefaultRoutingSearchParameters()
        first = routing_enums_pb2.FirstSolutionStrategy
        large = self.problem.num_tasks > 300
        parameters.first_solution_strategy = (
            first.PARALLEL_CHEAPEST_INSERTION if large else first.LOCAL_CHEAPEST_COST_INSERTION
        )
        meta = routing_enums_pb2.LocalSearchMetaheuristic
        parameters.local_search_metaheuristic = meta.GUIDED_LOCAL_SEARCH
        parameters.time_limit.FromMilliseconds(max(1, int(seconds * 1000)))
        if solutions is not None:
            parameters.solution_limit = solutions
        self.routing.CloseModelWithParameters(parameters)
        self._pin()
        warm = None
        if any(start.routes):
            warm = self.routing.ReadAssignmentFromRoutes([list(r) for r in start.routes], True)
        if warm is not None:
            self.routing.SolveFromAssignmentWithParameters(warm, parameters)
            if _status_name(self.routing.status()) != "ROUTING_FAIL":
                return "WARM_" + _status_name(self.routing.status())
        # a warm start with breaks can fail without searching; begin anew then
        self.routing.SolveWithParameters(parameters)
        return _status_name(self.routing.status())

    def _pin(self) -> None:
        for v, prefix in enumerate(self.problem.fixed):
            if prefix:
                chain = [self.manager.NodeToIndex(i) for i in prefix]
                self.routing.ApplyLocksToAllVehicles(
                    [chain if w == v else [] for w in range(self.problem.num_vehicles)], False
                )


def _status_name(status: int) -> str:
    from ortools.constraint_solver import routing_enums_pb2  # noqa: PLC0415, F401 — slow to import: only who asks for it waits

    names = (
        "ROUTING_NOT_SOLVED",
        "ROUTING_SUCCESS",
        "ROUTING_PARTIAL_SUCCESS_LOCAL_OPTIMUM_NOT_REACHED",
        "ROUTING_FAIL",
        "ROUTING_FAIL_TIMEOUT",
        "ROUTING_INVALID",
        "ROUTING_INFEASIBLE",
        "ROUTING_OPTIMAL",
    )
    return names[status] if 0 <= status < len(names) else f"ROUTING_STATUS_{status}"
