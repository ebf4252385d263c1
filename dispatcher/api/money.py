"""
Coverage and fees as the doors show them, and the estimate as a page that prints to A4 (R33, R64).

Must not decide who pays; `policy.coverage` does.
"""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec

from dispatcher.api.house import House
from dispatcher.api.views import ReasonView
from dispatcher.domain.asset import Asset
from dispatcher.domain.ids import AssetId, TerritoryId
from dispatcher.domain.plan import Reason
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.errors import UnknownAsset
from dispatcher.policy.coverage import Coverage, Line, coverage
from dispatcher.policy.terms import local_date
from dispatcher.store import TicketFilter
from dispatcher.texts import Lang, clause_words, say
from dispatcher.texts.gates import label as words_for

# earlier tickets of an asset that are looked at for repairs that did not hold
_EARLIER = 50
# categories that are no repairs
NO_REPAIRS = frozenset({"preventive", "recall", "follow_up"})


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line: what it is worth, who pays, why, by which clause."""

    kind: str
    name: str
    label: str
    quantity: int
    worth_cents: int | None
    due_cents: int
    charge: str
    charge_label: str
    why: ReasonView
    clause: str


class EntitlementView(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer may ask for instead of a repair."""

    kind: str
    why: ReasonView
    clause: str
    until_at: int | None


class CoverageView(msgspec.Struct, frozen=True, kw_only=True):
    """Coverage of one ticket, and the fee by the price list as it is now."""

    ticket: str
    asset: str | None
    lines: list[LineView]
    entitlements: list[EntitlementView]
    currency: str
    # what the customer pays, and the range told before the work; minor units
    total_cents: int
    low_cents: int
    high_cents: int
    is_chargeable: bool
    is_open: bool
    # version of the price list
    terms: str


def covered(house: House, ticket: Ticket) -> tuple[Coverage, Asset | None]:
    """Return the coverage of a ticket and the asset it was read from."""
    asset: Asset | None = None
    repaired_at: list[int] = []
    if ticket.asset is not None:
        try:
            asset = house.store.asset(ticket.asset)
        except UnknownAsset:
            asset = None
        repaired_at = _repaired(house, ticket.asset, ticket.territory, but=ticket.id)
        repaired_at = [at for at in repaired_at if at < ticket.reported_at]
    home = house.mirror(ticket.territory).docs.territory()
    return coverage(ticket, asset, house.terms, home, repaired_at=repaired_at), asset


def repairs_of(house: House, asset: Asset) -> list[int]:
    """Return when the repairs of an asset ended, epoch seconds, as far back as is looked."""
    return _repaired(house, asset.id, asset.territory)


def _repaired(house: House, asset: AssetId, territory: TerritoryId, *, but: str = "") -> list[int]:
    where = TicketFilter(asset=asset, territory=territory)
    earlier = house.store.tickets(where, sort="-reported", limit=_EARLIER).items
    return [
        one.since[Status.DONE.value]
        for one in earlier
        if one.id != but and one.category not in NO_REPAIRS and Status.DONE.value in one.since
    ]


def coverage_view(ticket: Ticket, asset: Asset | None, found: Coverage, lang: Lang) -> CoverageView:
    """Return a coverage in words."""
    return CoverageView(
        ticket=ticket.id,
        asset=asset.id if asset else None,
        lines=[_line(one, lang) for one in found.lines],
        entitlements=[
            EntitlementView(
                kind=one.kind, why=cover_reason(one.reason, lang), clause=clause_words(one.clause, lang),
                until_at=one.until_at,
            )
            for one in found.entitlements
        ],
        currency=found.currency,
        total_cents=found.total_cents,
        low_cents=found.low_cents,
        high_cents=found.high_cents,
        is_chargeable=found.is_chargeable,
        is_open=found.is_open,
        terms=found.terms,
    )  # fmt: skip


def cover_reason(reason: Reason, lang: Lang) -> ReasonView:
    """Return why a line is covered or not, in words."""
    facts: dict[str, Any] = dict(reason.facts)
    if facts.get("cause"):
        facts["cause_word"] = say(f"cause.{facts['cause']}", lang)
    text = say(f"cover.{reason.code}", lang, **facts)
    return ReasonView(code=reason.code, text=text, facts=dict(reason.facts))


