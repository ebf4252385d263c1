// Web Mercator by hand: the base map and the overlay share these few numbers.
const TILE = 512;

export const mercatorX = (lon) => lon / 360 + 0.5;

export const mercatorY = (lat) => {
  const sin = Math.sin((Math.max(-85.0511, Math.min(85.0511, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
};

export const lonOf = (x) => (x - 0.5) * 360;

export const latOf = (y) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

/** The window on the world: centre in world units (0…1), zoom as MapLibre counts it, size in px. */
export class View {
  constructor(x = 0.5, y = 0.5, zoom = 2, width = 1, height = 1) {
    Object.assign(this, { x, y, zoom, width, height });
  }

  get scale() {
    return TILE * 2 ** this.zoom;
  }

  project(x, y) {
    const scale = this.scale;
    return [(x - this.x) * scale + this.width / 2, (y - this.y) * scale + this.height / 2];
  }

  unproject(px, py) {
    const scale = this.scale;
    return [(px - this.width / 2) / scale + this.x, (py - this.height / 2) / scale + this.y];
  }

  /** Pixels a metre takes at the centre. */
  get metre() {
    return this.scale / (40075016.686 * Math.cos((latOf(this.y) * Math.PI) / 180));
  }

  /** Return the view that shows these world points with a margin in px. */
  fit(points, margin = 48, most = 15) {
    if (!points.length) return this;
    const xs = points.map((p) => p[0]);
    const ys = points.map((p) => p[1]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const wide = Math.max(x1 - x0, 1e-7);
    const high = Math.max(y1 - y0, 1e-7);
    const scale = Math.min(
      Math.max(this.width - 2 * margin, 40) / wide,
      Math.max(this.height - 2 * margin, 40) / high,
    );
    const zoom = Math.max(1, Math.min(most, Math.log2(scale / TILE)));
    return new View((x0 + x1) / 2, (y0 + y1) / 2, zoom, this.width, this.height);
  }
}

/** Points of `[s, w, n, e]` in world units. */
export function boundsPoints([s, w, n, e]) {
  return [[mercatorX(w), mercatorY(n)], [mercatorX(e), mercatorY(s)]];
}
