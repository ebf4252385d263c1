// Everything that moves, drawn on one canvas over the base map. Reads the store, changes nothing.
import { FLAG, place } from "./store.js";
import { clip } from "./canvas.js";
import { isAtRisk, isLate, isOver, isUnplaced } from "./order.js";
import { traceShape } from "./palette.js";

const CELL = 46;
const FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif";

/** Two letters or one Chinese character that stand for a name. */
export function initials(name) {
  const text = (name ?? "").trim();
  if (/^[\u3400-\u9fff]/.test(text)) return text[0];
  const parts = text.split(/\s+/).filter(Boolean);
  return ((parts[0]?.[0] ?? "") + (parts.length > 1 ? parts.at(-1)[0] : "")).toUpperCase();
}

/** Put points in cells of the screen; returns single tickets and groups of more than two. */
export function cluster(points, cell = CELL) {
  const cells = new Map();
  for (const point of points) {
    const key = Math.floor(point.sx / cell) * 100000 + Math.floor(point.sy / cell);
    const list = cells.get(key);
    if (list) list.push(point);
    else cells.set(key, [point]);
  }
  const singles = [];
  const groups = [];
  for (const list of cells.values()) {
    if (list.length < 3) singles.push(...list);
    else groups.push(group(list));
  }
  return { singles, groups };
}

function group(list) {
  const counts = [0, 0, 0, 0, 0];
  let [x, y] = [0, 0];
  for (const { ticket, sx, sy } of list) {
    counts[ticket.severity] += 1;
    x += sx;
    y += sy;
  }
  return { sx: x / list.length, sy: y / list.length, n: list.length, counts, list };
}

/** Draw one frame; returns what lies where, for the pointer. */
export function drawOverlay(ctx, scene) {
  const { view } = scene;
  ctx.clearRect(0, 0, view.width, view.height);
  const hits = { engineers: [], tickets: [], groups: [] };
  drawSelectedRoute(ctx, scene);
  if (scene.layers.tickets) drawTickets(ctx, scene, hits);
  drawGhosts(ctx, scene);
  if (scene.layers.engineers) drawEngineers(ctx, scene, hits);
  drawStops(ctx, scene);
  return hits;
}

function inView(view, sx, sy, margin = 24) {
  return sx > -margin && sy > -margin && sx < view.width + margin && sy < view.height + margin;
}

function shown(ticket, scene) {
  if (isOver(ticket)) return false;
  return !scene.severities.size || scene.severities.has(ticket.severity) || ticket.id === scene.focus.ticket;
}

function drawTickets(ctx, scene, hits) {
  const { view, store, focus } = scene;
  const points = [];
  for (const ticket of store.tickets.values()) {
    if (!shown(ticket, scene) || ticket.flags & FLAG.nowhere) continue;
    const [sx, sy] = view.project(ticket.x, ticket.y);
    if (inView(view, sx, sy)) points.push({ ticket, sx, sy });
  }
  const isDense = (points.length > 150 && view.zoom < 10.6) || (points.length > 300 && view.zoom < 13);
  const stays = (p) => p.ticket.id === focus.ticket || p.ticket.id === focus.hover || scene.routeTickets.has(p.ticket.id);
  const { singles, groups } = isDense && scene.layers.clusters
    ? cluster(points.filter((p) => !stays(p)))
    : { singles: points.filter((p) => !stays(p)), groups: [] };
  singles.sort((a, b) => a.ticket.severity - b.ticket.severity);
  for (const one of groups) drawGroup(ctx, scene, one);
  for (const one of [...singles, ...points.filter(stays)]) drawTicket(ctx, scene, one);
  hits.groups = groups;
  hits.tickets = [...singles, ...points.filter(stays)];
}

function drawGroup(ctx, { palette }, { sx, sy, n, counts }) {
  const r = Math.min(21, 10 + Math.sqrt(n) * 1.6);
  ctx.beginPath();
  ctx.arc(sx, sy, r, 0, Math.PI * 2);
  ctx.fillStyle = palette.ground;
  ctx.globalAlpha = 0.94;
  ctx.fill();
  ctx.globalAlpha = 1;
  let from = -Math.PI / 2;
  ctx.lineWidth = 4;
  for (const severity of [4, 3, 2, 1]) {
    if (!counts[severity]) continue;
    const to = from + (counts[severity] / n) * Math.PI * 2;
    ctx.beginPath();
    ctx.arc(sx, sy, r, from, to);
    ctx.strokeStyle = palette.severity[severity];
    ctx.stroke();
    from = to;
  }
  label(ctx, String(n), sx, sy, palette.text, 600, 11);
}

