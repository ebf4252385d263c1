"""`dispatcher warm`: compile what would otherwise be compiled while somebody waits."""

from __future__ import annotations

from dispatcher.geo.warm import warm as warm_geo
from dispatcher.solver.exact import warm as warm_bound
from dispatcher.solver.solve import warm as warm_solver
from dispatcher.solver.vrptw import warm_distance


def warm() -> None:
    """Compile the numeric kernels into their cache, so that nothing waits for it later."""
    warm_kernels()
    warm_distance()


def warm_kernels() -> None:
    """Use every kernel of the desk once, on the shipped city."""
    warm_geo()
    warm_solver()
    warm_bound()
