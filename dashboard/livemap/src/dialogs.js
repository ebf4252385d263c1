// Modal questions: assign, hold, cancel, triage, a reason for an exception, help.
import { h } from "./dom.js";
import { candidateRow, excludedList } from "./explain.js";
import { icon } from "./icons.js";
import { SHAPE, priority } from "./palette.js";

const LISTED = 8;

export class Dialogs {
  constructor(app) {
    this.app = app;
    this.box = h("dialog.dialog", { onclose: () => this.#closed() });
    // a click on the backdrop closes
    this.box.addEventListener("click", (event) => event.target === this.box && this.box.close());
    this.box.addEventListener("keydown", (event) => event.stopPropagation());
  }

  get isOpen() {
    return this.box.open;
  }

  #open(title, ...children) {
    const { t } = this.app;
    this.before = this.app.root.getRootNode().activeElement;
    this.box.setAttribute("aria-label", title);
    this.box.replaceChildren(h("header.dhead", {}, h("h2.grow", {}, title), h("button.ghost", { type: "button", "aria-label": t("close"), onclick: () => this.box.close() }, icon("close"))), ...children);
    this.box.showModal();
  }

  #closed() {
    this.app.endPreview();
    // this comes after the browser has given the focus back: what was focused since then keeps it
    if (!this.app.root.getRootNode().activeElement) this.before?.focus?.();
  }

  /** The keyboard's way to assign: type to filter, arrows to choose, Enter to do it. */
  async assign(ticket) {
    const { app } = this;
    const { t } = app;
    const input = h("input.search", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "offers", "aria-label": t("assign.filter"), placeholder: t("assign.filter"), autocomplete: "off" });
    const list = h("ol.candidates", { role: "listbox", id: "offers", "aria-label": t("why.candidates") });
    const more = h("details.block", { hidden: true });
    const state = h("div.sub", { role: "status" }, t("loading"));
    this.#open(t("assign.title", { ticket: ticket.label || ticket.id }), input, state, list, more);
    input.focus();
    const preview = await app.startPreview(ticket.id);
    if (!this.box.open || !list.isConnected) return;
    if (!preview) return (state.textContent = t("assign.none"));
    const picker = { preview, list, input, state, at: 0, ticket };
    this.#offers(picker);
    more.hidden = !preview.answer.excluded?.length;
    more.replaceChildren(h("summary", {}, t("why.excluded", { n: preview.answer.excluded?.length ?? 0 })), excludedList(app, preview.answer.excluded ?? []));
    input.addEventListener("input", () => {
      picker.at = 0;
      this.#offers(picker);
    });
    input.addEventListener("keydown", (event) => this.#pickKey(event, picker));
    list.addEventListener("click", (event) => {
      const row = event.composedPath().find((node) => node.dataset?.engineer);
      if (row) this.#take(picker, row.dataset.engineer);
    });
  }

