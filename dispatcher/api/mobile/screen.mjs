// What the engineer sees, top to bottom. Only words and boxes; every act is a call on the phone.
import { span } from "/ui/livemap/parts/clock.js";
import { h } from "/ui/livemap/parts/dom.js";
import { caseSheet, known, partners } from "./about.mjs";
import { inWords, nextStep, otherSteps } from "./model.mjs";
import { asks, homeSheet, openSheet } from "./sheets.mjs";

const SHAPE = { 4: "▲", 3: "◆", 2: "■", 1: "●" };
let map = null;

/** Draw the whole page; what is being typed in a sheet is left alone. */
export function render(phone) {
  const host = document.getElementById("app");
  host.removeAttribute("aria-busy");
  const { state } = phone;
  if (state.isSignedOut) return patch(host, [signIn(phone)]);
  if (!state.me) return undefined;
  if (!state.me.engineer) return patch(host, [notEngineer(phone)]);
  const view = phone.view;
  patch(host, [header(phone), ...banners(phone), ...work(phone, view), footer(phone)].filter(Boolean));
  if (state.showMap && view) void drawMap(phone, view, host.querySelector(".mapslot"));
  return undefined;
}

// Nodes that say the same stay, so that a tap, the focus and a half-typed code survive a redraw.
// What a button is about stands in its attributes: an equal button does the same thing.
function patch(host, fresh) {
  const old = [...host.childNodes];
  fresh.forEach((node, i) => {
    const before = old[i];
    if (!before) return host.append(node);
    if (before.isEqualNode(node) || before.hasAttribute?.("data-keep")) return undefined;
    const isSame = before.nodeType === 1 && node.nodeType === 1 && before.cloneNode().isEqualNode(node.cloneNode());
    if (isSame && !node.hasAttribute("data-do")) return patch(before, [...node.childNodes]);
    return before.replaceWith(node);
  });
  for (const left of old.slice(fresh.length)) left.remove();
}

function button(phone, name, label, act, kind = "", about = "") {
  return h(`button${kind ? `.${kind}` : ""}`, { type: "button", "data-do": name, "data-for": about || null, onclick: act }, label);
}

function header(phone) {
  const { state, outbox } = phone;
  const waiting = outbox?.items.length ?? 0;
  const other = phone.lang === "zh" ? "en" : "zh";
  return h("header", {}, h("div.me", {}, h("strong", {}, state.route?.name ?? state.me.label ?? state.me.actor), h("span.clock", {}, phone.hour(phone.now()))),
    h("div.line", {}, h("span.link", { role: "status", "data-state": state.link }, phone.t(`link.${state.link}`)),
      waiting ? h("span.waiting", {}, phone.t("outbox", { n: waiting })) : null, h("span.grow"),
      button(phone, "lang", other === "zh" ? "中文" : "English", () => void phone.speak(other), "plain")));
}

function banners(phone) {
  const { state } = phone;
  const out = [];
  if (state.note) out.push(h("div.banner.bad", { role: "alert" }, state.note));
  if (state.changes.length) out.push(changed(phone));
  return out;
}

function changed(phone) {
  const items = phone.state.changes.slice(0, 6).map((one) => h("li", {}, phone.t(`change.${one.kind}`, { label: one.label, by: span(Math.abs(one.shift_s ?? 0)), way: one.shift_s > 0 ? phone.t("later") : phone.t("earlier") }), one.why ? h("div.soft", {}, one.why) : null));
  return h("section.banner.news", { role: "alert" }, h("h2", {}, phone.t("changed")), h("ul", {}, items), button(phone, "seen", phone.t("seen"), () => phone.seeRoute(), "main"));
}

function work(phone, view) {
  if (!view) return [h("p.wait", {}, phone.t("loading"))];
  const [first, ...rest] = view.visits;
  if (!first) return [gate(phone, view), position(phone)];
  return [job(phone, first), knowledge(phone, first), tools(phone, view, first), rest.length ? later(phone, rest) : null, mapPart(phone), position(phone)];
}

function severity(ticket) {
  return h("span.sev", { "data-severity": ticket.severity }, h("i", { "aria-hidden": "true" }, SHAPE[ticket.severity]), ` P${5 - ticket.severity}`);
}

