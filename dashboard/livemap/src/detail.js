// The panel on the right: one ticket with its clocks, its candidates and the reasons, or one engineer.
import { span } from "./clock.js";
import { steady } from "./steady.js";
import { throttle } from "./canvas.js";
import { h } from "./dom.js";
import { path } from "./http.js";
import { gatesBlock, tasksBlock } from "./gates.js";
import { icon } from "./icons.js";
import { coverage, similar, together } from "./care.js";
import { candidateRow, excludedList } from "./explain.js";
import { SHAPE, priority, short } from "./palette.js";
import { FLAG } from "./store.js";
import { dueText } from "./queue.js";
import { canPlace, isAtRisk, isDesk, isLate } from "./order.js";

export class Detail {
  constructor(app) {
    this.app = app;
    this.body = h("div.detailbody");
    this.root = h("section.detail", { "aria-label": app.t("detail.title"), tabindex: "-1" }, this.body);
    this.render = steady(this.root, () => this.#paint());
    this.refetch = throttle(() => void this.#fetch(), 1200);
    this.data = {};
    this.tickers = [];
  }

  /** Show the selection anew: at once what the map knows, then what the desk says. */
  show() {
    const { selected } = this.app.ui;
    const key = selected ? `${selected.kind}:${selected.id}` : "";
    if (key !== this.key) {
      this.key = key;
      this.data = {};
      this.seen = undefined;
      this.abort?.abort();
      if (selected) void this.#fetch();
    }
    this.render();
  }

  /** A delta came: fetch again when it touched what is shown. */
  onDelta(dirty) {
    const { selected } = this.app.ui;
    if (!selected) return;
    if (selected.kind === "engineer") {
      if (dirty.e.has(selected.id)) this.render();
      return;
    }
    const version = this.app.store.tickets.get(selected.id)?.version;
    if (dirty.k.has(selected.id)) {
      this.render();
      if (version !== this.seen) this.refetch();
    }
  }

  async #fetch() {
    const { selected } = this.app.ui;
    if (!selected || this.app.store.v < 0) return;
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const get = (...parts) => this.app.http.get(path(...parts), { signal }).catch((problem) => ({ problem }));
    this.seen = this.app.store.tickets.get(selected.id)?.version;
    const wanted = selected.kind === "ticket"
      ? { ticket: get("tickets", selected.id), why: get("tickets", selected.id, "explanation"), timeline: get("tickets", selected.id, "timeline"), coverage: get("tickets", selected.id, "coverage"), similar: get("tickets", selected.id, "similar") }
      : { engineer: get("engineers", selected.id) };
    await Promise.all(Object.entries(wanted).map(async ([name, asked]) => {
      const answer = await asked;
      if (signal.aborted) return;
      this.data[name] = answer.problem ? { error: answer.problem.message } : answer;
      this.render();
    }));
  }

  /** Once a second: only the countdowns. */
  tick() {
    for (const tick of this.tickers) tick();
  }

  #paint() {
    const { selected } = this.app.ui;
    this.tickers = [];
    const open = new Set([...this.body.querySelectorAll("details[open]")].map((one) => one.dataset.key));
    const focused = this.root.getRootNode().activeElement?.dataset?.do;
    const content = !selected ? this.#nothing() : selected.kind === "ticket" ? this.#ticket(selected.id) : this.#engineer(selected.id);
    this.body.replaceChildren(...content.filter(Boolean));
    for (const one of this.body.querySelectorAll("details")) if (open.has(one.dataset.key)) one.open = true;
    if (focused) this.body.querySelector(`[data-do="${focused}"]`)?.focus();
    this.root.classList.toggle("filled", Boolean(selected));
    this.tick();
  }

