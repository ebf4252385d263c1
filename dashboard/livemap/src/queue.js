// The queue: a listbox with virtual rows that stays still under the pointer.
import { span } from "./clock.js";
import { h, say } from "./dom.js";
import { TABS, choose, isAtRisk, isDesk, isLate, settle } from "./order.js";
import { SHAPE, priority, short } from "./palette.js";
import { FLAG } from "./store.js";

const ROW = 54;
const HOLD_MS = 4000;

export class Queue {
  constructor(app) {
    this.app = app;
    const { t } = app;
    this.search = h("input.search", { type: "search", oninput: () => this.#typed(), "aria-label": t("search"), placeholder: t("search"), autocomplete: "off" });
    this.tabs = TABS.map((name) => h("button.tab", { type: "button", role: "tab", "data-tab": name, onclick: () => app.setTab(name) }, h("span", {}, t(`tab.${name}`)), h("b", {}, "0")));
    this.chips = [4, 3, 2, 1].map((severity) => h("button.sev", {
      type: "button", "data-severity": severity, "aria-pressed": "false", title: `${t(`severity.${severity}`)} (${5 - severity})`,
      onclick: () => app.toggleSeverity(severity),
    }, h("i", { "aria-hidden": "true" }, SHAPE[severity]), priority(severity)));
    this.spacer = h("div.spacer");
    this.list = h("div.list", { role: "listbox", tabindex: "0", "aria-label": t("queue.label"), onscroll: () => this.paint(), onkeydown: (event) => this.#key(event) }, this.spacer);
    this.fresh = h("button.fresh", { type: "button", hidden: true, onclick: () => this.#release() });
    this.empty = h("div.empty", { hidden: true });
    this.root = h("section.queue", { "aria-label": t("queue.title") },
      h("div.filters", {}, this.search, h("div.sevs", { role: "group", "aria-label": t("filter.severity") }, this.chips)),
      h("div.tabs", { role: "tablist", "aria-label": t("queue.title") }, this.tabs), this.fresh, this.list, this.empty);
    this.rows = new Map();
    this.ids = [];
    this.#listen();
  }

  #listen() {
    const touch = () => (this.touchedAt = performance.now());
    for (const name of ["pointermove", "pointerdown", "wheel", "keydown"]) this.list.addEventListener(name, touch, { passive: true });
    this.list.addEventListener("pointerleave", () => (this.isOver = false));
    this.list.addEventListener("pointerenter", () => (this.isOver = true));
    this.list.addEventListener("click", (event) => {
      const row = event.composedPath().find((node) => node.dataset?.ticket);
      if (row && !this.app.drag.wasDragged) this.app.select({ kind: "ticket", id: row.dataset.ticket }, "queue");
    });
    this.list.addEventListener("dblclick", () => this.app.showSelected());
    this.list.addEventListener("pointerdown", (event) => {
      const row = event.composedPath().find((node) => node.dataset?.ticket);
      if (row) this.app.drag.begin(event, row.dataset.ticket);
    });
    this.list.addEventListener("pointerover", (event) => {
      const row = event.composedPath().find((node) => node.dataset?.ticket);
      this.app.hover(row ? { kind: "ticket", id: row.dataset.ticket } : null);
    });
    this.list.addEventListener("pointerout", () => this.app.hover(null));
  }

  #typed() {
    this.app.ui.filter.query = this.search.value;
    this.touchedAt = -Infinity;
    this.refresh(true);
  }

  #isHeld() {
    const hasFocus = this.list.matches(":focus, :focus-within");
    return (this.isOver || hasFocus) && performance.now() - (this.touchedAt ?? -Infinity) < HOLD_MS;
  }

  #release() {
    this.touchedAt = -Infinity;
    this.refresh(true);
    this.list.scrollTop = 0;
    this.list.focus();
  }

  /** Choose and order anew (once a second is enough) and paint. */
  refresh(isForced = false) {
    const { store, ui, t } = this.app;
    const { ids, counts } = choose(store.tickets, store.engineers, { tab: ui.tab, filter: ui.filter, now: this.app.now() });
    const settled = settle(this.ids, ids, !isForced && this.#isHeld());
    this.ids = settled.ids;
    this.counts = counts;
    for (const tab of this.tabs) {
      const name = tab.dataset.tab;
      say(tab.lastChild, String(counts[name]));
      tab.setAttribute("aria-selected", String(name === ui.tab));
      tab.tabIndex = name === ui.tab ? 0 : -1;
    }
    for (const chip of this.chips) chip.setAttribute("aria-pressed", String(ui.filter.severities.has(Number(chip.dataset.severity))));
    this.fresh.hidden = settled.waiting === 0;
    if (settled.waiting) say(this.fresh, t("queue.fresh"));
    this.empty.hidden = this.ids.length > 0;
    if (!this.ids.length) say(this.empty, this.#emptyText());
    this.spacer.style.height = `${this.ids.length * ROW}px`;
    this.paint();
  }

  #emptyText() {
    const { store, ui, t } = this.app;
    if (store.v < 0) return t("queue.loading");
    if (ui.filter.query || ui.filter.severities.size) return t("queue.nomatch");
    return t(`queue.empty.${ui.tab}`);
  }

  /** Paint the rows in sight. */
  paint() {
    const { clientHeight, scrollTop } = this.list;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - 2);
    const last = Math.min(this.ids.length, Math.ceil((scrollTop + clientHeight) / ROW) + 2);
    const wanted = new Set(this.ids.slice(first, last));
    for (const [id, row] of this.rows) {
      if (wanted.has(id)) continue;
      row.root.remove();
      this.rows.delete(id);
    }
    for (let i = first; i < last; i += 1) this.#row(this.ids[i], i);
    const active = this.app.ui.selected?.kind === "ticket" ? this.app.ui.selected.id : null;
    if (active && this.rows.has(active)) this.list.setAttribute("aria-activedescendant", `row-${active}`);
    else this.list.removeAttribute("aria-activedescendant");
  }

  #row(id, i) {
    let row = this.rows.get(id);
    if (!row) {
      row = makeRow(id);
      this.rows.set(id, row);
      this.list.append(row.root);
    }
    row.root.style.transform = `translateY(${i * ROW}px)`;
    row.root.setAttribute("aria-posinset", i + 1);
    row.root.setAttribute("aria-setsize", this.ids.length);
    this.#fill(row, this.app.store.tickets.get(id));
  }

  #fill(row, ticket) {
    const { app } = this;
    const { t, store } = app;
    const isSelected = app.ui.selected?.kind === "ticket" && app.ui.selected.id === row.id;
    row.root.setAttribute("aria-selected", String(isSelected));
    row.root.classList.toggle("hovered", app.ui.hover?.kind === "ticket" && app.ui.hover.id === row.id);
    row.root.classList.toggle("gone", !ticket);
    if (!ticket) return;
    const now = app.now();
    const late = isLate(ticket, now);
    const risk = isAtRisk(ticket, now);
    row.root.dataset.severity = ticket.severity;
    row.root.classList.toggle("late", late);
    row.root.classList.toggle("risk", risk);
    say(row.shape, SHAPE[ticket.severity]);
    say(row.code, priority(ticket.severity));
    say(row.label, ticket.label || t.word("category", ticket.category));
    say(row.place, [short(ticket.id), ticket.area].filter(Boolean).join(" · "));
    const ghost = store.ghosts.get(ticket.id);
    const name = store.engineers.get(ghost?.engineer ?? ticket.engineer)?.name;
    say(row.who, name ? `${ghost ? "→ " : ""}${name}` : t.word("status", ticket.status));
    row.who.classList.toggle("nobody", !name);
    say(row.due, dueText(ticket, now, late, t));
    const marks = [];
    if (ticket.flags & FLAG.locked) marks.push(t("mark.locked"));
    if (risk) marks.push(t("mark.risk"));
    if (ticket.flags & FLAG.promised) marks.push(t("mark.promised"));
    if (isDesk(ticket)) marks.push(t("mark.desk"));
    say(row.marks, marks.join(" "));
  }

