"""
OR-Tools' routing library as an independent engine, in a child process that can be killed.

The model holds what the library can say: travel by matrix (never by a callback into Python),
shifts, lunch breaks, overtime, hard windows, lateness by weight, optional tasks, pinned prefixes.
It cannot say the step of a late clock, promised times or travel by the hour; the judge counts
those afterwards. Must not publish a plan the judge refuses.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np

from dispatcher.errors import EngineFailed
from dispatcher.solver.packing import DROP, FORBIDDEN, SOFT, WEIGHT_A, WEIGHT_F, pack
from dispatcher.solver.problem import NEVER, NONE, Problem
from dispatcher.solver.solution import Solution

# cost units of a required task left out; the library wants 64-bit sums without overflow
_REQUIRED: Final = 10**12
# seconds the child may take beyond its limit before it is killed
_GRACE_S: Final = 15.0
_FAR: Final = 10**9


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
        n, m = problem.num_tasks, problem.num_vehicles
        # nodes: tasks, then the start of each vehicle, then its end
        self.manager = pywrapcp.RoutingIndexManager(
            n + 2 * m, m, list(range(n, n + m)), list(range(n + m, n + 2 * m))
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._add_time()
        self._add_vehicles()
        self._add_tasks()

    def _add_time(self) -> None:
        p, n, m = self.problem, self.problem.num_tasks, self.problem.num_vehicles
        place = np.concatenate([p.task_location, p.start_location, np.maximum(p.end_location, 0)])
        travel = p.travel[0][np.ix_(place, place)].astype(np.int64)
        is_open = np.concatenate([np.zeros(n + m, bool), p.end_location == NONE])
        travel[:, is_open] = 0
        self.service = np.concatenate([p.duration, np.zeros(2 * m, np.int64)])
        transit = (travel + self.service[:, None]).tolist()
        time = self.routing.RegisterTransitMatrix(transit)
        cost = self.routing.RegisterTransitMatrix((travel * p.travel_weight).tolist())
        latest = int(self.packed.vehicle[:, 4].max(initial=0))
        self.routing.AddDimension(time, latest + 1, latest + 1, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        self.routing.SetArcCostEvaluatorOfAllVehicles(cost)
        if np.any(p.capacity < NEVER):
            demand = [*p.demand.tolist(), *([0] * 2 * m)]
            load = self.routing.RegisterUnaryTransitVector(demand)
            limits = np.minimum(self.packed.vehicle[:, 10], _FAR).tolist()
            self.routing.AddDimensionWithVehicleCapacity(load, 0, limits, True, "load")

    def _add_vehicles(self) -> None:
        p, rt, solver = self.problem, self.routing, self.routing.solver()
        by_index = [
            int(self.service[self.manager.IndexToNode(x)]) if not rt.IsEnd(x) else 0
            for x in range(rt.Size())
        ]
        for v, row in enumerate(self.packed.vehicle.tolist()):
            rt.SetFixedCostOfVehicle(int(p.use_cost[v]), v)
            self.time.CumulVar(rt.Start(v)).SetRange(row[2], row[2])
            end = self.time.CumulVar(rt.End(v))
            end.SetMax(max(row[4], row[2]))
            self.time.SetCumulVarSoftUpperBound(rt.End(v), max(row[3], row[2]), row[5])
            if row[8] >= 0:
                lunch = solver.FixedDurationIntervalVar(row[6], row[7], row[8], False, f"lunch {v}")
                self.time.SetBreakIntervalsOfVehicle([lunch], v, by_index)

    def _add_tasks(self) -> None:
        p, rt, task, who = self.problem, self.routing, self.packed.task, self.packed.who
        fixed = set(p.fixed_task.tolist())
        for i in range(p.num_tasks):
            index = self.manager.NodeToIndex(i)
            able = np.flatnonzero(who[i] != FORBIDDEN).tolist()
            rt.VehicleVar(index).SetValues([-1, *able])
            if i not in fixed:
                drop = _REQUIRED if p.is_required[i] else int(task[i, DROP])
                rt.AddDisjunction([index], drop)
                self._add_window(i, index)
            # the library takes one bound for each visit: the first due, with both weights
            due = int(task[i, SOFT])
            weight = int(task[i, WEIGHT_A] + task[i, WEIGHT_F])
            if due < NEVER and weight:
                self.time.SetCumulVarSoftUpperBound(index, max(due, 0), weight)

    def _add_window(self, i: int, index: int) -> None:
        p, moment = self.problem, self.time.CumulVar(index)
        release = max(int(p.release[i]), 0)
        moment.SetMin(min(release, moment.Max()))
        first, last = int(p.window_ptr[i]), int(p.window_ptr[i + 1])
        if first == last:
            return
        moment.SetRange(max(release, int(p.window_open[first])), int(p.window_close[last - 1]))
        for row in range(first, last - 1):
            moment.RemoveInterval(int(p.window_close[row]) + 1, int(p.window_open[row + 1]) - 1)

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
