"""Is it alive, is it ready, which version, and the figures for a monitor."""

from __future__ import annotations

import shutil

import msgspec
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from dispatcher import __version__
from dispatcher.api import schemas as s
from dispatcher.api.doors import Json
from dispatcher.api.seat import Housed
from dispatcher.errors import NotFound, all_refusals
from dispatcher.texts import say

router = APIRouter(tags=["health"])


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """What works."""

    ready: bool
    store: str
    problem: str
    disk_free_share: float
    # epoch milliseconds at which each territory's planner lease ends; past = no planner
    planners: dict[str, int]


@router.get("/livez", response_class=Json)
async def livez() -> Response:
    """Tell that the process answers."""
    return Json({"alive": True})


@router.get("/readyz", response_class=Json)
def readyz(house: Housed) -> Response:
    """Tell whether commands can be written; a missing planner only degrades."""
    health = house.store.health()
    free = _free_share(house.settings.data)
    problem = health.problem
    if house.stopping.is_set():
        problem = "stopping"
    elif free < 0.05:
        problem = problem or "less than 5 % of the disk is free"
    ready = health.is_current and health.is_writable and not house.stopping.is_set()
    planners: dict[str, int] = {}
    for one in house.store.territories():
        lease = house.store.leases.current(one.id)
        planners[one.id] = lease.expires_ms if lease else 0
    answer = Readiness(
        ready=ready,
        store=health.engine,
        problem=problem,
        disk_free_share=round(free, 3),
        planners=planners,
    )
    return Json(answer, status_code=200 if ready else 503)


def _free_share(folder: object) -> float:
    try:
        usage = shutil.disk_usage(str(folder))
    except OSError:
        return 1.0
    return usage.free / usage.total


@router.get("/version", response_class=Json)
async def version(house: Housed) -> Response:
    """Tell the version and the pace of the desk's clock."""
    return Json({"version": __version__, "speed": house.clock.speed, "now_at": house.clock.now()})


@router.get("/errors/{code}", response_class=Json)
def explain_error(code: s.Name) -> Response:
    """Tell what a refusal's `type` means, in both languages."""
    kind = {one.code(): one for one in all_refusals()}.get(code)
    if kind is None:
        raise NotFound(what="error", id=code)
    texts = {"en": " ".join((kind.__doc__ or "").split()), "zh": say(f"error.{code}", "zh")}
    return Json({"code": code, "status": kind.status, "text": texts})


@router.get("/metrics", response_class=Response)
def metrics() -> Response:
    """Give the figures for a monitor, in Prometheus' text form."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