function job(phone, visit) {
  const { ticket, site } = visit;
  const step = nextStep(visit);
  const contact = phone.state.contact[ticket.id];
  const isNear = ["dispatched", "accepted", "travelling", "on_site"].includes(ticket.status);
  return h("section.job", {}, h("div.line", {}, h("span.soft", {}, phone.t("next")), h("span.grow"), severity(ticket)),
    h("h1", {}, ticket.label || ticket.symptom || ticket.id),
    h("p.where", {}, site?.address ?? ticket.area ?? ""),
    site?.note ? h("p.soft", {}, site.note) : null,
    ...partners(phone, visit),
    h("dl", {}, h("dt", {}, phone.t("state")), h("dd", {}, phone.word("status", ticket.status), visit.isWaiting ? h("span.soft", {}, ` · ${phone.t("waiting")}`) : null),
      h("dt", {}, phone.t("eta")), h("dd", {}, `${phone.hour(visit.arrive_at)} – ${phone.hour(visit.finish_at)}`),
      ...due(phone, ticket), ...skills(phone, ticket)),
    step ? button(phone, "step", phone.t(`do.${step}`), () => void (asks(visit, step) ? openSheet(phone, step, visit) : phone.step(step, visit)), "big", `${ticket.id} ${step}`) : h("p.hint", {}, phone.t(ticket.status === "held" ? "held" : "notyet")),
    h("div.row", {}, site ? h("a.button", { href: `geo:${site.lat},${site.lon}?q=${site.lat},${site.lon}`, "data-do": "navigate" }, phone.t("navigate")) : null,
      isNear && !contact ? button(phone, "contact", phone.t("contact"), () => void phone.showContact(visit), "", ticket.id) : null,
      ...otherSteps(visit).map((move) => button(phone, move, phone.t(`do.${move}`), () => openSheet(phone, move, visit), "", ticket.id)),
      ticket.status === "on_site" ? button(phone, "case", phone.t("do.case"), () => caseSheet(phone, visit), "", ticket.id) : null),
    contact ? contactCard(phone, contact) : null,
    ["accepted", "travelling", "on_site"].includes(ticket.status) ? forms(phone, ticket) : null);
}

function knowledge(phone, visit) {
  const { showKnown } = phone.state;
  return h("section", {}, button(phone, "known", phone.t(showKnown ? "known.hide" : "known.show"), () => phone.set({ showKnown: !phone.state.showKnown }), "", String(showKnown)), showKnown ? known(phone, visit) : null);
}

// pages of the desk that print; opening one with the customer on it is a fact
function forms(phone, ticket) {
  const link = (kind) => h("a", { href: `/api/v1/tickets/${encodeURIComponent(ticket.id)}/forms/${kind}?purpose=form&lang=${phone.lang}`, target: "_blank", rel: "noopener", "data-do": `form-${kind}` }, phone.t(`form.${kind}`));
  return h("p.soft.forms", {}, link("trip"), " · ", link("commissioning"));
}

function due(phone, ticket) {
  if (!ticket.due_at) return [];
  const left = ticket.due_at - phone.now();
  const isOver = left < 0 && ticket.status !== "on_site";
  return [h("dt", {}, phone.t("due")), h("dd", { class: isOver ? "bad" : null }, `${phone.hour(ticket.due_at)} · ${ticket.status === "on_site" ? phone.t("due.onsite") : isOver ? phone.t("due.overdue", { span: span(left) }) : phone.t("due.left", { span: span(left) })}`)];
}

function skills(phone, ticket) {
  const words = (ticket.skills ?? []).map((one) => `${phone.word("category", one.name)} ${one.level}`).join(", ");
  const minutes = Math.round((ticket.duration_s ?? 0) / 60);
  return [h("dt", {}, phone.t("work")), h("dd", {}, [minutes ? phone.t("minutes", { n: minutes }) : "", words].filter(Boolean).join(" · "))];
}

function contactCard(phone, contact) {
  const number = String(contact.phone ?? "").replace(/[^\d+]/g, "");
  return h("div.contact", {}, h("strong", {}, contact.name), h("a.button.call", { href: `tel:${number}` }, `☎ ${contact.phone}`), h("div.soft", {}, [contact.address, contact.note].filter(Boolean).join(" · ")));
}

function tools(phone, view, first) {
  const canLunch = !view.lunch && !["travelling", "on_site"].includes(first.ticket.status);
  return canLunch ? h("div.row", {}, button(phone, "lunch", phone.t("do.lunch"), () => void phone.step("lunch", null))) : null;
}

function later(phone, visits) {
  return h("section", {}, h("h2", {}, phone.t("then", { n: visits.length })), h("ol.later", {}, visits.map((visit) => {
    const isLate = visit.ticket.due_at > 0 && visit.start_at > visit.ticket.due_at;
    return h("li", {}, h("time", { class: isLate ? "bad" : null }, phone.hour(visit.arrive_at)), h("div", {}, h("strong", {}, visit.ticket.label || visit.ticket.symptom || visit.ticket.id), h("div.soft", {}, visit.site?.address ?? visit.ticket.area ?? "")), severity(visit.ticket));
  })));
}

