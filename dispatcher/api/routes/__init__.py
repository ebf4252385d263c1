"""The doors by subject; adding a group is a module here and a row in `GROUPS`."""

from __future__ import annotations

from dispatcher.api.routes import (
    choices,
    day,
    duties,
    fleet,
    forms,
    imports,
    ledgers,
    maps,
    planner,
    plans,
    reports,
    retention,
    sessions,
    slots,
    steps,
    stores,
    tasks,
    territories,
    tickets,
)

GROUPS = (
    sessions.doors,
    territories.doors,
    imports.doors,
    tickets.doors,
    choices.doors,
    slots.doors,
    steps.doors,
    steps.visits,
    duties.doors,
    tasks.doors,
    fleet.doors,
    stores.doors,
    plans.doors,
    day.doors,
    ledgers.doors,
    planner.doors,
    maps.doors,
    retention.doors,
    forms.doors,
    reports.doors,
)
