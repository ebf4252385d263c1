// The map pane: base map below, routes and overlay above, pointer and accessibility around them.
import { FlatBase } from "./base_flat.js";
import { GlBase } from "./base_gl.js";
import { sharpen, throttle } from "./canvas.js";
import { h, say } from "./dom.js";
import { drawOverlay, hit } from "./overlay.js";
import { RouteLayer, legsByEngineer, selectedRoute } from "./routes.js";
import { priority, short } from "./palette.js";
import { View, boundsPoints } from "./view.js";
import { path } from "./http.js";
import { FLAG } from "./store.js";
import { describe } from "./tips.js";
import { loadStyle } from "./mapstyle.js";

const TWIN_LIMIT = 60;

/** Leave out the outermost few on each side: one far ticket must not shrink the city. */
export function core(points) {
  const drop = Math.floor(points.length / 30);
  if (!drop) return points;
  const range = (axis) => {
    const sorted = points.map((point) => point[axis]).sort((a, b) => a - b);
    return [sorted[drop], sorted[sorted.length - 1 - drop]];
  };
  const [[x0, x1], [y0, y1]] = [range(0), range(1)];
  return points.filter(([x, y]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
}

export class MapPane {
  constructor(app) {
    this.app = app;
    this.host = h("div.base");
    this.lines = h("canvas.lines", { "aria-hidden": "true" });
    this.canvas = h("canvas.overlay", { "aria-hidden": "true" });
    this.tip = h("div.tip", { hidden: true });
    this.credit = h("div.credit");
    this.twin = h("ul.visually-hidden");
    this.tools = h("div.maptools", { role: "toolbar" });
    this.root = h("section.map", { tabindex: "-1" }, this.host, this.lines, this.canvas, this.tip, this.tools, this.credit, this.twin);
    this.routes = new RouteLayer();
    this.hits = { engineers: [], tickets: [], groups: [] };
    this.view = new View();
    this.refreshGeometry = throttle(() => void this.#fetchGeometry(), 6000);
    this.refreshOne = throttle(() => void this.#fetchOne(), 1500);
    this.refreshTwin = throttle(() => this.#fillTwin(), 2500);
    this.#listen();
  }

  /** Build the base once the pane has a size; the view comes back from the session if it can. */
  async mount(saved) {
    this.measure();
    const bounds = this.app.store.cfg.bounds;
    const city = bounds ? this.view.fit(boundsPoints(bounds), 8, 13) : this.view;
    const start = saved ? new View(saved.x, saved.y, saved.zoom, this.view.width, this.view.height) : city;
    this.isPlaced = Boolean(saved);
    this.view = start;
    this.style = await loadStyle(this.app);
    if (this.isGone) return;
    const options = {
      view: start, style: this.style.style, label: this.app.t("map.label"),
      onMove: (view) => this.#moved(view), onReady: () => this.root.setAttribute("data-base-ready", "1"),
    };
    this.base = this.#build(options);
    this.root.dataset.base = this.base.kind;
    say(this.credit, this.style.credit);
    this.#moved(this.base.view());
    // the snapshot may have come while the style was on its way
    if (!saved && this.app.store.v >= 0) this.fit();
  }

  #build(options) {
    if (this.app.props.base !== "flat") {
      try {
        return new GlBase(this.host, options);
      } catch {
        this.host.replaceChildren();
      }
    }
    return new FlatBase(this.host, options);
  }

  async restyle() {
    if (!this.base) return;
    this.style = await loadStyle(this.app);
    this.base.setStyle(this.style.style);
    say(this.credit, this.style.credit);
    this.linesStale = true;
  }

  /** The snapshot knows the bounds: go there unless a person already chose a view. */
  onSnapshot() {
    if (!this.isPlaced && this.base) this.fit();
    if (this.style?.isBare) void this.restyle();
    this.refreshGeometry();
  }

  measure() {
    const { clientWidth, clientHeight } = this.root;
    if (!clientWidth || !clientHeight) return;
    this.view = new View(this.view.x, this.view.y, this.view.zoom, clientWidth, clientHeight);
    this.base?.resize();
    if (this.base) this.#moved(this.base.view());
  }

  #moved(view) {
    this.view = view;
    this.linesStale = true;
    if (this.isPlaced) this.app.onView(view);
    this.draw();
  }

  /** Show everything, or the given world points. */
  fit(points) {
    const { store } = this.app;
    let shown = points;
    if (!shown) shown = core([...store.tickets.values(), ...store.engineers.values()].filter((one) => !(one.flags & FLAG.nowhere)).map((one) => [one.x, one.y]));
    if (!shown.length && store.cfg.bounds) shown = boundsPoints(store.cfg.bounds);
    if (!shown.length) return;
    this.isPlaced = true;
    this.base?.go(this.view.fit(shown, 56, points ? 14.5 : 15), !this.app.isCalm);
  }

  /** Centre on a ticket or engineer, no nearer than needed to see the streets. */
  focusOn(one) {
    if (!one || !this.base || one.flags & FLAG.nowhere) return;
    const view = new View(one.x, one.y, Math.max(this.view.zoom, 13.2), this.view.width, this.view.height);
    this.base.go(view, !this.app.isCalm);
  }

  zoom(levels) {
    const { x, y, zoom, width, height } = this.view;
    this.base?.go(new View(x, y, zoom + levels, width, height), !this.app.isCalm);
  }

  /** True while somebody in view still glides to a new place. */
  isGliding(wall) {
    if (this.app.isCalm) return false;
    for (const { engineer } of this.hits.engineers) if (engineer.until > wall) return true;
    return false;
  }

  draw() {
    if (!this.view.width || this.view.width < 2) return;
    const { app } = this;
    const engineerId = app.routeEngineer();
    const wall = Date.now();
    const route = engineerId ? selectedRoute(app.store, app.store.geometry, engineerId, wall) : null;
    if (this.linesStale || this.hiddenLine !== engineerId) this.#drawLines(engineerId);
    const ctx = sharpen(this.canvas, this.view.width, this.view.height);
    this.hits = drawOverlay(ctx, {
      view: this.view, store: app.store, palette: app.palette, layers: app.ui.layers,
      severities: app.ui.filter.severities, focus: app.focus(), preview: app.ui.preview,
      selectedRoute: app.ui.layers.routes ? route : null,
      routeTickets: new Set(route?.stops.map((stop) => stop.ticket)),
      now: app.now(), wall, isCalm: app.isCalm, hour: app.hour,
    });
    this.refreshTwin();
  }

  #drawLines(hidden) {
    const ctx = sharpen(this.lines, this.view.width, this.view.height);
    if (this.hiddenLine !== hidden || this.geometryFresh) {
      this.routes.build(this.app.store.geometry, [this.view.x, this.view.y], hidden);
      this.geometryFresh = false;
    }
    this.hiddenLine = hidden;
    this.linesStale = false;
    const ratio = this.lines.width / this.view.width;
    if (!this.app.ui.layers.routes) return ctx.clearRect(0, 0, this.view.width, this.view.height);
    this.routes.draw(ctx, this.view, ratio, this.app.palette.route);
  }

  redrawLines() {
    this.linesStale = true;
    this.geometryFresh = true;
  }

  async #fetchGeometry() {
    const { app } = this;
    if (!app.ui.layers.routes || app.store.v < 0 || this.isGone) return;
    try {
      const query = new URLSearchParams({ territory: app.store.cfg.territory ?? app.props.territory });
      app.store.geometry = legsByEngineer(await app.http.get(`/plan/geometry?${query}`));
      this.redrawLines();
      app.schedule();
    } catch {
      // straight dashes stand in until the next plan change asks again
    }
  }

  async #fetchOne() {
    const id = this.app.routeEngineer();
    if (!id || this.isGone) return;
    try {
      const route = await this.app.http.get(path("engineers", id, "route"));
      const legs = legsByEngineer({
        features: (route.geometry?.features ?? []).map((one) => ({ ...one, properties: { ...one.properties, engineer: id } })),
      });
      if (legs.has(id)) this.app.store.geometry.set(id, legs.get(id));
      this.app.schedule();
    } catch {
      // as above
    }
  }

  #listen() {
    const at = (event) => {
      const box = this.root.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    let down = null;
    this.root.addEventListener("pointerdown", (event) => (down = at(event)));
    this.root.addEventListener("click", (event) => {
      if (this.#isTool(event) || !down) return;
      const [x, y] = at(event);
      if (Math.hypot(x - down[0], y - down[1]) > 5) return;
      this.#clicked(hit(this.hits, x, y), [x, y]);
    });
    this.root.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch" || event.buttons || this.#isTool(event)) return this.#hover(null);
      const [x, y] = at(event);
      this.#hover(hit(this.hits, x, y), x, y);
    });
    this.root.addEventListener("pointerleave", () => this.#hover(null));
  }

  #isTool(event) {
    return event.composedPath().some((node) => node === this.tools || node === this.credit || node.classList?.contains("float"));
  }

  #clicked(found, [x, y]) {
    if (this.app.props.onPick && !found) {
      const [wx, wy] = this.view.unproject(x, y);
      return this.app.props.onPick(wx, wy);
    }
    if (found?.group) return this.fit(found.group.list.map(({ ticket }) => [ticket.x, ticket.y]));
    if (found?.ticket) return this.app.select({ kind: "ticket", id: found.ticket.id }, "map");
    if (found?.engineer) return this.app.select({ kind: "engineer", id: found.engineer.id }, "map");
    this.app.select(null, "map");
  }

  #hover(found, x, y) {
    const { app } = this;
    this.host.style.cursor = found ? "pointer" : "";
    this.root.classList.toggle("pointing", Boolean(found));
    app.hover(found?.ticket ? { kind: "ticket", id: found.ticket.id } : found?.engineer ? { kind: "engineer", id: found.engineer.id } : null);
    const lines = found ? describe(app, found) : null;
    this.tip.hidden = !lines;
    if (!lines) return;
    this.tip.replaceChildren(...lines.map((line, i) => h(i ? "div" : "strong", {}, line)));
    const right = x > this.view.width - 230;
    this.tip.style.transform = `translate(${Math.round(right ? x - 14 : x + 14)}px, ${Math.round(y + 12)}px)${right ? " translateX(-100%)" : ""}`;
  }

  // what the canvas shows, as text for those who do not see it
  #fillTwin() {
    const { t, store, hour } = this.app;
    const items = [];
    for (const { engineer } of this.hits.engineers.slice(0, TWIN_LIMIT)) {
      items.push(`${engineer.name}: ${t.word("state", engineer.state)}`);
    }
    for (const { ticket } of this.hits.tickets.slice(0, TWIN_LIMIT)) {
      const who = store.engineers.get(ticket.engineer)?.name ?? t("nobody");
      items.push(`${priority(ticket.severity)} ${short(ticket.id)} ${ticket.label ?? ""}, ${who}, ${ticket.start ? hour(ticket.start) : "–"}`);
    }
    this.twin.setAttribute("aria-label", t("map.twin"));
    while (this.twin.children.length > items.length) this.twin.lastChild.remove();
    items.forEach((text, i) => {
      if (this.twin.children[i]) say(this.twin.children[i], text);
      else this.twin.append(h("li", {}, text));
    });
  }

  /** The engineer nearest to a page point, for a drop. */
  engineerAt(clientX, clientY, reach = 46) {
    const box = this.root.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    if (x < 0 || y < 0 || x > box.width || y > box.height) return undefined;
    return hit({ engineers: this.hits.engineers }, x, y, reach)?.engineer ?? null;
  }

  destroy() {
    this.isGone = true;
    for (const job of [this.refreshGeometry, this.refreshOne, this.refreshTwin]) job.cancel();
    this.base?.destroy();
  }
}