function gate(phone, view) {
  const answer = phone.state.gate;
  const asks = () => void phone.step("return-request", null);
  if (view.home) return h("section.job", {}, h("h1", {}, phone.t("home.done")), h("p", {}, phone.t("home.bye")));
  if (answer?.answer === "go_home") {
    return h("section.job.good", {}, h("h1", {}, phone.t("gate.go_home")), ...reasons(phone, answer), button(phone, "home", phone.t("do.home"), () => void homeSheet(phone), "big"));
  }
  if (answer?.answer === "take") {
    return h("section.job.news", {}, h("h1", {}, phone.t("gate.take")), h("p", {}, phone.t("gate.detour", { n: Math.round((answer.detour_s ?? 0) / 60) })), ...reasons(phone, answer));
  }
  if (view.asked) return h("section.job", {}, h("h1", {}, phone.t("gate.asked")), h("p.soft", {}, phone.t("gate.wait")));
  return h("section.job", {}, h("h1", {}, phone.t("empty")), h("p", {}, phone.t("gate.rule")), button(phone, "return", phone.t("do.return-request"), asks, "big"));
}

function reasons(phone, answer) {
  return (answer.reasons ?? []).map((one) => h("p.soft", {}, inWords(one.text, phone.lang)));
}

function mapPart(phone) {
  const { state } = phone;
  return h("section", {}, button(phone, "map", phone.t(state.showMap ? "map.hide" : "map.show"), () => phone.set({ showMap: !phone.state.showMap })), state.showMap ? h("div.mapslot", { "data-keep": "map" }) : null);
}

async function drawMap(phone, view, slot) {
  if (!slot) return;
  if (!slot.firstChild) {
    const box = h("div.mapbox");
    slot.append(box);
    const root = box.attachShadow({ mode: "open" });
    root.append(h("link", { rel: "stylesheet", href: "/ui/livemap/livemap.css" }), h("style", {}, ".routemap{position:absolute;inset:0}"));
    map?.destroy();
    map = null;
    const { routeMap } = await import("/ui/livemap/livemap.js");
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    map = routeMap(root, { api: "/api/v1", city: phone.state.me.territories?.[0]?.city, theme, label: phone.t("map.show"), hour: phone.hour });
  }
  const stops = view.visits.filter((visit) => visit.site).map((visit) => ({ lat: visit.site.lat, lon: visit.site.lon, severity: visit.ticket.severity, at: visit.start_at }));
  map?.show({ stops, geometry: phone.state.route.geometry, position: phone.locator.place });
}

function position(phone) {
  const { position: state } = phone.state;
  if (state === "impossible") return h("p.soft.small", {}, phone.t("position.impossible"));
  const isOn = state !== "off";
  return h("p.soft.small", {}, phone.t(`position.${state}`), " ", button(phone, "position", phone.t(isOn ? "position.stop" : "position.start"), () => phone.sharePosition(!isOn), "plain", state));
}

function footer(phone) {
  return h("footer", {}, button(phone, "leave", phone.t("leave"), () => void phone.leave(), "plain"));
}

function signIn(phone) {
  const link = h("input", { type: "text", name: "link", autocomplete: "off", inputmode: "url", "aria-label": phone.t("signin.link"), placeholder: phone.t("signin.link") });
  const open = (event) => {
    event.preventDefault();
    const found = link.value.trim();
    const code = found.includes("link=") ? new URL(found, location.origin).searchParams.get("link") : found;
    if (code) location.assign(`/login?${new URLSearchParams({ link: code })}`);
  };
  const other = phone.lang === "zh" ? "en" : "zh";
  return h("section.job", {}, h("h1", {}, phone.t(phone.state.isOffline ? "offline.first" : "signin.title")), h("p", {}, phone.t(phone.state.isOffline ? "offline.todo" : "signin.how")),
    h("form", { onsubmit: open }, link, h("button.big", { type: "submit" }, phone.t("signin.do"))), button(phone, "lang", other === "zh" ? "中文" : "English", () => void phone.speak(other), "plain"));
}

function notEngineer(phone) {
  return h("section.job", {}, h("h1", {}, phone.t("notengineer")), h("p", {}, phone.t("notengineer.todo")), button(phone, "leave", phone.t("leave"), () => void phone.leave(), "plain"));
}
