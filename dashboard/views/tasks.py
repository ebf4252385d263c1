"""Tasks: who has to do what, the one due first at the top."""

from __future__ import annotations

from dashboard.frame import current
from dashboard.tasks import board

board(current())
