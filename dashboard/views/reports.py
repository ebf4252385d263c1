"""The page Reports: figures of a period with the facts behind them."""

from __future__ import annotations

from dashboard import reports
from dashboard.frame import current

reports.draw(current())
