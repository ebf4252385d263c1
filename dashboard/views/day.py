"""Day: what happened, in figures, charts and the tables behind them."""

from __future__ import annotations

from dashboard.day import draw
from dashboard.frame import current

draw(current())
