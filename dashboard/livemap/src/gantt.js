// The day of every engineer on one canvas: only visible rows are drawn.
import { clip, sharpen } from "./canvas.js";
import { h, say } from "./dom.js";
import { drawPin } from "./overlay.js";
import { Scale, bars, daySpan, positionAt, rowOrder } from "./ganttlayout.js";
import { SHAPE, priority } from "./palette.js";
import { FLAG } from "./store.js";
import { zoneOffset } from "./clock.js";
import { describeVisit } from "./tips.js";

const ROW = 28;
const HEAD = 22;
const FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif";

export class Gantt {
  constructor(app) {
    this.app = app;
    const { t } = app;
    const button = (text, title, onclick) => h("button", { type: "button", title, "aria-label": title, onclick }, text);
    this.tools = h("div.gantttools", { role: "toolbar", "aria-label": t("gantt.tools") },
      button("−", t("gantt.out"), () => this.zoom(1.5)), button("+", t("gantt.in"), () => this.zoom(1 / 1.5)),
      button(t("gantt.now"), t("gantt.now"), () => this.showNow()), button(t("gantt.day"), t("gantt.day"), () => this.showDay()));
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.spacer = h("div.spacer");
    this.scroller = h("div.scroller", { tabindex: "0", role: "application", "aria-label": t("gantt.label"), onscroll: () => this.draw() }, this.canvas, this.spacer);
    this.tip = h("div.tip", { hidden: true });
    this.live = h("div.visually-hidden", { "aria-live": "polite" });
    this.root = h("section.gantt", { "aria-label": t("gantt.title") }, this.scroller, this.tools, this.tip, this.live);
    this.rows = [];
    this.boxes = [];
    this.cursor = { row: 0, bar: -1 };
    this.#listen();
  }

  showDay() {
    this.span = null;
    this.draw();
  }

  showNow() {
    const now = this.app.now();
    this.span = [now - 3600, now + 4 * 3600];
    this.draw();
  }

  zoom(factor, around = this.app.now()) {
    const [from, to] = this.span ?? this.#day();
    const wide = Math.max(1200, Math.min(48 * 3600, (to - from) * factor));
    const part = Math.max(0, Math.min(1, (around - from) / (to - from)));
    this.span = [around - wide * part, around + wide * (1 - part)];
    this.draw();
  }

