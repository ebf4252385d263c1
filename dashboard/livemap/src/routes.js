// Route lines: geometry from the API cut to legs in world units; straight dashes until it has come.
import { place } from "./store.js";
import { mercatorX, mercatorY } from "./view.js";

/** Group the features of `/plan/geometry` or one route's legs by engineer. */
export function legsByEngineer(collection) {
  const out = new Map();
  for (const { geometry, properties } of collection?.features ?? []) {
    if (geometry?.type !== "LineString") continue;
    const leg = {
      ticket: properties.ticket ?? null,
      points: geometry.coordinates.map(([lon, lat]) => [mercatorX(lon), mercatorY(lat)]),
    };
    const legs = out.get(properties.engineer);
    if (legs) legs.push(leg);
    else out.set(properties.engineer, [leg]);
  }
  return out;
}

/** Cut the part of a line that lies behind the engineer. */
export function ahead(points, [x, y]) {
  let best = 0;
  let least = Infinity;
  points.forEach(([px, py], i) => {
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return [[x, y], ...points.slice(best < points.length - 1 ? best + 1 : best)];
}

/** The selected engineer's way: one leg a visit ahead, cut at where the engineer is. */
export function selectedRoute(store, geometry, id, wall) {
  const engineer = store.engineers.get(id);
  const route = store.routesOf(id).find((one) => one.visits.length);
  if (!engineer || !route) return null;
  const known = new Map((geometry.get(id) ?? []).map((leg) => [leg.ticket, leg.points]));
  let at = place(engineer, wall);
  const legs = [];
  const stops = [];
  for (const visit of route.visits) {
    const ticket = store.tickets.get(visit.ticket);
    if (!ticket) continue;
    const isHere = engineer.state === "on_site" && engineer.ticket === ticket.id;
    const points = known.get(ticket.id);
    const isStraight = !points || points.length < 2;
    if (!isHere) {
      const line = isStraight ? [at, [ticket.x, ticket.y]] : legs.length ? points : ahead(points, at);
      legs.push({ points: line, isStraight });
    }
    stops.push({ ticket: ticket.id, start: visit.start });
    at = [ticket.x, ticket.y];
  }
  return { legs, stops };
}

const UNIT = 2 ** 24;

/** All legs as one path around an origin, so that a pan or zoom draws it with one stroke. */
export class RouteLayer {
  constructor() {
    this.path = null;
    this.origin = [0, 0];
  }

  build(geometry, origin, hidden) {
    this.origin = origin;
    this.path = new Path2D();
    for (const [id, legs] of geometry) {
      if (id === hidden) continue;
      for (const { points } of legs) {
        points.forEach(([x, y], i) => {
          const px = (x - origin[0]) * UNIT;
          const py = (y - origin[1]) * UNIT;
          if (i === 0) this.path.moveTo(px, py);
          else this.path.lineTo(px, py);
        });
      }
    }
  }

  draw(ctx, view, ratio, colour) {
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    if (!this.path) return;
    const scale = (view.scale / UNIT) * ratio;
    const [left, top] = view.project(...this.origin);
    ctx.setTransform(scale, 0, 0, scale, left * ratio, top * ratio);
    ctx.lineWidth = (1.3 * ratio) / scale;
    ctx.strokeStyle = colour;
    ctx.globalAlpha = 0.5;
    ctx.lineJoin = "round";
    ctx.stroke(this.path);
    ctx.globalAlpha = 1;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }
}