  #nothing() {
    const { t } = this.app;
    return [h("div.hint", {}, h("strong", {}, t("detail.none")), h("p", {}, t("detail.hint")))];
  }

  #head(title, sub, mark) {
    const { t } = this.app;
    return h("header.dhead", {}, mark, h("div.grow", {}, h("h2", {}, title), h("div.sub", {}, sub)),
      h("button.ghost", { type: "button", title: `${t("show.map")} (Enter)`, "aria-label": t("show.map"), onclick: () => this.app.showSelected() }, icon("target")),
      h("button.ghost", { type: "button", title: `${t("close")} (Esc)`, "aria-label": t("close"), onclick: () => this.app.select(null, "detail") }, icon("close")));
  }

  #ticket(id) {
    const { app, data } = this;
    const { t, store } = app;
    const ticket = store.tickets.get(id) ?? fromRecord(data.ticket?.ticket, id);
    if (!ticket) return [this.#head(id, data.ticket?.error ?? t("detail.gone"), null)];
    const record = data.ticket?.ticket;
    const mark = h(`div.bigmark`, { "data-severity": ticket.severity, title: t(`severity.${ticket.severity}`) }, h("i", { "aria-hidden": "true" }, SHAPE[ticket.severity]), h("b", {}, priority(ticket.severity)));
    const sub = [short(ticket.id), t.word("status", ticket.status), t.word("category", ticket.category), isDesk(ticket) ? t("mark.desk") : ""].filter(Boolean).join(" · ");
    return [
      this.#head(ticket.label || record?.symptom || ticket.id, sub, mark),
      this.#countdown(ticket),
      this.#actions(ticket),
      gatesBlock(app, ticket, data.ticket?.gates),
      tasksBlock(app, ticket, data.ticket?.tasks, this.tickers),
      this.#place(ticket, record),
      this.#plan(ticket),
      together(this.app, data.ticket?.together),
      this.#clocks(),
      coverage(this.app, data.coverage, ticket),
      similar(this.app, data.similar),
      ...this.#explanation(ticket),
      this.#timeline(),
    ];
  }

  #countdown(ticket) {
    const { t } = this.app;
    const node = h("div.countdown", {}, h("b"), h("span"));
    this.tickers.push(() => {
      const now = this.app.now();
      const late = isLate(ticket, now);
      node.dataset.state = late ? "late" : isAtRisk(ticket, now) ? "risk" : "ok";
      node.firstChild.textContent = `${late ? "✕" : isAtRisk(ticket, now) ? "⚠" : "✓"} ${dueText(ticket, now, late, t)}`;
      const extra = isAtRisk(ticket, now) ? t("due.planned_late", { span: span(ticket.start - ticket.due, t("unit.day")) }) : "";
      node.lastChild.textContent = extra;
    });
    return node;
  }

  #actions(ticket) {
    const { app } = this;
    const { t } = app;
    const moves = this.data.ticket?.moves;
    const may = (name) => app.canCommand && (!moves || moves.includes(name));
    const isLocked = Boolean(ticket.flags & FLAG.locked);
    const button = (name, key, onclick, isMain = false) => h(`button${isMain ? ".main" : ""}`, { type: "button", "data-do": name, onclick, title: key ? `${t(`do.${name}`)} (${key})` : null }, t(`do.${name}`), key ? h("kbd", {}, key) : null);
    const out = [];
    const isMovable = canPlace(ticket);
    if (app.canCommand && isMovable) out.push(button("assign", "A", () => app.openPicker(), true));
    if (app.canCommand && isMovable && ticket.engineer) out.push(button(isLocked ? "unlock" : "lock", "L", () => app.toggleLock()));
    if (ticket.status === "reported" && may("triage")) out.push(button("triage", "", () => app.dialogs.triage(ticket), !isDesk(ticket)));
    if (may("dispatch") && ticket.status === "planned") out.push(button("dispatch", "", () => app.commands.run("dispatch", ticket.id)));
    if (may("second") && (moves ?? []).includes("second") && ["triaged", "planned"].includes(ticket.status)) out.push(button("second", "", () => app.commands.second(ticket.id, this.data.ticket?.ticket?.skills ?? [])));
    if (may("release") && ticket.status === "held") out.push(button("release", "", () => app.commands.run("release", ticket.id), true));
    if (may("hold") && ticket.status !== "held" && isMovable) out.push(button("hold", "", () => app.dialogs.hold(ticket)));
    if (may("cancel") && ticket.status !== "on_site") out.push(button("cancel", "", () => app.dialogs.cancel(ticket)));
    return out.length ? h("div.actions", {}, out) : null;
  }

  #place(ticket, record) {
    const { t, app } = { t: this.app.t, app: this.app };
    const veiled = this.data.ticket?.site;
    const open = this.data.contact;
    const rows = [];
    const add = (name, value) => value && rows.push([t(`field.${name}`), value]);
    add("address", open?.address || veiled?.address || ticket.area);
    add("name", open?.name || veiled?.name);
    add("phone", open?.phone || veiled?.phone);
    add("note", open?.note);
    if (record?.symptom !== ticket.label) add("symptom", record?.symptom);
    add("model", open?.model || record?.model);
    add("asset", record?.asset);
    const skills = (record?.skills ?? []).map((one) => `${t.word("category", one.name)} ${one.level}`).join(", ");
    if (skills) rows.push([t("field.skills"), skills]);
    if (ticket.duration) rows.push([t("field.duration"), t("minutes", { n: Math.round(ticket.duration / 60) })]);
    const purposes = this.data.ticket?.reveals ?? [];
    const reveal = purposes.length && !open
      ? h("button.link", { type: "button", "data-do": "contact", onclick: () => app.dialogs.reveal(ticket, purposes, (purpose) => this.#reveal(ticket.id, purpose)) }, t("contact.show")) : null;
    return h("div.block", {}, facts(rows), reveal, open ? h("div.sub", {}, t("contact.open", { purpose: purposes.find((one) => one.name === open.purpose)?.label ?? open.purpose })) : null);
  }

  /** Lift the veil for a purpose; the desk writes down who did. */
  async #reveal(id, purpose) {
    try {
      const found = await this.app.http.get(`${path("tickets", id, "contact")}?${new URLSearchParams({ purpose })}`);
      if (this.key !== `ticket:${id}`) return;
      this.data.contact = found;
      this.render();
    } catch (problem) {
      this.app.toasts.show("error", problem.message);
    }
  }

  #plan(ticket) {
    const { t, store, hour } = this.app;
    const visit = store.visitOf.get(ticket.id);
    const engineer = store.engineers.get(ticket.engineer);
    const held = this.data.ticket?.ticket?.hold;
    if (held) return h("div.block", {}, h("h3", {}, t("status.held")), h("p", {}, `${t.word("hold", held.kind)}: ${held.reason}`));
    if (!engineer) return null;
    const rows = [[t("plan.engineer"), h("button.link", { type: "button", onclick: () => this.app.select({ kind: "engineer", id: engineer.id }, "detail") }, engineer.name)]];
    if (visit) {
      rows.push([t("plan.arrive"), `${hour(visit.arrive)}  (${t("plan.drive", { n: Math.max(0, Math.round((visit.arrive - visit.depart) / 60)) })})`]);
      rows.push([t("plan.work"), `${hour(visit.start)} – ${hour(visit.finish)}`]);
      rows.push([t("plan.position"), t("plan.nth", { n: visit.position + 1 })]);
    }
    const promised = this.data.ticket?.ticket?.promised_at;
    if (promised) rows.push([t("plan.promised"), hour(promised)]);
    return h("div.block", {}, h("h3", {}, t("plan.title")), facts(rows));
  }

  #clocks() {
    const { t, hour } = this.app;
    const clocks = this.data.ticket?.clocks ?? [];
    if (!clocks.length) return null;
    const why = this.data.ticket?.why ?? {};
    const rows = clocks.flatMap((one) => {
      const left = h("td.num");
      const isRunning = ["ok", "amber", "red"].includes(one.state);
      this.tickers.push(() => (left.textContent = isRunning ? span(one.due_at - this.app.now(), t("unit.day")) : t(`clock.state.${one.state}`)));
      const reason = h("tr.told", { hidden: true }, h("td.sub", { colspan: 4 }, why[one.clock] ?? ""));
      const name = why[one.clock] ? opener(t.word("clock", one.clock), reason) : t.word("clock", one.clock);
      return [h("tr", { "data-state": one.state }, h("td", {}, name), h("td.num", {}, hour(one.due_at)), left, h("td.clause", {}, one.clause ?? "")), reason];
    });
    return h("div.block", {}, h("h3", {}, t("clock.title")), h("table.clocks", {}, h("tbody", {}, rows)));
  }

  #explanation(ticket) {
    const { t } = this.app;
    const { why } = this.data;
    if (!why) return [h("div.block.waiting", {}, t("loading"))];
    if (why.error) return [h("div.block.error", {}, why.error)];
    const out = [];
    if (why.unassigned?.length) {
      out.push(h("div.block.warn", {}, h("h3", {}, t("why.unassigned")), h("ul", {}, why.unassigned.map((one) => h("li", {}, one.text, one.clause ? h("span.clause", {}, ` ${one.clause}`) : null)))));
    }
    if (why.cheapest_change) out.push(h("div.block.good", {}, h("h3", {}, t("why.change")), h("p", {}, why.cheapest_change.text)));
    const candidates = why.candidates ?? [];
    if (candidates.length) {
      const most = Math.max(...candidates.slice(0, 5).map((one) => one.cost), 1);
      out.push(h("div.block", {}, h("h3", {}, t("why.candidates")), why.situation ? h("p.sub.situation", {}, why.situation) : null, h("ol.candidates", {}, candidates.slice(0, 5).map((one) => candidateRow(this.app, one, { most, isNow: one.engineer === ticket.engineer })))));
    }
    // who is under way has no rivals any more, but was chosen at some moment (R25)
    else if (why.situation && why.decided) out.push(h("div.block", {}, h("p.sub.situation", {}, why.situation)));
    if (why.excluded?.length) out.push(h("details.block", { "data-key": "excluded" }, h("summary", {}, t("why.excluded", { n: why.excluded.length })), excludedList(this.app, why.excluded)));
    return out;
  }

  #timeline() {
    const { t, hour } = this.app;
    const items = this.data.timeline?.items ?? [];
    if (!items.length) return null;
    const shown = [...items].reverse().slice(0, 40);
    return h("details.block", { "data-key": "timeline" }, h("summary", {}, t("timeline.title", { n: items.length })),
      h("ol.timeline", {}, shown.map((one) => h("li", {}, h("time", {}, hour(one.at)), h("div", {}, one.text, h("div.sub", {}, this.app.who(one.actor)))))));
  }

  #engineer(id) {
    const { app, data } = this;
    const { t, store, hour } = app;
    const engineer = store.engineers.get(id);
    if (!engineer) return [this.#head(id, t("detail.gone"), null)];
    const routes = store.routesOf(id);
    const record = data.engineer ?? {};
    const rows = [];
    const here = store.tickets.get(engineer.ticket);
    if (here) rows.push([t("engineer.now"), h("button.link", { type: "button", onclick: () => app.select({ kind: "ticket", id: here.id }, "detail") }, here.label || here.id)]);
    if (routes[0]) rows.push([t("engineer.shift"), `${hour(routes[0].shiftAt)} – ${hour(routes[0].shiftEndAt)}`]);
    if (routes[0]?.homeAt) rows.push([t("engineer.home"), hour(routes[0].homeAt)]);
    if (engineer.late > 0) rows.push([t("engineer.late"), span(engineer.late, t("unit.day"))]);
    const skills = (record.skills ?? []).map((one) => `${t.word("category", one.name)} ${one.level}`).join(", ");
    if (skills) rows.push([t("field.skills"), skills]);
    const papers = (record.certificates ?? []).map((one) => one.name ?? one).join(", ");
    if (papers) rows.push([t("engineer.certificates"), papers]);
    const stops = routes.flatMap((route) => route.visits).map((visit, i) => this.#stop(visit, i));
    const dot = h("div.bigmark.engineer", { "data-state": engineer.state }, h("i", { "aria-hidden": "true" }));
    const gate = engineer.gate ? h("div.block.warn", {}, h("h3", {}, t("gate.title")), h("p", {}, t(`gate.${engineer.gate}`))) : null;
    return [this.#head(engineer.name, `${engineer.id} · ${t.word("state", engineer.state)}`, dot), gate, h("div.block", {}, facts(rows)),
      h("div.block", {}, h("h3", {}, t("engineer.route", { n: stops.length })), stops.length ? h("ol.stops", {}, stops) : h("p.sub", {}, t("engineer.free")))];
  }

  #stop(visit, i) {
    const { store, hour, t } = this.app;
    const ticket = store.tickets.get(visit.ticket);
    const isLateStop = ticket?.due > 0 && visit.start > ticket.due;
    return h("li", {}, h("button.stop", { type: "button", onclick: () => this.app.select({ kind: "ticket", id: visit.ticket }, "detail") },
      h("b", {}, String(i + 1)), h("span.shape", { "data-severity": ticket?.severity ?? 1 }, SHAPE[ticket?.severity ?? 1]),
      h("span.label", {}, ticket?.label || visit.ticket), h("time", { class: isLateStop ? "late" : null }, `${hour(visit.start)}${isLateStop ? ` ${t("mark.late")}` : ""}`)));
  }
}

function facts(rows) {
  return h("dl.facts", {}, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function fromRecord(record, id) {
  if (!record) return null;
  return { id, severity: record.severity, status: record.status, engineer: record.engineer, flags: record.flags ?? 0, due: record.due_at ?? 0, start: record.start_at ?? 0, category: record.category, duration: record.duration_s, label: record.label ?? record.symptom, area: record.area };
}

/** A word that opens the row with the sentence behind it. */
function opener(word, row) {
  const flip = (event) => {
    row.hidden = !row.hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!row.hidden));
  };
  return h("button.told", { type: "button", "aria-expanded": "false", title: row.textContent, onclick: flip }, word);
}