  #offers(picker) {
    const { app } = this;
    const query = picker.input.value.trim().toLowerCase();
    const all = picker.preview.answer.candidates ?? [];
    picker.shown = all.filter((one) => `${one.name} ${one.engineer}`.toLowerCase().includes(query)).slice(0, LISTED);
    const most = Math.max(...picker.shown.map((one) => one.cost), 1);
    picker.at = Math.max(0, Math.min(picker.at, picker.shown.length - 1));
    picker.list.replaceChildren(...picker.shown.map((one, i) => candidateRow(app, one, { most, isNow: one.engineer === picker.ticket.engineer, attrs: { role: "option", id: `offer-${i}`, "aria-selected": String(i === picker.at) } })));
    picker.state.textContent = picker.shown.length ? app.t("assign.shown", { n: picker.shown.length, all: all.length }) : app.t("assign.none");
    if (picker.shown.length) picker.input.setAttribute("aria-activedescendant", `offer-${picker.at}`);
    picker.preview.target = picker.shown[picker.at]?.engineer ?? null;
    picker.list.children[picker.at]?.scrollIntoView({ block: "nearest" });
    app.schedule();
  }

  #pickKey(event, picker) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      picker.at += step;
      this.#offers(picker);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const one = picker.shown?.[picker.at];
      if (one) this.#take(picker, one.engineer);
    }
  }

  #take(picker, engineer) {
    const offer = picker.preview.answer.candidates.find((one) => one.engineer === engineer);
    this.box.close();
    const body = { engineer };
    if (Number.isInteger(offer?.position)) body.position = offer.position;
    void this.app.commands.run("assign", picker.ticket.id, body);
  }

  /** Ask why an exception must be, then repeat the command with the reason. */
  exception(message, { name, id, body }) {
    const { t } = this.app;
    this.#form(t("exception.title"), [h("p.warn", {}, message), field(t("field.reason"), h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" }))], t("exception.do"),
      ({ reason }, tell) => this.app.commands.run(name, id, { ...body, reason }, { tell }));
  }

  /** Write down what a gate asks for: ticked lines, a number, or the id of a paper. */
  evidence(ticket, lack) {
    const { t } = this.app;
    const items = lack.items ?? [];
    const boxes = items.map((one) => h("label.tick", {}, h("input", { type: "checkbox", name: `item-${one.name}`, required: true }), ` ${one.label}`));
    const isWritten = ["number", "photo", "signature"].includes(lack.asks);
    const input = isWritten ? field(t(lack.asks === "number" ? "gate.value" : "gate.document"), h("input", { name: "said", required: true, maxlength: 120, autocomplete: "off" })) : null;
    this.#form(lack.label, [h("p", {}, lack.text), ...boxes, input].filter(Boolean), t("gate.record"), (values, tell) => {
      const body = { kind: lack.condition, items: items.map((one) => one.name) };
      if (isWritten) body[lack.asks === "number" ? "value" : "document"] = values.said;
      return this.app.commands.run("evidence", ticket.id, body, { tell });
    });
  }

  /** Let a move pass without a condition; the desk asks for what the clause wants. */
  letPass(ticket, lack) {
    const { t } = this.app;
    const isPaper = lack.except_with === "document";
    const name = isPaper ? "document" : "reason";
    this.#form(t("gate.except.title"), [h("p.warn", {}, lack.text), field(t(isPaper ? "gate.document" : "field.reason"), h("input", { name, required: true, maxlength: 120, autocomplete: "off" }))],
      t("gate.except"), (values, tell) => this.app.commands.run("exceptions", ticket.id, { move: lack.move, condition: lack.condition, [name]: values[name] }, { tell }));
  }

  async hold(ticket) {
    const { t, app } = { t: this.app.t, app: this.app };
    const kinds = await app.vocabulary("hold_kinds");
    this.#form(t("hold.title", { ticket: ticket.label || ticket.id }), [
      field(t("hold.kind"), select("kind", kinds)),
      field(t("field.reason"), h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" })),
      field(t("hold.hours"), h("input", { name: "hours", type: "number", min: "1", max: "720", step: "1" })),
    ], t("do.hold"), ({ kind, reason, hours }, tell) => {
      const body = { kind, reason };
      if (hours) body.until_at = Math.round(app.now() + Number(hours) * 3600);
      return app.commands.run("hold", ticket.id, body, { tell });
    });
  }

  /** Ask what a customer's data are needed for; each purpose shows what it needs and no more. */
  reveal(ticket, purposes, then) {
    const { t } = this.app;
    const said = (one) => `${one.label} (${one.shows.map((part) => t(`part.${part}`)).join(", ")})`;
    this.#form(t("contact.title", { ticket: ticket.label || ticket.id }), [h("p", {}, t("contact.logged")), field(t("contact.purpose"), select("purpose", purposes.map((one) => ({ name: one.name, label: said(one) }))))],
      t("contact.do"), ({ purpose }) => then(purpose));
  }

  cancel(ticket) {
    const { t } = this.app;
    this.#form(t("cancel.title", { ticket: ticket.label || ticket.id }), [h("p", {}, t("cancel.warning")), field(t("field.reason"), h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" }))],
      t("do.cancel"), ({ reason }, tell) => this.app.commands.run("cancel", ticket.id, { reason }, { tell }));
  }

  async triage(ticket) {
    const { t, app } = { t: this.app.t, app: this.app };
    const skills = await app.vocabulary("skills");
    this.#form(t("triage.title", { ticket: ticket.label || ticket.id }), [
      field(t("field.severity"), select("severity", [4, 3, 2, 1].map((n) => ({ name: n, label: `${SHAPE[n]} ${priority(n)} ${t(`severity.${n}`)}` })), ticket.severity)),
      field(t("field.skills"), select("skill", skills)),
      field(t("field.level"), h("input", { name: "level", type: "number", min: "1", max: "5", value: "2" })),
      field(t("field.minutes"), h("input", { name: "minutes", type: "number", min: "5", max: "600", step: "5", value: String(Math.round((ticket.duration || 3600) / 60)) })),
    ], t("do.triage"), ({ severity, skill, level, minutes }, tell) => app.commands.run("triage", ticket.id, {
      severity: Number(severity), skills: skill ? [{ name: skill, level: Number(level) || 1 }] : [], duration_s: Number(minutes) * 60,
    }, { tell }));
  }

  help() {
    const { t } = this.app;
    const keys = [["/", "search"], ["J K ↑ ↓", "rows"], ["Enter", "show"], ["A", "assign"], ["L", "lock"], ["U", "undo"], ["1 2 3 4", "severity"], ["Q M G", "panes"], ["F", "fit"], ["R", "routes"], ["?", "help"], ["Esc", "clear"]];
    const legend = [4, 3, 2, 1].map((n) => h("li", {}, h("span.shape", { "data-severity": n }, SHAPE[n]), ` ${priority(n)} ${t(`severity.${n}`)}`));
    const states = ["idle", "travelling", "on_site", "lunch", "returning", "off"].map((one) => h("li", {}, h("i.dot", { "data-state": one }), ` ${t(`state.${one}`)}`));
    this.#open(t("help.title"), h("div.helpgrid", {}, h("dl.keys", {}, keys.map(([key, name]) => [h("dt", {}, key.split(" ").map((one) => h("kbd", {}, one))), h("dd", {}, t(`help.${name}`))])),
      h("div", {}, h("h3", {}, t("legend.tickets")), h("ul.plain", {}, legend), h("h3", {}, t("legend.engineers")), h("ul.plain", {}, states), h("p.sub", {}, t("help.drag")))));
  }

  /** Ask for something; refused, the form stays with what was typed and says why. */
  #form(title, fields, action, onSubmit) {
    const { t } = this.app;
    const refusal = h("p.warn", { role: "alert", hidden: true });
    const send = h("button.main", { type: "submit" }, action);
    const form = h("form.form", { onsubmit: async (event) => {
      event.preventDefault();
      let why = "";
      send.disabled = true;
      await onSubmit(Object.fromEntries(new FormData(form)), (text) => { why = text ?? t("error.network"); });
      send.disabled = false;
      refusal.textContent = why;
      refusal.hidden = !why;
      // somebody may have closed it and opened another meanwhile
      if (!why && this.box.contains(form)) this.box.close();
    } }, fields, refusal, h("div.actions", {}, send, h("button", { type: "button", onclick: () => this.box.close() }, t("back"))));
    this.#open(title, form);
    form.querySelector("input,select")?.focus();
  }
}

function field(label, input) {
  return h("label.field", {}, h("span", {}, label), input);
}

function select(name, options, chosen) {
  return h("select", { name }, options.map((one) => h("option", { value: String(one.name), selected: one.name === chosen }, one.label)));
}
