"""Complaints and incidents: the worst at the top, with whose they are and what is due."""

from __future__ import annotations

from dashboard.frame import current
from dashboard.troubles import board

board(current())
