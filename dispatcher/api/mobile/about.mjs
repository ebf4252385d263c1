// What is known about the job at hand: its asset, who pays, similar faults, papers; and writing up a rare case.
import { h } from "/ui/livemap/parts/dom.js";
import { path } from "/ui/livemap/parts/http.js";

/** Who else comes to the same job, where and when (R41). */
export function partners(phone, visit) {
  return (visit.together ?? []).map((one) => {
    const who = one.engineer_name ?? phone.t("partner.nobody");
    const where = visit.site?.address ?? visit.ticket.area ?? "";
    const at = one.start_at ? phone.hour(one.start_at) : "–";
    return h("p.partner", { "data-partner": one.ticket }, h("strong", {}, phone.t("partner", { who })), h("div.soft", {}, phone.t("partner.meet", { at, where }), " · ", phone.word("status", one.status)));
  });
}

/** The whole sheet of knowledge for a visit, or why there is none. */
export function known(phone, visit) {
  const { about } = phone.state;
  if (!about || about.ticket !== visit.ticket.id) return h("p.soft", {}, phone.t(phone.state.link === "live" ? "known.loading" : "known.offline"));
  return h("div.known", {}, ...thing(phone, about), ...money(phone, about), ...faults(phone, about), ...papers(phone, about));
}

function thing(phone, { asset, standing }) {
  if (!asset) return [h("h2", {}, phone.t("asset")), h("p.soft", {}, phone.t("asset.none"))];
  const facts = [[phone.t("asset.serial"), asset.serial], [phone.t("asset.code"), asset.code], [phone.t("asset.weight"), asset.weight_g ? `${asset.weight_g / 1000} kg` : ""], [phone.t("asset.installed"), asset.installed_at ? day(asset.installed_at, phone.zone) : ""]];
  const rows = (standing?.covers ?? []).map((one) => h("li", {}, h("div.line", {}, h("span.grow", {}, one.label), h("strong", { "data-charge": one.charge }, one.charge_label)), h("div.soft", {}, one.why.text, " ", h("span.clause", {}, one.clause))));
  return [
    h("h2", {}, asset.model), h("dl", {}, facts.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    rows.length ? h("h2", {}, phone.t("asset.warranty")) : null, rows.length ? h("ul.covers", {}, rows) : null,
    ...(standing?.entitlements ?? []).map((one) => h("p.hint.good", {}, one.why.text, " ", h("span.clause", {}, one.clause))),
  ];
}

function money(phone, { pays, ticket }) {
  if (!pays) return [];
  const amount = (cents) => `${pays.currency} ${(cents / 100).toFixed(2)}`;
  const told = pays.is_chargeable ? phone.t("pays.customer", { total: amount(pays.total_cents), low: amount(pays.low_cents), high: amount(pays.high_cents) }) : phone.t(pays.is_open ? "pays.open" : "pays.nobody");
  const link = h("a", { href: `/api/v1${path("tickets", ticket, "estimate")}?lang=${phone.lang}`, target: "_blank", rel: "noopener" }, phone.t("pays.estimate"));
  return [h("h2", {}, phone.t("pays")), h("p", {}, told), h("p.soft.forms", {}, link)];
}

function faults(phone, { similar }) {
  const items = similar.map((one) => {
    const said = [["fault", one.fault], ["found", one.found], ["done", one.done]].filter(([, text]) => text).map(([name, text]) => `${phone.t(`known.${name}`)}: ${text}`);
    const who = !one.solved_at ? phone.t("known.open") : phone.t("known.by", { who: one.engineer_name ?? phone.t("known.somebody"), at: day(one.solved_at, phone.zone) });
    const like = one.is_same_asset ? phone.t("known.asset") : one.is_same_model ? phone.t("known.model") : "";
    return h("li", { "data-case": one.ticket }, h("strong", {}, one.title || one.symptom || one.ticket), one.text ? h("div", {}, one.text) : null, said.length ? h("div", {}, said.join(" · ")) : null, h("div.soft", {}, [who, like].filter(Boolean).join(" · ")));
  });
  return [h("h2", {}, phone.t("known.title")), items.length ? h("ul.covers", {}, items) : h("p.soft", {}, phone.t("known.none"))];
}

// pages of the desk that print; opening one with the customer on it is a fact
function papers(phone, { forms }) {
  if (!forms.length) return [];
  const link = (one) => h("li", {}, h("a", { href: `${one.path}?purpose=form&lang=${phone.lang}`, target: "_blank", rel: "noopener" }, one.label), " ", h("span.clause", {}, one.clause));
  return [h("h2", {}, phone.t("papers")), h("ul.covers.forms", {}, forms.map(link))];
}

function day(at, zone) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(at * 1000);
}

/** Write up a rare fault for others (R40); it waits for a line like every step. */
export function caseSheet(phone, visit) {
  const box = h("dialog.sheet", { "aria-label": phone.t("do.case") });
  const close = () => box.close();
  const form = h("form", { method: "dialog" }, h("h2", {}, phone.t("do.case")), h("p.soft", {}, phone.t("case.how")),
    h("label", {}, phone.t("case.title"), h("input", { name: "title", maxlength: 120, required: true })),
    h("label", {}, phone.t("case.text"), h("textarea", { name: "text", rows: 5, maxlength: 4000, required: true })),
    h("button.big", { type: "submit" }, phone.t("case.send")), h("button.plain", { type: "button", onclick: close }, phone.t("back")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { title, text } = Object.fromEntries(new FormData(form));
    close();
    void phone.writeCase(visit, { title: title.trim(), text: text.trim() });
  });
  box.addEventListener("close", () => box.remove());
  box.append(form);
  document.body.append(box);
  box.showModal();
}
