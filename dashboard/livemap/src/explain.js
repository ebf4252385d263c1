// Candidates with the parts of their cost, and who is out and why.
import { h } from "./dom.js";
import { span } from "./clock.js";

export const PARTS = ["travel", "overtime", "lateness", "breach", "unserved", "assignment", "stability", "waiting"];

/** Cost units are seconds of driving; people read minutes. */
export const minutes = (units) => Math.round(units / 60);

/** One candidate: name, how much dearer, when, and a bar of the cost's parts. */
export function candidateRow(app, one, { most, isNow = false, attrs = {} }) {
  const { t, hour } = app;
  const extra = one.extra === 0 ? t("offer.best") : t("offer.extra", { min: minutes(one.extra) });
  const words = PARTS.filter((part) => one.parts?.[part]).map((part) => `${t(`part.${part}`)} ${minutes(one.parts[part])}`);
  const bar = h("div.costbar", { "aria-hidden": "true" }, PARTS.map((part) => (one.parts?.[part] > 0 ? h(`i.${part}`, { style: { width: `${(100 * one.parts[part]) / most}%` } }) : null)));
  const late = one.late_s > 0 ? h("span.late", {}, t("offer.late", { span: span(one.late_s, t("unit.day")) })) : h("span.intime", {}, t("offer.intime"));
  return h("li.candidate", { "data-engineer": one.engineer, ...attrs },
    h("div.line", {}, h("b", {}, one.name), isNow ? h("span.now", {}, t("offer.now")) : null, h("span.grow"), h("span.extra", {}, extra)),
    h("div.line.sub", {}, h("span", {}, t("offer.start", { at: hour(one.start_at) })), late),
    bar,
    h("div.sub", {}, t("offer.parts", { parts: words.join(t("list.comma")) || "0" })),
    (one.reasons ?? []).length ? h("div.sub", {}, one.reasons.map((reason) => reason.text).join(t("list.comma"))) : null);
}

/** Everyone who may not, each with the rule that says so. */
export function excludedList(app, excluded) {
  return h("ul.excluded", {}, excluded.slice(0, 100).map((one) => h("li", { "data-engineer": one.engineer },
    h("b", {}, one.name), ": ", (one.reasons ?? []).map((reason) => [reason.text, reason.clause ? h("span.clause", {}, ` ${reason.clause} `) : " "]))));
}
