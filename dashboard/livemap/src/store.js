// What the desk last said, by id. Pure: no DOM, no socket; absolute rows make every merge harmless.
import { mercatorX, mercatorY } from "./view.js";

export const FLAG = { locked: 1, open: 2, risk: 4, overdue: 8, promised: 16, desk: 32, nowhere: 64 };
const FEED_LIMIT = 200;
// a jump further than this (in world units, about 5 km) is not a drive
const JUMP = 1.3e-4;

/** Entities of one territory with their version. */
export class Store {
  constructor() {
    this.clear();
    this.feed = [];
    this.ghosts = new Map();
    this.geometry = new Map();
  }

  clear() {
    this.epoch = null;
    this.v = -1;
    this.ts = 0;
    this.speed = 1;
    this.cfg = {};
    this.engineers = new Map();
    this.tickets = new Map();
    this.routes = new Map();
    this.routeOf = new Map();
    this.visitOf = new Map();
    this.dirty = { e: new Set(), k: new Set(), r: new Set(), all: true };
  }

  /** Take one message seen at `wall` ms; returns "ok", "old", "gap" or "other". */
  apply(msg, wall = 0) {
    if (msg.t === "snap") return this.#snap(msg, wall);
    // what was missed follows as deltas on top of our own version
    if (msg.t === "resumed") return "ok";
    if (msg.t === "ev") return this.#events(msg);
    if (msg.t !== "d") return "other";
    if (msg.v <= this.v) return "old";
    if (msg.pv > this.v) return "gap";
    this.#rows(msg, wall);
    this.v = msg.v;
    this.ts = msg.ts ?? this.ts;
    return "ok";
  }

  #snap(msg, wall) {
    const same = this.epoch === msg.epoch;
    const before = this.engineers;
    this.clear();
    if (!same) this.feed = [];
    this.epoch = msg.epoch;
    this.v = msg.v;
    this.ts = msg.ts;
    this.speed = msg.speed ?? 1;
    this.cfg = msg.cfg ?? {};
    for (const [id, old] of before) this.engineers.set(id, old);
    this.#rows(msg, wall);
    const present = new Set((msg.e ?? []).map((row) => row[0]));
    for (const id of before.keys()) if (!present.has(id)) this.engineers.delete(id);
    this.dirty.all = true;
    return "ok";
  }

  #events(msg) {
    const known = new Set(this.feed.map(eventKey));
    for (const item of msg.items ?? []) if (!known.has(eventKey(item))) this.feed.unshift(item);
    this.feed.sort((a, b) => b.at - a.at);
    this.feed.length = Math.min(this.feed.length, FEED_LIMIT);
    return "ok";
  }

  #rows(msg, wall) {
    for (const row of msg.e ?? []) this.#engineer(row, wall);
    for (const row of msg.k ?? []) this.#ticket(row);
    for (const row of msg.r ?? []) this.#route(row);
  }

  #engineer(row, wall) {
    const id = row[0];
    this.dirty.e.add(id);
    if (row.length === 1) return void this.engineers.delete(id);
    const x = mercatorX(row[1] / 1e5);
    const y = mercatorY(row[2] / 1e5);
    const old = this.engineers.get(id);
    const one = old ?? { id, fromX: x, fromY: y, since: wall, until: wall, heading: null, moved: 0 };
    if (old && (old.x !== x || old.y !== y)) startMove(one, x, y, wall);
    one.x = x;
    one.y = y;
    [, one.lon5, one.lat5, one.state, one.name, one.ticket, one.gate, one.late] = row;
    this.engineers.set(id, one);
  }

  #ticket(row) {
    const id = row[0];
    this.dirty.k.add(id);
    if (row.length === 1) return void this.tickets.delete(id);
    const one = this.tickets.get(id) ?? { id };
    [, one.lon5, one.lat5, one.severity, one.due, one.status, one.engineer, one.flags] = row;
    [one.start, one.category, one.duration, one.version, one.label, one.area] = row.slice(8);
    one.x = mercatorX(one.lon5 / 1e5);
    one.y = mercatorY(one.lat5 / 1e5);
    this.tickets.set(id, one);
    const ghost = this.ghosts.get(id);
    if (ghost && ghost.engineer === one.engineer) this.ghosts.delete(id);
  }

  #route(row) {
    const id = row[0];
    this.dirty.r.add(id);
    const old = this.routes.get(id);
    for (const visit of old?.visits ?? []) {
      if (this.visitOf.get(visit.ticket)?.route === id) this.visitOf.delete(visit.ticket);
    }
    if (row.length === 1) {
      this.routes.delete(id);
      if (old) this.#dropRouteOf(old.engineer, id);
      return;
    }
    const [, engineer, shiftAt, shiftEndAt, stops, homeAt, past] = row;
    const visits = stops.map(([ticket, depart, arrive, start, finish, lunch, travel], position) => ({
      ticket, depart, arrive, start, finish, lunch: Boolean(lunch), travel: travel ?? arrive - depart, route: id, engineer, position,
    }));
    const done = (past ?? []).map(([ticket, depart, arrive, finish]) => ({ ticket, depart, arrive, finish }));
    this.routes.set(id, { id, engineer, shiftAt, shiftEndAt, visits, homeAt, past: done });
    for (const visit of visits) this.visitOf.set(visit.ticket, visit);
    const ids = this.routeOf.get(engineer) ?? [];
    if (!ids.includes(id)) this.routeOf.set(engineer, [...ids, id].sort());
  }

  #dropRouteOf(engineer, id) {
    const left = (this.routeOf.get(engineer) ?? []).filter((one) => one !== id);
    if (left.length) this.routeOf.set(engineer, left);
    else this.routeOf.delete(engineer);
  }

  /** The routes of an engineer, earliest shift first. */
  routesOf(engineer) {
    const routes = (this.routeOf.get(engineer) ?? []).map((id) => this.routes.get(id)).filter(Boolean);
    return routes.sort((a, b) => a.shiftAt - b.shiftAt);
  }

  /** What changed since the last call, and forget it. */
  takeDirty() {
    const dirty = this.dirty;
    this.dirty = { e: new Set(), k: new Set(), r: new Set(), all: false };
    return dirty;
  }
}

function startMove(one, x, y, wall) {
  const gap = wall - one.moved;
  const [fromX, fromY] = place(one, wall);
  const far = Math.hypot(x - one.x, y - one.y);
  if (far > 1e-8) one.heading = Math.atan2(y - one.y, x - one.x);
  one.moved = wall;
  // quick updates are drawn as they are; slow ones glide for as long as the next is awaited
  const glide = gap > 350 && far < JUMP ? Math.min(gap, 2000) : 0;
  one.fromX = glide ? fromX : x;
  one.fromY = glide ? fromY : y;
  one.since = wall;
  one.until = wall + glide;
}

/** Where an engineer is drawn at `wall` ms: between the last two places while gliding. */
export function place(one, wall) {
  if (wall >= one.until || one.until <= one.since) return [one.x, one.y];
  const part = (wall - one.since) / (one.until - one.since);
  return [one.fromX + (one.x - one.fromX) * part, one.fromY + (one.y - one.fromY) * part];
}

const eventKey = (item) => `${item.at}|${item.kind}|${item.ticket ?? ""}|${item.engineer ?? ""}|${item.text?.en ?? ""}`;