  #key(event) {
    const step = { ArrowDown: 1, j: 1, J: 1, ArrowUp: -1, k: -1, K: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) this.move(step);
    else if (event.key === "Home") this.move(-Infinity);
    else if (event.key === "End") this.move(Infinity);
    else if (event.key === "Enter") this.app.showSelected();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Select the row `step` places further and keep it in sight. */
  move(step) {
    if (!this.ids.length) return;
    const now = this.ids.indexOf(this.app.ui.selected?.id);
    const next = now < 0 ? 0 : Math.max(0, Math.min(this.ids.length - 1, now + step));
    this.app.select({ kind: "ticket", id: this.ids[next] }, "queue");
    this.reveal(this.ids[next]);
  }

  reveal(id) {
    const i = this.ids.indexOf(id);
    if (i < 0) return;
    const { scrollTop, clientHeight } = this.list;
    if (i * ROW < scrollTop) this.list.scrollTop = i * ROW;
    else if ((i + 1) * ROW > scrollTop + clientHeight) this.list.scrollTop = (i + 1) * ROW - clientHeight;
  }
}

function makeRow(id) {
  const row = { id, shape: h("i", { "aria-hidden": "true" }), code: h("b"), label: h("span.label"), place: h("span.place"), who: h("span.who"), due: h("time.due"), marks: h("span.marks") };
  row.root = h("div.row", { role: "option", id: `row-${id}`, "data-ticket": id },
    h("div.mark", {}, row.shape, row.code),
    h("div.what", {}, h("div.top", {}, row.label, row.due), h("div.sub", {}, row.place, h("span.end", {}, row.marks, row.who))));
  return row;
}

/** The countdown in words and figures: colour never speaks alone. */
export function dueText(ticket, now, late, t) {
  if (!ticket.due) return t("due.none");
  if (ticket.status === "on_site") return t("due.onsite");
  const left = ticket.due - now;
  return late || left < 0 ? t("due.overdue", { span: span(-Math.abs(left), t("unit.day")) }) : t("due.left", { span: span(left, t("unit.day")) });
}
