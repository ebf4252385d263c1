"""Ledgers: promises, turns, custody, hours …: what the log adds up to, and its facts."""

from __future__ import annotations

from dashboard.frame import current
from dashboard.ledgers import draw

draw(current())