function drawTicket(ctx, scene, { ticket, sx, sy }) {
  const { palette, now, focus } = scene;
  const isFocus = ticket.id === focus.ticket || ticket.id === focus.hover;
  const base = scene.view.zoom < 11.5 ? 3.6 : scene.view.zoom < 13 ? 5 : 6;
  const r = (isUnplaced(ticket) ? base * 1.25 : base) * (isFocus ? 1.35 : 1);
  const late = isLate(ticket, now);
  if (late || isAtRisk(ticket, now)) {
    ctx.beginPath();
    ctx.arc(sx, sy, r + 5, 0, Math.PI * 2);
    ctx.strokeStyle = late ? palette.late : palette.fair;
    ctx.lineWidth = 2;
    ctx.setLineDash(late ? [] : [3, 3]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  if (isFocus) {
    ctx.beginPath();
    ctx.arc(sx, sy, r + 9, 0, Math.PI * 2);
    ctx.strokeStyle = palette.accent;
    ctx.lineWidth = 2.5;
    ctx.stroke();
  }
  traceShape(ctx, ticket.severity, sx, sy, r);
  const isHollow = ticket.status === "on_site" || ticket.status === "held";
  ctx.fillStyle = isHollow ? palette.ground : palette.severity[ticket.severity];
  ctx.fill();
  ctx.lineWidth = isHollow ? 2 : 1;
  ctx.strokeStyle = isHollow ? palette.severity[ticket.severity] : palette.rim;
  ctx.stroke();
  if (ticket.flags & FLAG.locked) drawPin(ctx, sx + r + 3, sy - r - 2, palette);
}

/** A small map pin: a person fixed this. */
export function drawPin(ctx, x, y, palette) {
  ctx.beginPath();
  ctx.arc(x, y, 3, 0, Math.PI * 2);
  ctx.moveTo(x, y + 3);
  ctx.lineTo(x, y + 7);
  ctx.fillStyle = palette.text;
  ctx.strokeStyle = palette.text;
  ctx.lineWidth = 1.5;
  ctx.fill();
  ctx.stroke();
}

function drawEngineers(ctx, scene, hits) {
  const { view, store, wall } = scene;
  // few engineers have room for their initials even when the whole city is shown
  const isSparse = store.engineers.size <= 80;
  const r = view.zoom < (isSparse ? 9.6 : 11) ? 6 : view.zoom < 12.6 ? 9 : 11;
  let selected = null;
  for (const engineer of store.engineers.values()) {
    const [x, y] = scene.isCalm ? [engineer.x, engineer.y] : place(engineer, wall);
    const [sx, sy] = view.project(x, y);
    if (!inView(view, sx, sy)) continue;
    hits.engineers.push({ engineer, sx, sy });
    if (engineer.id === scene.focus.engineer) selected = { engineer, sx, sy };
    else drawEngineer(ctx, scene, engineer, sx, sy, r);
  }
  if (selected) drawEngineer(ctx, scene, selected.engineer, selected.sx, selected.sy, r + 2);
}

function drawEngineer(ctx, scene, engineer, sx, sy, r) {
  const { palette, focus, preview } = scene;
  const colour = palette.engineer[engineer.state] ?? palette.soft;
  const isAway = engineer.state === "off" || engineer.state === "absent";
  const offer = preview?.byEngineer.get(engineer.id);
  ctx.globalAlpha = offer ? 1 : preview ? 0.35 : isAway ? 0.55 : 1;
  if (engineer.id === focus.engineer || engineer.id === focus.hoverEngineer || engineer.id === preview?.target) {
    ring(ctx, sx, sy, r + 5, palette.accent, 3);
  } else if (offer) {
    ring(ctx, sx, sy, r + 4, offer.colour, 3);
  }
  if (engineer.state === "travelling" && engineer.heading !== null && r > 6) wedge(ctx, engineer.heading, sx, sy, r, colour);
  body(ctx, engineer.state, sx, sy, r);
  const isHollow = engineer.state === "idle" || engineer.state === "returning" || isAway;
  ctx.fillStyle = isHollow ? palette.ground : colour;
  ctx.fill();
  ctx.lineWidth = isHollow ? 2.5 : 1.5;
  ctx.strokeStyle = isHollow ? colour : palette.halo;
  ctx.stroke();
  if (r > 8) {
    const ink = isHollow ? palette.text : palette.name === "dark" ? "#0b0e11" : "#ffffff";
    label(ctx, engineer.state === "lunch" ? "‖" : initials(engineer.name), sx, sy + 0.5, ink, 600, r - 1.5);
  }
  if (engineer.gate) badge(ctx, { asked: "?", take: "+", go_home: "⌂" }[engineer.gate] ?? "?", sx + r, sy - r, palette.fair, palette);
  else if (engineer.late > 0 && r > 8) badge(ctx, "!", sx + r, sy - r, palette.late, palette);
  if (offer && scene.view.zoom > 10) chip(ctx, offer.text, sx, sy + r + 12, offer.colour, palette);
  ctx.globalAlpha = 1;
}

function body(ctx, state, x, y, r) {
  ctx.beginPath();
  // at work: a rounded square; on the move or waiting: a disc
  if (state === "on_site") ctx.roundRect(x - r * 0.92, y - r * 0.92, r * 1.84, r * 1.84, r * 0.4);
  else ctx.arc(x, y, r, 0, Math.PI * 2);
}

function wedge(ctx, heading, x, y, r, colour) {
  ctx.beginPath();
  ctx.moveTo(x + Math.cos(heading) * (r + 7), y + Math.sin(heading) * (r + 7));
  ctx.arc(x, y, r, heading + 0.7, heading - 0.7, false);
  ctx.closePath();
  ctx.fillStyle = colour;
  ctx.fill();
}

function ring(ctx, x, y, r, colour, width) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, Math.PI * 2);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
}

