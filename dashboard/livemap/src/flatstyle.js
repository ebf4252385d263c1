// A small reading of MapLibre styles for the canvas fallback: fills and lines, the usual expressions.
import { mercatorX, mercatorY } from "./view.js";

/** Return the value of a style expression for `zoom` and a feature's properties. */
export function value(expression, zoom, props) {
  if (expression && !Array.isArray(expression) && typeof expression === "object" && expression.stops) {
    return value(["interpolate", ["linear"], ["zoom"], ...expression.stops.flat()], zoom, props);
  }
  if (!Array.isArray(expression)) return expression;
  const [name, ...args] = expression;
  const read = (one) => value(one, zoom, props);
  switch (name) {
    case "literal": return args[0];
    case "get": return props[args[0]];
    case "has": return args[0] in props;
    case "!": return !read(args[0]);
    case "zoom": return zoom;
    case "coalesce": return args.map(read).find((one) => one !== null && one !== undefined);
    case "to-number": return Number(read(args[0]));
    case "to-string": return String(read(args[0]) ?? "");
    case "all": return args.every((one) => Boolean(read(one)));
    case "any": return args.some((one) => Boolean(read(one)));
    case "none": return !args.some((one) => Boolean(read(one)));
    case "==": case "!=": case "<": case "<=": case ">": case ">=": return compare(name, args, read, props);
    case "in": return contains(args, read, props);
    case "match": return match(args, read);
    case "case": return cases(args, read);
    case "step": return step(args, read);
    case "interpolate": return interpolate(args, read);
    default: return undefined;
  }
}

// old-style filters name the property, expressions compute both sides
const side = (one, read, props) => (typeof one === "string" && one in props ? props[one] : read(one));

function compare(name, [left, right], read, props) {
  const a = side(left, read, props);
  const b = read(right);
  return { "==": a === b, "!=": a !== b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b }[name];
}

function contains([needle, ...rest], read, props) {
  if (rest.length === 1 && Array.isArray(rest[0])) return (read(rest[0]) ?? []).includes(read(needle));
  return rest.includes(props[needle]);
}

function match([input, ...rest], read) {
  const wanted = read(input);
  for (let i = 0; i + 1 < rest.length; i += 2) {
    if (Array.isArray(rest[i]) ? rest[i].includes(wanted) : rest[i] === wanted) return read(rest[i + 1]);
  }
  return read(rest.at(-1));
}

function cases(args, read) {
  for (let i = 0; i + 1 < args.length; i += 2) if (read(args[i])) return read(args[i + 1]);
  return read(args.at(-1));
}

function step([input, first, ...stops], read) {
  const at = read(input);
  let out = first;
  for (let i = 0; i + 1 < stops.length; i += 2) if (at >= stops[i]) out = stops[i + 1];
  return read(out);
}

function interpolate([kind, input, ...stops], read) {
  const at = read(input);
  const base = kind[0] === "exponential" ? kind[1] : 1;
  for (let i = 0; i < stops.length; i += 2) {
    if (at > stops[i]) continue;
    if (i === 0) return read(stops[1]);
    const [low, high] = [read(stops[i - 1]), read(stops[i + 1])];
    if (typeof low !== "number" || typeof high !== "number") return low;
    const range = stops[i] - stops[i - 2];
    const passed = at - stops[i - 2];
    const part = base === 1 ? passed / range : (base ** passed - 1) / (base ** range - 1);
    return low + (high - low) * part;
  }
  return read(stops.at(-1));
}

/** The tiles a view needs of a source: none far above its zooms, none outside its bounds. */
export function tilesInView(view, source) {
  const { minzoom = 0, maxzoom = 14, bounds = [-180, -85, 180, 85] } = source;
  if (view.zoom < minzoom - 1) return [];
  const z = Math.max(minzoom, Math.min(maxzoom, Math.floor(view.zoom)));
  const count = 2 ** z;
  const [west, south, east, north] = bounds;
  const [x0, y0] = view.unproject(0, 0);
  const [x1, y1] = view.unproject(view.width, view.height);
  const span = (a, b) => [Math.max(0, Math.floor(a * count)), Math.min(count - 1, Math.floor(b * count))];
  const [left, right] = span(Math.max(x0, mercatorX(west)), Math.min(x1, mercatorX(east)));
  const [top, bottom] = span(Math.max(y0, mercatorY(north)), Math.min(y1, mercatorY(south)));
  const tiles = [];
  for (let x = left; x <= right; x += 1) for (let y = top; y <= bottom; y += 1) tiles.push({ z, x, y });
  return tiles;
}

const passes = (layer, zoom, props) => layer.filter === undefined || Boolean(value(layer.filter, zoom, props));

/** Paint all fill and line layers of one tile. */
export function paintLayers(ctx, style, source, tile, { left, top, size, zoom }) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, size, size);
  ctx.clip();
  for (const layer of style.layers ?? []) {
    if (layer.source !== source || (layer.type !== "fill" && layer.type !== "line")) continue;
    if (zoom < (layer.minzoom ?? 0) || zoom >= (layer.maxzoom ?? 24)) continue;
    if (layer.layout?.visibility === "none") continue;
    const features = tile.layers[layer["source-layer"]];
    if (features) paintLayer(ctx, layer, features, { left, top, size, zoom });
  }
  ctx.restore();
}

function paintLayer(ctx, layer, features, { left, top, size, zoom }) {
  const isFill = layer.type === "fill";
  const paint = layer.paint ?? {};
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  for (let i = 0; i < features.length; i += 1) {
    const feature = features.feature(i);
    const props = { ...feature.properties, $type: ["", "Point", "LineString", "Polygon"][feature.type] };
    if (!passes(layer, zoom, props)) continue;
    ctx.beginPath();
    trace(ctx, feature.loadGeometry(), left, top, size / features.extent, isFill);
    ctx.globalAlpha = value(paint[isFill ? "fill-opacity" : "line-opacity"], zoom, props) ?? 1;
    if (isFill) {
      ctx.fillStyle = value(paint["fill-color"], zoom, props) ?? "#000";
      ctx.fill("evenodd");
    } else {
      ctx.strokeStyle = value(paint["line-color"], zoom, props) ?? "#000";
      ctx.lineWidth = value(paint["line-width"], zoom, props) ?? 1;
      ctx.stroke();
    }
  }
  ctx.globalAlpha = 1;
}

function trace(ctx, rings, left, top, scale, isClosed) {
  for (const ring of rings) {
    ring.forEach((point, i) => {
      const x = left + point.x * scale;
      const y = top + point.y * scale;
      if (i === 0) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
    });
    if (isClosed) ctx.closePath();
  }
}
