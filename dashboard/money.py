"""
Who pays for what on a ticket, why and by which clause; the fee as drafted and the customer's consent.

Must not reckon; the API did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx
import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence, public_url
from dashboard.words import Words, plain

# what a customer says to a fee, as the gates ask for it (R33, R34)
CONSENTS: Final = ("estimate_confirmed", "consent")
# nobody is sent any more
_OVER: Final = frozenset({"done", "customer_accepted", "called_back", "closed", "cancelled"})


def who_pays(frame: Frame, whole: Mapping[str, Any]) -> None:
    """Draw the coverage of a ticket: each line, what it comes to, what was agreed."""
    say, ticket_id = frame.say, whole["ticket"]["id"]
    try:
        told = frame.api.get(f"/tickets/{ticket_id}/coverage")
    except Refusal as refusal:
        if refusal.status != httpx.codes.FORBIDDEN:
            st.caption(str(refusal))
        return
    except Silence as problem:
        st.caption(str(problem))
        return
    st.markdown(f"**{say('money.title')}**{say.colon}{plain(verdict(say, told))}")
    with st.expander(say("money.lines"), expanded=told["is_chargeable"]):
        st.table(line_rows(say, told))
        st.caption(say("money.list", version=told["terms"]))
        url = f"{public_url()}/api/v1/tickets/{ticket_id}/estimate?lang={frame.lang}"
        st.markdown(f"[{say('money.estimate')}]({url})")
    entitlements(told["entitlements"])
    if told["is_chargeable"]:
        _consent(say, whole)


def verdict(say: Words, told: Mapping[str, Any]) -> str:
    """Return in one sentence who pays: the customer what, the contract, the maker, or nobody knows."""
    if told["is_chargeable"]:
        return say(
            "money.verdict.paid",
            total=amount(told["total_cents"], told["currency"]),
            low=amount(told["low_cents"], told["currency"]),
            high=amount(told["high_cents"], told["currency"]),
        )
    if told["is_open"]:
        return say("money.verdict.open")
    kinds = {line["charge"] for line in told["lines"]}
    return say(f"money.verdict.{'contract' if 'contract' in kinds else 'free'}")


def amount(cents: int | None, currency: str) -> str:
    """Return minor units as an amount, a dash for none."""
    return "–" if cents is None else f"{currency} {cents / 100:,.2f}"


def line_rows(say: Words, told: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the lines of a fee as people read them."""
    return [
        {
            say("money.what"): one["label"],
            say("money.who"): one["charge_label"],
            say("money.why"): one["why"]["text"],
            say("money.clause"): one["clause"],
            say("money.worth"): amount(one["worth_cents"], told["currency"]),
            say("money.due"): amount(one["due_cents"], told["currency"]),
        }
        for one in told["lines"]
    ]


def entitlements(items: Sequence[Mapping[str, Any]]) -> None:
    """Draw what the customer may ask for instead of a repair (R63)."""
    for one in items:
        st.success(f"{plain(one['why']['text'])} ({plain(one['clause'])})")


def _consent(say: Words, whole: Mapping[str, Any]) -> None:
    """Draw what the customer has agreed to, or that nobody has asked yet."""
    shown = [one for one in whole.get("evidence") or [] if one["kind"] in CONSENTS]
    if not shown:
        is_over = whole["ticket"]["status"] in _OVER
        st.caption(say("money.consent.never") if is_over else say("money.consent.none"))
    for one in shown:
        said = f" ({one['value']})" if one["value"] else ""
        words = say(
            f"money.consent.{one['kind']}", at=say.moment(one["at"]), who=say.actor(one["by"])
        )
        st.caption(f"✓ {plain(words + said)}")
