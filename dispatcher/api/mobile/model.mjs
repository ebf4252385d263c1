// What the phone believes: the desk's route with the own steps that have not got through yet. Pure.

// the step that leads on from each state, and where it leads
export const STEPS = {
  dispatched: { move: "accept", to: "accepted" },
  accepted: { move: "depart", to: "travelling" },
  travelling: { move: "arrive", to: "on_site" },
  on_site: { move: "finish", to: "done" },
};
const AFTER = { accept: "accepted", decline: "triaged", depart: "travelling", arrive: "on_site", finish: "done", incomplete: "incomplete" };
const LEAVES = new Set(["decline", "finish", "incomplete"]);
// a shift of the start that a person should hear of
const TOLD_S = 600;

/** The route as it will be once everything in the outbox has been taken. */
export function expected(route, pending) {
  if (!route) return null;
  let visits = route.visits.map((visit) => ({ ...visit, ticket: { ...visit.ticket } }));
  const state = { lunch: Boolean(route.lunch_at), asked: Boolean(route.is_asked), home: Boolean(route.is_home) };
  for (const item of pending) {
    if (item.ticket) {
      if (LEAVES.has(item.move)) visits = visits.filter((visit) => visit.ticket.id !== item.ticket);
      for (const visit of visits) {
        if (visit.ticket.id !== item.ticket) continue;
        visit.ticket.status = AFTER[item.move] ?? visit.ticket.status;
        visit.isWaiting = true;
      }
    }
    if (item.move === "lunch") state.lunch = true;
    if (item.move === "return-request") state.asked = true;
    if (item.move === "home") state.home = true;
  }
  return { ...route, visits, ...state };
}

/** The route after the desk took a step, until the desk tells the route anew. */
export function settle(route, item) {
  if (!route) return route;
  const { lunch, asked, home, visits, ...rest } = expected(route, [item]);
  return {
    ...rest, visits: visits.map(({ isWaiting: _, ...visit }) => visit),
    lunch_at: route.lunch_at ?? (lunch ? item.at : null), is_asked: asked || Boolean(route.is_asked), is_home: home || Boolean(route.is_home),
  };
}

/** The one big button for a visit, or null while the desk has not sent the engineer yet. */
export function nextStep(visit) {
  return STEPS[visit?.ticket.status]?.move ?? null;
}

/** Beside the big button: what else may be said about a visit. */
export function otherSteps(visit) {
  const status = visit?.ticket.status;
  if (status === "dispatched" || status === "accepted") return ["decline"];
  if (status === "travelling" || status === "on_site") return ["incomplete"];
  return [];
}

/** What a person compares when asking "did my route change?". */
export function remember(route) {
  return (route?.visits ?? []).map(({ ticket, start_at }) => ({ id: ticket.id, label: ticket.label ?? ticket.symptom ?? ticket.id, start_at }));
}

/**
 * What became of a route since it was last seen: `[{kind, id, label, shift_s?}]`.
 *
 * `own` names the tickets this engineer ended, which is no news.
 */
export function changes(seen, now, own = new Set()) {
  if (!seen) return [];
  const before = seen.filter((one) => !own.has(one.id));
  const old = new Map(before.map((one) => [one.id, one]));
  const fresh = new Set(now.map((one) => one.id));
  const out = now.filter((one) => !old.has(one.id)).map(({ id, label }) => ({ kind: "added", id, label }));
  for (const { id, label } of before) if (!fresh.has(id)) out.push({ kind: "removed", id, label });
  const stayed = now.filter((one) => old.has(one.id));
  const order = before.filter((one) => fresh.has(one.id)).map((one) => one.id);
  stayed.forEach((one, i) => {
    const shift = one.start_at - old.get(one.id).start_at;
    if (order[i] !== one.id) out.push({ kind: "resequenced", id: one.id, label: one.label });
    else if (Math.abs(shift) >= TOLD_S) out.push({ kind: "retimed", id: one.id, label: one.label, shift_s: shift });
  });
  return out;
}

/** True while positions may be sent: only inside the shift. */
export function onShift(route, now, overtimeS = 7200) {
  return Number.isFinite(route?.shift_at) && now >= route.shift_at && now < route.shift_end_at + overtimeS;
}

/** Metres between two places, good enough for "has moved". */
export function metres(a, b) {
  const half = Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return Math.hypot((a.lat - b.lat) * 111_320, (a.lon - b.lon) * 111_320 * half);
}

/** A text of the desk in a language: the socket sends both, the doors one. */
export function inWords(text, lang) {
  return typeof text === "string" ? text : (text?.[lang] ?? text?.en ?? "");
}

/** A name for what can be learnt of a visit now: another language or a lifted veil is another one. */
export function subject(visit, lang) {
  return [visit.ticket.id, visit.ticket.asset ?? "", visit.ticket.model ?? "", lang].join("|");
}

/** Ask the desk all of it at once; what it does not tell this person is left out, no line is an error. */
export async function learn(http, visit, lang) {
  const { id, asset } = visit.ticket;
  const get = async (where) => {
    try {
      return await http.get(where);
    } catch (problem) {
      if (problem.status) return null;
      throw problem;
    }
  };
  const ticket = `/tickets/${encodeURIComponent(id)}`;
  const thing = asset ? `/assets/${encodeURIComponent(asset)}` : null;
  const [similar, pays, forms, record, standing] = await Promise.all([
    get(`${ticket}/similar`), get(`${ticket}/coverage`), get(`${ticket}/forms`),
    thing ? get(thing) : null, thing ? get(`${thing}/coverage`) : null,
  ]);
  return { subject: subject(visit, lang), ticket: id, similar: similar?.items ?? [], pays, forms: forms?.items ?? [], asset: record?.asset ?? null, standing };
}
