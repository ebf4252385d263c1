"""
Whose is a complaint, how bad is a quality incident: two tables of the house's terms (R73, R75).

Pure. Must not know who has the role at the moment; tasks and clocks of the profiles follow the level.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.policy.terms import ComplaintRow, IncidentRow, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """What an incident did, as far as it is known."""

    injury: bool = False
    media: bool = False
    # minor units: the damage, what the product is worth, what is claimed; 0 = not known
    loss_cents: int = 0
    product_cents: int = 0
    claim_cents: int = 0


def incident_row(harm: Harm, terms: Terms) -> IncidentRow | None:
    """Return the first row of the table that an incident fits, the worst first; None = none."""
    return next((row for row in terms.file.incidents if _fits(row, harm)), None)


def _fits(row: IncidentRow, harm: Harm) -> bool:
    """Tell whether one of a row's conditions holds."""
    return (
        (row.injury and harm.injury)
        or (row.media and harm.media)
        or (row.loss_above_product and harm.loss_cents > harm.product_cents > 0)
        or (row.claim_from_cents is not None and harm.claim_cents >= row.claim_from_cents)
    )


def complaint_row(subject: str, terms: Terms) -> ComplaintRow | None:
    """Return whose a complaint about a subject is; a row without a subject takes the rest."""
    rows = terms.file.complaints
    return next((row for row in rows if row.subject in {subject, ""}), None)
