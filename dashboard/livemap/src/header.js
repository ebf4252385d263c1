// The bar above the map: is it live, what is the desk's time, how does the day stand.
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { isAtRisk, isLate, isOver, isUnplaced } from "./order.js";

export class Header {
  constructor(app) {
    this.app = app;
    const { t } = app;
    this.status = h("span.status", { role: "status", "data-state": "idle" }, h("i", { "aria-hidden": "true" }), h("span"));
    this.lag = h("span.lag", { title: t("lag.title") });
    this.clock = h("time.deskclock", { title: t("clock.desk") });
    this.figures = ["open", "unplaced", "p1", "risk", "late"].map((name) => h("button.figure", { type: "button", "data-figure": name, onclick: () => this.#jump(name) }, h("b", {}, "–"), h("span", {}, t(`figure.${name}`))));
    this.crew = h("span.crew");
    this.alert = h("div.visually-hidden", { "aria-live": "assertive" });
    const tool = (text, name, onclick, attrs = {}) => h("button.ghost", { type: "button", title: t(`tool.${name}`), "aria-label": t(`tool.${name}`), "data-tool": name, onclick, ...attrs }, text);
    this.layers = h("details.menu", {}, h("summary.ghost", { title: t("tool.layers"), "aria-label": t("tool.layers") }, icon("layers")), h("div.popup.float", {}, ["tickets", "engineers", "routes", "clusters"].map((name) => this.#layer(name))));
    this.root = h("header.bar", {}, h("div.bargroup", {}, this.status, this.lag, this.clock), h("div.bargroup.figures", {}, this.figures), h("div.bargroup.grow", {}, this.crew),
      h("div.bargroup", {}, tool(icon("undo"), "undo", () => void app.commands.undo()), tool(icon("fit"), "fit", () => app.map.fit()), this.layers, tool(icon("help"), "help", () => app.dialogs.help())), this.alert);
  }

  #layer(name) {
    const { app } = this;
    const box = h("input", { type: "checkbox", name });
    box.checked = app.ui.layers[name];
    box.addEventListener("change", () => app.setLayer(name, box.checked));
    return h("label", {}, box, app.t(`layer.${name}`));
  }

  syncLayers() {
    for (const box of this.layers.querySelectorAll("input")) box.checked = this.app.ui.layers[box.name];
  }

  #jump(name) {
    const { app } = this;
    if (name === "p1") {
      app.setTab("all");
      if (!app.ui.filter.severities.has(4) || app.ui.filter.severities.size > 1) app.onlySeverity(4);
      else app.onlySeverity(null);
      return;
    }
    app.setTab({ open: "all", unplaced: "open", risk: "risk", late: "late" }[name]);
  }

  setState(state, detail = {}) {
    const { t } = this.app;
    this.status.dataset.state = state;
    say(this.status.lastChild, t(`link.${state}`, { seconds: Math.ceil((detail.delay ?? 0) / 1000) }));
  }

  /** Once a second. */
  tick() {
    const { store, t, clock, link, hour } = this.app;
    const now = this.app.now();
    const counts = { open: 0, unplaced: 0, p1: 0, risk: 0, late: 0 };
    for (const ticket of store.tickets.values()) {
      if (isOver(ticket)) continue;
      counts.open += 1;
      if (isUnplaced(ticket)) counts.unplaced += 1;
      if (ticket.severity === 4) counts.p1 += 1;
      if (isAtRisk(ticket, now)) counts.risk += 1;
      if (isLate(ticket, now)) counts.late += 1;
    }
    const isKnown = store.v >= 0;
    for (const figure of this.figures) {
      const n = counts[figure.dataset.figure];
      say(figure.firstChild, isKnown ? String(n) : "–");
      figure.classList.toggle("zero", n === 0);
    }
    const busy = { travelling: 0, on_site: 0, idle: 0 };
    for (const { state } of store.engineers.values()) if (state in busy) busy[state] += 1;
    say(this.crew, isKnown ? t("crew", { all: store.engineers.size, ...busy }) : "");
    say(this.clock, clock.isSet ? `${hour(now)}${clock.speed === 1 ? "" : ` ×${clock.speed}`}` : "");
    const lag = link?.state === "live" && link.rtt !== null ? (link.rtt / 2 + clock.lag) / 1000 : null;
    say(this.lag, lag === null ? "" : t("lag", { s: lag < 0.1 ? lag.toFixed(2) : lag.toFixed(1) }));
  }

  /** Say once that a worst-class ticket came in. */
  announce(text) {
    say(this.alert, "");
    say(this.alert, text);
  }
}
