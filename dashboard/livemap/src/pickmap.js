// A small map on which a person points at a place, or that only shows one: a point, or a circle for a veiled place.
import { FlatBase } from "./base_flat.js";
import { GlBase } from "./base_gl.js";
import { sharpen } from "./canvas.js";
import { h, say } from "./dom.js";
import { icon } from "./icons.js";
import { loadStyle } from "./mapstyle.js";
import { palette } from "./palette.js";
import { apiAddress } from "./session.js";
import { speaker } from "./texts.js";
import { View, boundsPoints, latOf, lonOf, mercatorX, mercatorY } from "./view.js";

export class PickMap {
  constructor({ parentElement, data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.props = data;
    this.palette = palette(data.theme);
    this.t = speaker(data.lang);
    this.host = h("div.base");
    this.canvas = h("canvas.overlay", { "aria-hidden": "true" });
    this.credit = h("div.credit");
    const button = (name, drawn, onclick) => h("button", { type: "button", "aria-label": this.t(`tool.${name}`), title: this.t(`tool.${name}`), onclick }, icon(drawn));
    this.tools = h("div.maptools", {}, button("zoomin", "plus", () => this.#zoom(1)), button("zoomout", "minus", () => this.#zoom(-1)));
    const label = data.label ?? this.t("pick.label");
    this.root = h("div.desk.pick", { "data-theme": this.palette.name, "data-mode": data.mode }, h("div.map", { role: "region", "aria-label": label }, this.host, this.canvas, this.tools, this.credit));
    parentElement.append(this.root);
    this.view = new View(0.5, 0.5, 11, this.root.clientWidth || 400, this.root.clientHeight || 300);
    if (data.mode === "pick") this.#listen();
    void this.#start();
  }

  async #start() {
    const { props } = this;
    const style = await loadStyle({ store: { cfg: {} }, props, palette: this.palette, apiBase: apiAddress(props.api) });
    if (this.isGone) return;
    say(this.credit, style.credit);
    this.view.width = this.root.clientWidth;
    this.view.height = this.root.clientHeight;
    const view = props.place ? this.#at(props.place, props.place.radius_m ? 13.5 : 15) : props.bounds ? this.view.fit(boundsPoints(props.bounds), 4) : this.view;
    const options = { view, style: style.style, label: props.label ?? this.t("pick.label"), onMove: (moved) => this.#moved(moved), onReady: () => this.root.setAttribute("data-base-ready", "1") };
    try {
      this.base = new GlBase(this.host, options);
    } catch {
      this.host.replaceChildren();
      this.base = new FlatBase(this.host, options);
    }
    this.#moved(this.base.view());
    this.resizer = new ResizeObserver(() => this.base.resize());
    this.resizer.observe(this.root);
  }

  #at({ lat, lon }, zoom) {
    return new View(mercatorX(lon), mercatorY(lat), zoom, this.view.width, this.view.height);
  }

  #zoom(levels) {
    const { x, y, zoom, width, height } = this.view;
    this.base?.go(new View(x, y, zoom + levels, width, height), true);
  }

  #listen() {
    let down = null;
    const at = (event) => {
      const box = this.root.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.root.addEventListener("pointerdown", (event) => (down = at(event)));
    this.root.addEventListener("click", (event) => {
      if (!down || event.composedPath().includes(this.tools)) return;
      const [x, y] = at(event);
      if (Math.hypot(x - down[0], y - down[1]) > 5) return;
      const [wx, wy] = this.view.unproject(x, y);
      const place = { lat: Number(latOf(wy).toFixed(6)), lon: Number(lonOf(wx).toFixed(6)) };
      this.props = { ...this.props, place };
      this.#draw();
      this.setStateValue("picked", place);
    });
  }

  apply(data, setStateValue) {
    this.setStateValue = setStateValue ?? this.setStateValue;
    const before = this.props;
    this.props = data;
    const isOther = data.place && JSON.stringify(data.place) !== JSON.stringify(before.place);
    if (isOther) this.base?.go(this.#at(data.place, Math.max(this.view.zoom, data.place.radius_m ? 13.5 : 15)), false);
    this.#draw();
  }

  #moved(view) {
    this.view = view;
    this.#draw();
  }

  #draw() {
    const { view, palette: colours } = this;
    if (!view.width) return;
    const ctx = sharpen(this.canvas, view.width, view.height);
    ctx.clearRect(0, 0, view.width, view.height);
    if (!this.props.place) return;
    const { lat, lon, radius_m: radius } = this.props.place;
    const [x, y] = view.project(mercatorX(lon), mercatorY(lat));
    if (radius) return this.#circle(ctx, x, y, Math.abs(view.project(mercatorX(lon), mercatorY(lat + radius / 111_320))[1] - y));
    ctx.beginPath();
    ctx.arc(x, y - 17, 9, Math.PI * 0.85, Math.PI * 0.15);
    ctx.lineTo(x, y);
    ctx.closePath();
    ctx.fillStyle = colours.late;
    ctx.fill();
    ctx.strokeStyle = colours.halo;
    ctx.lineWidth = 2;
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(x, y - 17, 3, 0, Math.PI * 2);
    ctx.fillStyle = colours.halo;
    ctx.fill();
  }

  #circle(ctx, x, y, r) {
    ctx.beginPath();
    ctx.arc(x, y, r, 0, Math.PI * 2);
    ctx.globalAlpha = 0.22;
    ctx.fillStyle = this.palette.late;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = this.palette.late;
    ctx.lineWidth = 2;
    ctx.stroke();
  }

  destroy() {
    this.isGone = true;
    this.resizer?.disconnect();
    this.base?.destroy();
    this.root.remove();
  }
}