  #day() {
    return daySpan(this.app.store.routes.values(), this.app.now());
  }

  /** Order the rows anew: engineers came, went, or changed duty. */
  refresh() {
    const { store, t } = this.app;
    // a row must not slip away under a ticket that is being dragged to it
    if (this.app.drag.isActive && this.rows.length) return this.draw();
    this.rows = rowOrder(store.engineers.values(), t.lang, (one) => store.routesOf(one.id).some((route) => route.visits.length || route.past.length));
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height, scrollTop } = this.scroller;
    if (width < 40 || height < 30) return;
    const { app } = this;
    const ctx = sharpen(this.canvas, width, height);
    // the canvas itself takes one screen of the scrolled height
    this.spacer.style.height = `${Math.max(0, this.rows.length * ROW + HEAD - height)}px`;
    const names = width < 520 ? 84 : 138;
    const [from, to] = this.span ?? this.#day();
    this.scale = new Scale(from, to, names, width - names - 6);
    this.names = names;
    ctx.fillStyle = app.palette.ground;
    ctx.fillRect(0, 0, width, height);
    this.boxes = [];
    this.#grid(ctx, height);
    const first = Math.floor(scrollTop / ROW);
    const last = Math.min(this.rows.length, first + Math.ceil(height / ROW) + 1);
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, HEAD, width, height - HEAD);
    ctx.clip();
    for (let i = first; i < last; i += 1) this.#row(ctx, this.rows[i], HEAD + i * ROW - scrollTop, width, i);
    ctx.restore();
    this.#axis(ctx, width, height);
    if (!this.rows.length) this.#nothing(ctx, width, height);
  }

  #nothing(ctx, width, height) {
    ctx.fillStyle = this.app.palette.soft;
    ctx.font = `13px ${FONT}`;
    ctx.textAlign = "center";
    ctx.fillText(this.app.t(this.app.store.v < 0 ? "queue.loading" : "gantt.empty"), width / 2, height / 2);
  }

  #grid(ctx, height) {
    const { palette, store } = this.app;
    this.ticks = this.scale.ticks(zoneOffset(store.cfg.zone, this.scale.from));
    for (const at of this.ticks) {
      const x = Math.round(this.scale.x(at)) + 0.5;
      if (x > this.names) line(ctx, x, HEAD, x, height, palette.line, 1);
    }
  }

  #axis(ctx, width, height) {
    const { palette, axisHour } = this.app;
    ctx.fillStyle = palette.panel;
    ctx.fillRect(0, 0, width, HEAD);
    ctx.font = `11px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const at of this.ticks) {
      const x = Math.round(this.scale.x(at)) + 0.5;
      if (x < this.names + 16) continue;
      ctx.fillStyle = palette.soft;
      ctx.fillText(axisHour(at), x, HEAD / 2);
    }
    line(ctx, 0, HEAD - 0.5, width, HEAD - 0.5, palette.line, 1);
    line(ctx, this.names + 0.5, 0, this.names + 0.5, height, palette.line, 1);
    const x = Math.round(this.scale.x(this.app.now())) + 0.5;
    if (x < this.names || x > width) return;
    line(ctx, x, HEAD - 6, x, height, palette.now, 1.5);
    ctx.fillStyle = palette.now;
    ctx.beginPath();
    ctx.moveTo(x - 5, HEAD - 8);
    ctx.lineTo(x + 5, HEAD - 8);
    ctx.lineTo(x, HEAD - 1);
    ctx.fill();
  }

  #row(ctx, engineer, y, width, i) {
    const { app } = this;
    const { palette, store } = app;
    const focus = app.focus();
    const isFocus = engineer.id === focus.engineer || engineer.id === focus.hoverEngineer;
    const offer = app.ui.preview?.byEngineer.get(engineer.id);
    ctx.globalAlpha = app.ui.preview && !offer ? 0.4 : 1;
    if (isFocus || offer) {
      ctx.fillStyle = offer && !isFocus ? offer.colour : palette.accent;
      ctx.globalAlpha *= 0.13;
      ctx.fillRect(0, y, width, ROW);
      ctx.globalAlpha = app.ui.preview && !offer ? 0.4 : 1;
    }
    ctx.save();
    ctx.beginPath();
    ctx.rect(this.names + 1, y, width - this.names, ROW);
    ctx.clip();
    for (const bar of bars(store.routesOf(engineer.id), store.tickets)) this.#bar(ctx, bar, y, engineer, focus);
    if (offer) this.#offer(ctx, offer, y);
    ctx.restore();
    this.#name(ctx, engineer, y, isFocus);
    line(ctx, 0, y + ROW - 0.5, width, y + ROW - 0.5, palette.line, 0.5);
    ctx.globalAlpha = 1;
    this.boxes.push({ kind: "row", engineer, row: i, x0: 0, x1: width, y0: Math.max(y, HEAD), y1: y + ROW });
  }

  #name(ctx, engineer, y, isFocus) {
    const { palette } = this.app;
    const colour = palette.engineer[engineer.state] ?? palette.soft;
    ctx.beginPath();
    if (engineer.state === "on_site") ctx.roundRect(8, y + ROW / 2 - 4.5, 9, 9, 2);
    else ctx.arc(12.5, y + ROW / 2, 4.5, 0, Math.PI * 2);
    ctx.fillStyle = engineer.state === "idle" || engineer.state === "returning" ? palette.ground : colour;
    ctx.fill();
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2;
    ctx.stroke();
    ctx.font = `${isFocus ? 600 : 400} 12px ${FONT}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = engineer.state === "off" || engineer.state === "absent" ? palette.soft : palette.text;
    const mark = engineer.gate === "asked" ? "?" : engineer.late > 0 ? "!" : "";
    ctx.fillText(clip(ctx, engineer.name, this.names - 28 - (mark ? 14 : 0)), 23, y + ROW / 2);
    if (!mark) return;
    ctx.font = `700 12px ${FONT}`;
    ctx.fillStyle = mark === "?" ? palette.fair : palette.late;
    ctx.fillText(mark, this.names - 13, y + ROW / 2);
  }

  #bar(ctx, bar, y, engineer, focus) {
    const { palette } = this.app;
    const x0 = this.scale.x(bar.from);
    const x1 = Math.max(this.scale.x(bar.to), x0 + 1.5);
    if (x1 < this.names || x0 > this.names + this.scale.width + 6) return;
    if (bar.kind === "shift") return shade(ctx, x0, y, x1 - x0, ROW, palette);
    if (bar.kind === "lunch") return fill(ctx, x0, y + 8, x1 - x0, ROW - 16, palette.lunch);
    if (bar.kind === "wait") return line(ctx, x0, y + ROW / 2, x1, y + ROW / 2, palette.lunch, 2);
    if (bar.kind === "past") {
      fill(ctx, x0, y + 6, x1 - x0, ROW - 12, palette.past);
      return this.boxes.push({ kind: "bar", bar, engineer, x0, x1, y0: y + 4, y1: y + ROW - 4 });
    }
    if (bar.kind !== "work") return hatch(ctx, x0, y + 10, x1 - x0, ROW - 20, palette.travel, bar.kind === "pasttravel" ? 0.45 : 1, bar.kind === "home");
    this.#work(ctx, bar, y, engineer, focus, x0, x1);
  }

  #work(ctx, bar, y, engineer, focus, x0, x1) {
    const { palette, store } = this.app;
    const ticket = store.tickets.get(bar.ticket);
    const severity = ticket?.severity ?? 1;
    fill(ctx, x0, y + 4, x1 - x0, ROW - 8, palette.work, 3);
    fill(ctx, x0, y + 4, Math.min(5, x1 - x0), ROW - 8, palette.severity[severity], 2);
    if (bar.late) {
      const lateX = Math.max(x0, this.scale.x(bar.late));
      fill(ctx, Math.min(lateX, x0), y + ROW - 7, Math.max(x1 - Math.min(lateX, x0), 2), 3, palette.late);
      ctx.strokeStyle = palette.late;
      ctx.lineWidth = 1.5;
      ctx.strokeRect(x0 + 0.75, y + 4.75, Math.max(x1 - x0 - 1.5, 1), ROW - 9.5);
    }
    const id = bar.ticket;
    if (id === focus.ticket || id === focus.hover) {
      ctx.strokeStyle = palette.text;
      ctx.lineWidth = 2;
      ctx.strokeRect(x0, y + 4, x1 - x0, ROW - 8);
    }
    ctx.font = `600 11px ${FONT}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = palette.workText;
    const wide = x1 - x0 - 12 - (ticket?.flags & FLAG.locked ? 10 : 0);
    if (wide > 16) ctx.fillText(clip(ctx, wide > 60 ? `${SHAPE[severity]} ${ticket?.label ?? id}` : SHAPE[severity], wide), x0 + 8, y + ROW / 2 + 0.5);
    if (ticket && ticket.flags & FLAG.locked) drawPin(ctx, x1 - 6, y + 9, { text: palette.workText });
    this.boxes.push({ kind: "bar", bar, engineer, x0, x1, y0: y + 3, y1: y + ROW - 3 });
  }

  #offer(ctx, offer, y) {
    const { preview } = this.app.ui;
    const x0 = this.scale.x(offer.startAt);
    const x1 = this.scale.x(offer.startAt + (preview.duration || 1800));
    ctx.setLineDash([4, 3]);
    ctx.strokeStyle = offer.colour;
    ctx.lineWidth = 2;
    ctx.strokeRect(x0, y + 4, Math.max(x1 - x0, 8), ROW - 8);
    ctx.setLineDash([]);
    ctx.font = `600 11px ${FONT}`;
    ctx.textAlign = "left";
    const width = ctx.measureText(offer.text).width + 8;
    fill(ctx, x0 + 2, y + 6, width, ROW - 12, this.app.palette.ground, 3);
    ctx.fillStyle = this.app.palette.text;
    ctx.fillText(offer.text, x0 + 6, y + ROW / 2);
  }

  #find(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    const inside = (one) => x >= one.x0 && x <= one.x1 && y >= one.y0 && y <= one.y1;
    return {
      x, y, bar: this.boxes.findLast((one) => one.kind === "bar" && inside(one)),
      row: y > HEAD ? this.boxes.find((one) => one.kind === "row" && inside(one)) : undefined,
    };
  }

  /** What a ticket dropped at this page point would become, or undefined outside. */
  dropAt(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    if (clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom) return undefined;
    const { row, x } = this.#find(clientX, clientY);
    if (!row) return null;
    const visits = this.app.store.routesOf(row.engineer.id).find((one) => one.visits.length)?.visits ?? [];
    const position = x > this.names ? positionAt(visits, this.scale.at(x)) : undefined;
    return { engineer: row.engineer, position };
  }

  #listen() {
    const { app } = this;
    this.scroller.addEventListener("pointermove", (event) => this.#hover(event));
    this.scroller.addEventListener("pointerleave", () => {
      this.tip.hidden = true;
      app.hover(null);
    });
    this.scroller.addEventListener("pointerdown", (event) => {
      const { bar } = this.#find(event.clientX, event.clientY);
      if (bar && bar.bar.kind === "work") app.drag.begin(event, bar.bar.ticket);
    });
    this.scroller.addEventListener("click", (event) => {
      if (app.drag.wasDragged) return;
      const { bar, row } = this.#find(event.clientX, event.clientY);
      if (bar) app.select({ kind: "ticket", id: bar.bar.ticket }, "gantt");
      else if (row) app.select({ kind: "engineer", id: row.engineer.id }, "gantt");
    });
    this.scroller.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const { x } = this.#find(event.clientX, event.clientY);
      const delta = event.deltaY || event.deltaX;
      if (event.ctrlKey) return this.zoom(Math.exp(delta / 400), this.scale.at(x));
      const [from, to] = this.span ?? this.#day();
      const step = (delta / this.scale.width) * (to - from);
      this.span = [from + step, to + step];
      this.draw();
    }, { passive: false });
    this.scroller.addEventListener("keydown", (event) => this.#key(event));
  }

  #hover(event) {
    const { app } = this;
    if (event.buttons) return;
    const { bar, row, x, y } = this.#find(event.clientX, event.clientY);
    this.scroller.style.cursor = bar ? (bar.bar.kind === "work" ? "grab" : "pointer") : row ? "pointer" : "";
    app.hover(bar ? { kind: "ticket", id: bar.bar.ticket } : row ? { kind: "engineer", id: row.engineer.id } : null);
    const lines = bar ? describeVisit(app, bar.bar) : null;
    this.tip.hidden = !lines;
    if (!lines) return;
    this.tip.replaceChildren(...lines.map((text, i) => h(i ? "div" : "strong", {}, text)));
    const left = x > this.canvas.clientWidth - 240;
    this.tip.style.transform = `translate(${Math.round(left ? x - 12 : x + 12)}px, ${Math.round(y - 14)}px)${left ? " translateX(-100%)" : ""} translateY(-100%)`;
  }

  #key(event) {
    const { app, cursor } = this;
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    if (!step || !this.rows.length) return;
    event.preventDefault();
    event.stopPropagation();
    if (step[0]) Object.assign(cursor, { row: Math.max(0, Math.min(this.rows.length - 1, cursor.row + step[0])), bar: -1 });
    const engineer = this.rows[cursor.row];
    const visits = app.store.routesOf(engineer.id).flatMap((route) => route.visits);
    if (step[1]) cursor.bar = Math.max(-1, Math.min(visits.length - 1, cursor.bar + step[1]));
    const visit = visits[cursor.bar];
    app.select(visit ? { kind: "ticket", id: visit.ticket } : { kind: "engineer", id: engineer.id }, "gantt");
    this.reveal(cursor.row);
    const ticket = visit && app.store.tickets.get(visit.ticket);
    say(this.live, ticket ? `${app.hour(visit.start)} ${priority(ticket.severity)} ${ticket.label ?? ticket.id}` : `${engineer.name}, ${app.t.word("state", engineer.state)}, ${app.t("gantt.visits", { n: visits.length })}`);
  }

  reveal(row) {
    const { scrollTop, clientHeight } = this.scroller;
    const top = row * ROW;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW + HEAD > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW + HEAD - clientHeight;
  }

  revealEngineer(id) {
    const row = this.rows.findIndex((one) => one.id === id);
    if (row < 0) return;
    this.cursor = { row, bar: -1 };
    this.reveal(row);
  }
}

function fill(ctx, x, y, width, height, colour, radius = 0) {
  ctx.fillStyle = colour;
  if (!radius) return ctx.fillRect(x, y, width, height);
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, Math.min(radius, width / 2));
  ctx.fill();
}

// the shift is a veil, so that the hours stay to be seen under it
function shade(ctx, x, y, width, height, palette) {
  const before = ctx.globalAlpha;
  ctx.globalAlpha = before * 0.55;
  fill(ctx, x, y, width, height, palette.shift);
  ctx.globalAlpha = before;
}

function line(ctx, x0, y0, x1, y1, colour, width) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
}

// driving: a thin hatched strip, dotted on the way home
function hatch(ctx, x, y, width, height, colour, alpha, isHome) {
  const before = ctx.globalAlpha;
  ctx.globalAlpha = before * alpha;
  line(ctx, x, y + height, x + width, y + height, colour, 1);
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  const gap = isHome ? 8 : 4;
  ctx.beginPath();
  for (let at = x - height; at < x + width; at += gap) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.2;
  ctx.stroke();
  ctx.restore();
  ctx.globalAlpha = before;
}
