"""Business rules compiled to arrays, each with its reason and clause."""

from typing import Final

from dispatcher.rules import eligibility, prices
from dispatcher.rules.ruling import (
    NEVER_AT,
    Case,
    Compiled,
    Prices,
    Rule,
    Ruling,
    Spell,
    Wait,
    compile_rules,
)

# adding a rule is a function and a row; the order is the order in which reasons are told
RULES: Final[tuple[Rule, ...]] = (
    eligibility.territory,
    eligibility.skills,
    eligibility.certificates,
    eligibility.shifts,
    eligibility.windows,
    eligibility.exclusions,
    eligibility.locks,
    eligibility.parts,
    eligibility.providers,
    eligibility.department,
    prices.weather,
    prices.gates,
    prices.order,
    prices.rotation,
    prices.on_call,
    prices.providers,
)

__all__ = [
    "NEVER_AT",
    "RULES",
    "Case",
    "Compiled",
    "Prices",
    "Rule",
    "Ruling",
    "Spell",
    "Wait",
    "compile_rules",
]
