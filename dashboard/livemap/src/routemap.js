// A small map of one engineer's own route: no socket, no queue, fed by whoever mounts it.
import { FlatBase } from "./base_flat.js";
import { GlBase } from "./base_gl.js";
import { sharpen } from "./canvas.js";
import { h, say } from "./dom.js";
import { loadStyle } from "./mapstyle.js";
import { chip } from "./overlay.js";
import { palette, traceShape } from "./palette.js";
import { ahead, legsByEngineer } from "./routes.js";
import { View, mercatorX, mercatorY } from "./view.js";

export class RouteMap {
  constructor(host, { api, city, theme, label: name, hour }) {
    this.palette = palette(theme);
    this.hour = hour;
    this.host = h("div.base");
    this.canvas = h("canvas.overlay", { "aria-hidden": "true" });
    this.credit = h("div.credit");
    this.root = h("div.map.routemap", { "data-theme": this.palette.name, role: "region", "aria-label": name }, this.host, this.canvas, this.credit);
    host.append(this.root);
    this.view = new View(0.5, 0.5, 11, this.root.clientWidth, this.root.clientHeight);
    this.stops = [];
    this.legs = [];
    void this.#start({ store: { cfg: { city } }, props: {}, palette: this.palette, apiBase: api }, name);
  }

  async #start(place, name) {
    const style = await loadStyle(place);
    if (this.isGone) return;
    say(this.credit, style.credit);
    const options = { view: this.view, style: style.style, label: name, onMove: (view) => this.#moved(view), onReady: () => {} };
    try {
      this.base = new GlBase(this.host, options);
    } catch {
      this.host.replaceChildren();
      this.base = new FlatBase(this.host, options);
    }
    this.#fit();
  }

  /** Show `stops` [{lat, lon, severity, at}], the legs' geometry and where the engineer is. */
  show({ stops, geometry, position }) {
    const isFirst = !this.stops.length;
    this.stops = stops.map((one) => ({ ...one, x: mercatorX(one.lon), y: mercatorY(one.lat) }));
    this.me = position ? [mercatorX(position.lon), mercatorY(position.lat)] : null;
    this.legs = [...legsByEngineer(geometry).values()].flat();
    if (isFirst) this.#fit();
    this.#draw();
  }

  #fit() {
    const points = this.stops.map((one) => [one.x, one.y]);
    if (this.me) points.push(this.me);
    const { clientWidth, clientHeight } = this.root;
    if (!points.length || !this.base || !clientWidth) return;
    this.base.resize();
    this.base.go(new View(0, 0, 1, clientWidth, clientHeight).fit(points, 44, 15), false);
  }

  #moved(view) {
    this.view = view;
    this.#draw();
  }

  #draw() {
    const { view } = this;
    if (!view.width) return;
    const ctx = sharpen(this.canvas, view.width, view.height);
    ctx.clearRect(0, 0, view.width, view.height);
    this.legs.forEach((leg, i) => this.#line(ctx, i === 0 && this.me ? ahead(leg.points, this.me) : leg.points, i));
    this.stops.forEach((stop, i) => this.#stop(ctx, stop, i));
    if (this.me) this.#person(ctx);
  }

  #line(ctx, points, i) {
    ctx.beginPath();
    points.forEach((point, n) => ctx[n ? "lineTo" : "moveTo"](...this.view.project(...point)));
    ctx.strokeStyle = this.palette.accent;
    ctx.globalAlpha = i === 0 ? 1 : 0.5;
    ctx.lineWidth = i === 0 ? 5 : 3;
    ctx.lineJoin = "round";
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  #stop(ctx, stop, i) {
    const [sx, sy] = this.view.project(stop.x, stop.y);
    traceShape(ctx, stop.severity, sx, sy, 8);
    ctx.fillStyle = this.palette.severity[stop.severity];
    ctx.fill();
    ctx.strokeStyle = this.palette.rim;
    ctx.lineWidth = 1;
    ctx.stroke();
    chip(ctx, stop.at ? `${i + 1} · ${this.hour(stop.at)}` : String(i + 1), sx, sy - 20, this.palette.accent, this.palette);
  }

  #person(ctx) {
    const [sx, sy] = this.view.project(...this.me);
    ctx.beginPath();
    ctx.arc(sx, sy, 9, 0, Math.PI * 2);
    ctx.fillStyle = this.palette.engineer.travelling;
    ctx.fill();
    ctx.strokeStyle = this.palette.halo;
    ctx.lineWidth = 3;
    ctx.stroke();
  }

  destroy() {
    this.isGone = true;
    this.base?.destroy();
    this.root.remove();
  }
}
