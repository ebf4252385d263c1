"""The names by which records know each other; all are short printable strings."""

from __future__ import annotations

from typing import NewType

TicketId = NewType("TicketId", str)
EngineerId = NewType("EngineerId", str)
SiteId = NewType("SiteId", str)
AssetId = NewType("AssetId", str)
TerritoryId = NewType("TerritoryId", str)
# "ENGINEER/epoch seconds of the shift's start": a route belongs to one shift
RouteId = NewType("RouteId", str)
ActorId = NewType("ActorId", str)
