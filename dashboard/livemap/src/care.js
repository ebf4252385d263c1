// What the panel tells of a ticket besides the plan: who else comes, who pays, what was like it before.
import { h } from "./dom.js";
import { path } from "./http.js";
import { short } from "./palette.js";

/** An amount of minor units as people write it. */
export function money(cents, currency) {
  if (cents == null) return "–";
  const whole = (Math.abs(cents) / 100).toFixed(2).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${cents < 0 ? "-" : ""}${currency === "CNY" ? "¥" : `${currency} `}${whole}`;
}

/** The other engineer who is to be there at the same time. */
export function together(app, others) {
  if (!others?.length) return null;
  const { t, hour } = app;
  const row = (one) => h("li", {},
    h("button.link", { type: "button", onclick: () => app.select({ kind: "ticket", id: one.ticket }, "detail") }, one.engineer_name ?? t("care.nobody_yet")),
    h("span.sub", {}, ` ${[one.start_at ? hour(one.start_at) : "", t.word("status", one.status), short(one.ticket)].filter(Boolean).join(" · ")}`));
  return h("div.block", {}, h("h3", {}, t("care.together")), h("ul.plain", {}, others.map(row)));
}

/** Who pays for what, why, by which clause; the fee, and the estimate to print. */
export function coverage(app, found, ticket) {
  if (!found || found.error) return null;
  const { t } = app;
  const rows = found.lines.map((one) => h("tr", { "data-charge": one.charge },
    h("td", {}, one.label, h("div.sub", {}, `${one.why.text}${one.clause ? ` · ${one.clause}` : ""}`)),
    h("td.charge", {}, one.charge_label),
    h("td.num", {}, one.charge === "paid" ? money(one.worth_cents, found.currency) : "")));
  const range = found.high_cents > 0 ? `${money(found.low_cents, found.currency)} – ${money(found.high_cents, found.currency)}` : "";
  const sum = found.is_open && !found.is_chargeable ? t("care.open", { range }) : found.is_chargeable
    ? t("care.pays", { total: money(found.total_cents, found.currency), range }) : t("care.free");
  const more = found.entitlements.map((one) => h("li", {}, `${one.why.text} · ${one.clause}`));
  return h("details.block", { "data-key": "coverage" },
    h("summary", {}, `${t("care.coverage")} `, h("span.sub", {}, sum)),
    h("table.clocks.cover", {}, h("tbody", {}, rows)),
    more.length ? h("ul.plain", {}, more) : null,
    h("a.link", { href: app.http.url(path("tickets", ticket.id, "estimate")), target: "_blank", rel: "noopener" }, t("care.estimate")));
}

/** Who mended the likest faults, and how. */
export function similar(app, found) {
  if (!found || found.error || !found.items.length) return null;
  const { t, hour } = app;
  const row = (one) => h("li", {},
    h("strong", {}, one.title || one.symptom),
    h("div", {}, one.text || one.done || one.found || "–"),
    h("div.sub", {}, [
      one.engineer_name ? t("care.by", { name: one.engineer_name }) : "",
      one.is_same_asset ? t("care.same_asset") : one.is_same_model ? t("care.same_model") : "",
      one.parts.length ? one.parts.join(", ") : "",
      one.tries ? t("care.tries", { n: one.tries }) : "",
      short(one.ticket),
    ].filter(Boolean).join(" · ")));
  return h("details.block", { "data-key": "similar" },
    h("summary", {}, t("care.similar", { n: found.items.length })), h("ol.plain.cases", {}, found.items.map(row)));
}
