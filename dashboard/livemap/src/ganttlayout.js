// Time to pixels and routes to bars. Pure.

const STEPS = [300, 900, 1800, 3600, 7200, 10800, 21600];

/** A stretch of time on a strip of pixels. */
export class Scale {
  constructor(from, to, left, width) {
    Object.assign(this, { from, to, left, width: Math.max(width, 1) });
  }

  x(at) {
    return this.left + ((at - this.from) / (this.to - this.from)) * this.width;
  }

  at(x) {
    return this.from + ((x - this.left) / this.width) * (this.to - this.from);
  }

  /** Whole ticks in the zone (`offset` seconds ahead of UTC), at least `gap` px apart. */
  ticks(offset, gap = 62) {
    const least = ((this.to - this.from) / this.width) * gap;
    const step = STEPS.find((one) => one >= least) ?? 43200;
    const ticks = [];
    const first = Math.ceil((this.from + offset) / step) * step - offset;
    for (let at = first; at <= this.to; at += step) ticks.push(at);
    return ticks;
  }
}

/** The span worth showing: the shifts of the running day, or some hours around now. */
export function daySpan(routes, now) {
  let from = Infinity;
  let to = -Infinity;
  for (const { shiftAt, shiftEndAt, homeAt } of routes) {
    if (now < shiftAt - 14 * 3600 || now > Math.max(shiftEndAt, homeAt) + 14 * 3600) continue;
    from = Math.min(from, shiftAt);
    to = Math.max(to, shiftEndAt, homeAt);
  }
  if (!(to > from)) return [now - 2 * 3600, now + 8 * 3600];
  return [from - 1800, Math.min(to, from + 20 * 3600) + 1800];
}

/** Bars of one engineer's routes: `{kind, from, to, ticket?}`, past before future, lunch as its own bar. */
export function bars(routes, tickets) {
  const out = [];
  for (const route of routes) {
    out.push({ kind: "shift", from: route.shiftAt, to: route.shiftEndAt });
    for (const one of route.past) {
      if (one.arrive > one.depart) out.push({ kind: "pasttravel", from: one.depart, to: one.arrive });
      out.push({ kind: "past", from: one.arrive, to: one.finish, ticket: one.ticket });
    }
    let before = null;
    for (const visit of route.visits) {
      // with lunch the stop before ends in the break, and the drive follows it
      const leaves = Math.max(visit.depart, visit.arrive - visit.travel);
      if (leaves > visit.depart) out.push({ kind: visit.lunch ? "lunch" : "wait", from: visit.depart, to: leaves });
      if (visit.arrive > leaves) out.push({ kind: "travel", from: leaves, to: visit.arrive });
      if (visit.start > visit.arrive) out.push({ kind: "wait", from: visit.arrive, to: visit.start });
      const due = tickets.get(visit.ticket)?.due ?? 0;
      out.push({ kind: "work", from: visit.start, to: visit.finish, ticket: visit.ticket, position: visit.position, late: due && visit.start > due ? due : 0 });
      before = visit.finish;
    }
    if (route.visits.length && route.homeAt > before) out.push({ kind: "home", from: before, to: route.homeAt });
  }
  return out;
}

/** The place in a route where a ticket dropped at time `at` would go. */
export function positionAt(visits, at) {
  const i = visits.findIndex((visit) => (visit.start + visit.finish) / 2 > at);
  return i < 0 ? visits.length : i;
}

const AWAY = { off: 2, absent: 3 };

/** Engineers in rows: with work first, then on duty, then by name; steady while nobody comes or goes. */
export function rowOrder(engineers, lang, hasWork = () => false) {
  const collator = new Intl.Collator(lang === "zh" ? "zh-CN" : "en");
  const rank = (one) => (hasWork(one) ? 0 : 1 + (AWAY[one.state] ?? 0));
  return [...engineers].sort((a, b) => rank(a) - rank(b) || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}