function badge(ctx, text, x, y, colour, palette) {
  ctx.beginPath();
  ctx.arc(x, y, 6.5, 0, Math.PI * 2);
  ctx.fillStyle = colour;
  ctx.fill();
  label(ctx, text, x, y + 0.5, palette.name === "dark" ? "#0b0e11" : "#ffffff", 700, 10);
}

export function label(ctx, text, x, y, colour, weight, size) {
  ctx.font = `${weight} ${size}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

/** A small plate with a text, centred on (x, y). */
export function chip(ctx, text, x, y, colour, palette) {
  ctx.font = `600 11px ${FONT}`;
  const shownText = clip(ctx, text, 150);
  const width = ctx.measureText(shownText).width + 10;
  ctx.beginPath();
  ctx.roundRect(x - width / 2, y - 8, width, 16, 5);
  ctx.fillStyle = palette.ground;
  ctx.fill();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.2;
  ctx.stroke();
  label(ctx, shownText, x, y + 0.5, palette.text, 600, 11);
}

function drawSelectedRoute(ctx, { selectedRoute, view, palette }) {
  if (!selectedRoute) return;
  ctx.lineJoin = "round";
  ctx.lineCap = "round";
  for (const pass of [{ width: 8, colour: palette.halo }, { width: 4, colour: palette.accent }]) {
    selectedRoute.legs.forEach((leg, i) => {
      ctx.beginPath();
      leg.points.forEach(([x, y], n) => {
        const [sx, sy] = view.project(x, y);
        if (n === 0) ctx.moveTo(sx, sy);
        else ctx.lineTo(sx, sy);
      });
      ctx.setLineDash(leg.isStraight ? [6, 7] : []);
      ctx.globalAlpha = i === 0 ? 1 : 0.75;
      ctx.lineWidth = pass.width;
      ctx.strokeStyle = pass.colour;
      ctx.stroke();
    });
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

function drawStops(ctx, { selectedRoute, view, palette, store, now, hour }) {
  (selectedRoute?.stops ?? []).forEach(({ ticket, start }, i) => {
    const one = store.tickets.get(ticket);
    if (!one) return;
    const [sx, sy] = view.project(one.x, one.y);
    const isLateStop = one.due > 0 && start > one.due;
    chip(ctx, `${i + 1} · ${hour(start)}`, sx, sy - 20, isLateStop ? palette.late : palette.accent, palette);
  });
}

function drawGhosts(ctx, { store, view, palette }) {
  ctx.setLineDash([4, 4]);
  for (const [id, ghost] of store.ghosts) {
    const ticket = store.tickets.get(id);
    const engineer = store.engineers.get(ghost.engineer);
    if (!ticket || !engineer) continue;
    const [x0, y0] = view.project(ticket.x, ticket.y);
    const [x1, y1] = view.project(engineer.x, engineer.y);
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1);
    ctx.strokeStyle = palette.accent;
    ctx.lineWidth = 2;
    ctx.stroke();
    ring(ctx, x0, y0, 12, palette.accent, 2);
  }
  ctx.setLineDash([]);
}

/** The nearest thing to a point within reach: engineers before tickets before groups. */
export function hit(hits, x, y, reach = 14) {
  const nearest = (list, most) => {
    let best = null;
    let least = most;
    for (const one of list ?? []) {
      const distance = Math.hypot(one.sx - x, one.sy - y);
      if (distance < least) [best, least] = [one, distance];
    }
    return best;
  };
  const engineer = nearest(hits.engineers, reach);
  const ticket = nearest(hits.tickets, reach);
  if (engineer && ticket) {
    const isTicket = Math.hypot(ticket.sx - x, ticket.sy - y) + 4 < Math.hypot(engineer.sx - x, engineer.sy - y);
    return isTicket ? { ticket: ticket.ticket } : { engineer: engineer.engineer };
  }
  if (engineer) return { engineer: engineer.engineer };
  if (ticket) return { ticket: ticket.ticket };
  const found = nearest(hits.groups, 22);
  return found ? { group: found } : null;
}
