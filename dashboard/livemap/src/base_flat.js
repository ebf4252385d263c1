// The street map without WebGL: the same vector tiles painted on a 2-D canvas, with own pan and zoom.
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { sharpen } from "./canvas.js";
import { paintLayers, tilesInView } from "./flatstyle.js";
import { View } from "./view.js";

const TILE_LIMIT = 96;
const RETRY_MS = 5000;

export class FlatBase {
  kind = "flat";

  constructor(host, { view, style, onMove, onReady, label }) {
    Object.assign(this, { host, onMove, onReady });
    this.canvas = document.createElement("canvas");
    this.canvas.className = "flat";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("aria-label", label);
    this.canvas.setAttribute("role", "application");
    host.append(this.canvas);
    this.current = new View(view.x, view.y, view.zoom, host.clientWidth, host.clientHeight);
    this.tiles = new Map();
    this.pointers = new Map();
    this.#listen();
    this.setStyle(style);
  }

  view() {
    return this.current;
  }

  setStyle(style) {
    this.style = style;
    this.tiles.clear();
    this.source = Object.entries(style.sources ?? {}).find(([, one]) => one.type === "vector");
    this.#draw();
  }

  go(view) {
    this.current = new View(view.x, view.y, Math.max(3, Math.min(18, view.zoom)), this.host.clientWidth, this.host.clientHeight);
    this.#draw();
    this.onMove(this.current);
  }

  resize() {
    this.go(this.current);
  }

  destroy() {
    this.isGone = true;
    this.canvas.remove();
  }

  #draw() {
    if (this.frame || this.isGone) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.#paint();
    });
  }

  #paint() {
    const { width, height, zoom } = this.current;
    const ctx = sharpen(this.canvas, width, height);
    const ground = (this.style.layers ?? []).find((layer) => layer.type === "background");
    ctx.fillStyle = ground?.paint?.["background-color"] ?? "#e9ecee";
    ctx.fillRect(0, 0, width, height);
    if (this.source) this.#paintTiles(ctx, zoom);
    this.onReady();
  }

  #paintTiles(ctx, zoom) {
    const [name, source] = this.source;
    const wanted = tilesInView(this.current, source);
    const size = this.current.scale / 2 ** (wanted[0]?.z ?? 0);
    for (const { z, x, y } of wanted) {
      const tile = this.#tile(source, z, x, y);
      if (!tile) continue;
      const [left, top] = this.current.project(x / 2 ** z, y / 2 ** z);
      paintLayers(ctx, this.style, name, tile, { left, top, size, zoom });
    }
  }

  #tile(source, z, x, y) {
    const key = `${z}/${x}/${y}`;
    if (this.tiles.has(key)) return this.tiles.get(key);
    this.tiles.set(key, null);
    if (this.tiles.size > TILE_LIMIT) this.tiles.delete(this.tiles.keys().next().value);
    void this.#load(source.tiles[0].replace("{z}", z).replace("{x}", x).replace("{y}", y), key);
    return null;
  }

  async #load(url, key) {
    try {
      const answer = await fetch(url);
      if (answer.status !== 200) return;
      const bytes = new Uint8Array(await answer.arrayBuffer());
      this.tiles.set(key, new VectorTile(new PbfReader(bytes)));
      this.#draw();
    } catch {
      // asked again by a later paint, not by the next one
      setTimeout(() => this.tiles.delete(key), RETRY_MS);
    }
  }

  #listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    });
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    const up = (event) => this.pointers.delete(event.pointerId);
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoomAt(event.offsetX, event.offsetY, -event.deltaY / 300);
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => this.#zoomAt(event.offsetX, event.offsetY, 1));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const spread = () => {
      const [a, b] = [...this.pointers.values()];
      return Math.hypot(a[0] - b[0], a[1] - b[1]);
    };
    if (this.pointers.size === 2) {
      const was = spread();
      this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
      return this.#zoomAt(event.offsetX, event.offsetY, Math.log2(spread() / Math.max(was, 1)));
    }
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    const { scale } = this.current;
    const dx = (event.offsetX - before[0]) / scale;
    const dy = (event.offsetY - before[1]) / scale;
    this.go({ x: this.current.x - dx, y: this.current.y - dy, zoom: this.current.zoom });
  }

  #zoomAt(px, py, levels) {
    const [wx, wy] = this.current.unproject(px, py);
    const zoom = Math.max(3, Math.min(18, this.current.zoom + levels));
    const part = 2 ** (this.current.zoom - zoom);
    this.go({ x: wx + (this.current.x - wx) * part, y: wy + (this.current.y - wy) * part, zoom });
  }

  #key(event) {
    const step = 80 / this.current.scale;
    const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    const levels = { "+": 1, "=": 1, "-": -1 }[event.key];
    if (move) this.go({ x: this.current.x + move[0], y: this.current.y + move[1], zoom: this.current.zoom });
    else if (levels) this.#zoomAt(this.current.width / 2, this.current.height / 2, levels);
    else return;
    event.preventDefault();
  }
}
