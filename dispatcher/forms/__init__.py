"""The forms a ticket has: printable, in both languages, filled from the log; adding one is a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dispatcher.forms.case import Case, Check, Customer
from dispatcher.forms.desk import call_back, registration, repair_order, survey
from dispatcher.forms.field import commissioning, trip
from dispatcher.forms.sheet import Part, Sheet, html_of


@dataclass(frozen=True, slots=True)
class Form:
    """One form."""

    fill: Callable[[Case], Sequence[Part]]
    # the clause that asks for it
    clause: str
    # the number under which it is kept (R93)
    number: str
    # change it with the form, so that a printed one can be told from an older one (R93)
    version: int = 1
    # a filled one is kept so long, years (house; R93)
    keep_years: int = 3
    # printed once for each; names under ``form.copy``
    copies: tuple[str, ...] = ()


# by name; its title stands under ``form.NAME``
FORMS: Final[Mapping[str, Form]] = {
    "registration": Form(registration, "M0 5.1.1, M4 P1 5.2.1, 17.1", "AS-F-01"),
    "repair_order": Form(repair_order, "M4 P1 5.2, 6, M1 5.12", "AS-F-02", keep_years=5),
    "trip": Form(trip, "M0 5.2.2, 5.5.3, 5.6.2", "AS-F-03"),
    "commissioning": Form(
        commissioning, "M0 5.5", "AS-F-04", keep_years=10, copies=("customer", "house")
    ),
    "call_back": Form(call_back, "M4 P1 15, M2 Ops 2.6", "AS-F-05"),
    "survey": Form(survey, "M4 P1 16, M3 2(3)", "AS-F-06"),
}


def sheet_of(name: str, case: Case) -> Sheet:
    """Return a form of the list, filled."""
    form = FORMS[name]
    foot = case.label(
        "foot",
        form=form.number,
        version=form.version,
        years=form.keep_years,
        profile=case.ticket.policy,
        at=case.moment(case.now),
    )
    return Sheet(
        title=case.label(name),
        clause=form.clause,
        number=case.ticket.id,
        parts=form.fill(case),
        foot=foot.main,
        copies=[case.label(f"copy.{copy}") for copy in form.copies],
    )


__all__ = ["FORMS", "Case", "Check", "Customer", "Form", "html_of", "sheet_of"]