def _line(line: Line, lang: Lang) -> LineView:
    name = words_for("part", line.name, lang)
    label = say(f"item.{line.kind}", lang, name=name, quantity=line.quantity)
    return LineView(
        kind=line.kind,
        name=line.name,
        label=label,
        quantity=line.quantity,
        worth_cents=line.worth_cents,
        due_cents=line.due_cents,
        charge=line.charge,
        charge_label=say(f"charge.{line.charge}", lang),
        why=cover_reason(line.reason, lang),
        clause=clause_words(line.clause, lang),
    )


def amount(cents: int | None, currency: str, lang: Lang) -> str:
    """Return an amount as people write it."""
    if cents is None:
        return say("estimate.unpriced", lang)
    sign = "-" if cents < 0 else ""
    whole = f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
    return f"¥{whole}" if currency == "CNY" else f"{currency} {whole}"


_STYLE = """
@page { size: A4; margin: 18mm }
body { font: 11pt/1.45 "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #16202a;
  max-width: 178mm; margin: 18px auto; padding: 0 12px }
h1 { font-size: 17pt; margin: 0 0 4px } .meta { color: #56636f; margin-bottom: 14px }
table { width: 100%; border-collapse: collapse } th, td { text-align: left; padding: 6px 8px 6px 0;
  border-bottom: 1px solid #d5dbe1; vertical-align: top } .n { text-align: right; white-space: nowrap }
tfoot td { font-weight: 600; border-bottom: 0 } .small { color: #56636f; font-size: 9.5pt }
.sign { margin-top: 40px; border-top: 1px solid #16202a; padding-top: 4px; width: 60% }
@media (max-width: 480px) { th:nth-child(3), td:nth-child(3) { display: none } }
"""


def estimate_page(house: House, ticket: Ticket, lang: Lang) -> str:
    """Return the estimate as a whole page, without anything of the customer's person."""
    found, asset = covered(house, ticket)
    view = coverage_view(ticket, asset, found, lang)

    def t(key: str, **facts: object) -> str:
        return escape(say(f"estimate.{key}", lang, **facts))

    zone = house.mirror(ticket.territory).docs.territory().zone
    day = local_date(house.clock.now(), zone).isoformat()
    rows = "".join(
        f"<tr><td>{escape(one.label)}</td><td>{escape(one.charge_label)}</td>"
        f'<td>{escape(one.why.text)} <span class="small">{escape(one.clause)}</span></td>'
        f'<td class="n">{escape(due_words(one, view.currency, lang))}</td></tr>'
        for one in view.lines
    )
    low, high = (amount(n, view.currency, lang) for n in (view.low_cents, view.high_cents))
    total = amount(view.total_cents, view.currency, lang)
    entitled = "".join(f"<li>{escape(one.why.text)} ({escape(one.clause)})</li>"
                       for one in view.entitlements)  # fmt: skip
    also = f"<p>{t('entitled')}:</p><ul>{entitled}</ul>" if entitled else ""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{t('title')} {escape(ticket.id)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{t('title')}</h1>"
        f'<div class="meta">{t("ticket")} {escape(ticket.id)} · {day}'
        + (f" · {t('asset')} {escape(view.asset)}" if view.asset else "")
        + f"</div><table><thead><tr><th>{t('line')}</th><th>{t('who')}</th><th>{t('why')}</th>"
        f'<th class="n">{t("amount")}</th></tr></thead><tbody>{rows}</tbody><tfoot>'
        f'<tr><td colspan="3">{t("total")}</td><td class="n">{escape(total)}</td></tr>'
        f'<tr><td colspan="3">{t("range")}</td><td class="n">{escape(low)} – {escape(high)}</td>'
        f'</tr></tfoot></table>{also}<p class="small">{t("list", version=view.terms)}</p>'
        f'<div class="sign">{t("signature")}</div></body></html>'
    )


def due_words(line: LineView, currency: str, lang: Lang) -> str:
    """Return what a line comes to for the customer."""
    if line.charge == "paid" and line.worth_cents is None:
        return amount(None, currency, lang)
    return amount(line.due_cents, currency, lang)
