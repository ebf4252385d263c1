// Which tickets the queue shows, in which order, and how it stays still under the pointer. Pure.
import { FLAG } from "./store.js";
import { priority } from "./palette.js";

export const TABS = ["open", "risk", "late", "all"];
const UNPLACED = new Set(["reported", "triaged", "incomplete"]);
const MOVABLE = new Set(["triaged", "planned", "dispatched", "accepted", "incomplete"]);
const OVER = new Set(["done", "customer_accepted", "called_back", "closed", "cancelled"]);

export const isOver = (ticket) => OVER.has(ticket.status);
/** True for an answer, a quote or documents: nobody is to be sent. */
export const isDesk = (ticket) => Boolean(ticket.flags & FLAG.desk);
export const isUnplaced = (ticket) => UNPLACED.has(ticket.status) && !ticket.engineer && !isDesk(ticket);

/** True while a person may still give the ticket to somebody else. */
export const canPlace = (ticket) => MOVABLE.has(ticket.status);

/** Past the due time of the clock that counts; the server's flag or our own look at the clock. */
export function isLate(ticket, now) {
  if (isOver(ticket) || ticket.status === "held") return false;
  return Boolean(ticket.flags & FLAG.overdue) || (ticket.due > 0 && now > ticket.due && ticket.status !== "on_site");
}

export const isAtRisk = (ticket, now) => !isOver(ticket) && !isLate(ticket, now) && Boolean(ticket.flags & FLAG.risk);

/** True when a ticket belongs under a tab. */
export function inTab(ticket, tab, now) {
  if (tab === "open") return isUnplaced(ticket);
  if (tab === "risk") return isAtRisk(ticket, now);
  if (tab === "late") return isLate(ticket, now);
  return !isOver(ticket);
}

function wanted(ticket, filter, engineers) {
  if (filter.severities.size && !filter.severities.has(ticket.severity)) return false;
  const query = filter.query.trim().toLowerCase();
  if (!query) return true;
  const name = engineers.get(ticket.engineer)?.name ?? "";
  const text = `${ticket.id} ${ticket.label ?? ""} ${ticket.area ?? ""} ${ticket.category ?? ""} ${name} ${priority(ticket.severity)}`;
  return query.split(/\s+/).every((word) => text.toLowerCase().includes(word));
}

/** Sooner due first, then the worse severity, then the id; tickets without a clock come last. */
export function compare(a, b) {
  const due = (a.due || Infinity) - (b.due || Infinity);
  if (due && !Number.isNaN(due)) return due;
  return b.severity - a.severity || (a.id < b.id ? -1 : 1);
}

/** Return the ids under a tab that pass the filter, in order, and how many each tab holds. */
export function choose(tickets, engineers, { tab, filter, now }) {
  const counts = { open: 0, risk: 0, late: 0, all: 0 };
  const chosen = [];
  for (const ticket of tickets.values()) {
    if (!wanted(ticket, filter, engineers)) continue;
    for (const name of TABS) if (inTab(ticket, name, now)) counts[name] += 1;
    if (inTab(ticket, tab, now)) chosen.push(ticket);
  }
  chosen.sort(compare);
  return { ids: chosen.map((ticket) => ticket.id), counts };
}

/**
 * Keep a list still: while held, rows keep their places, those that left stay until release, and
 * new ones wait at the end.
 */
export function settle(shown, fresh, isHeld) {
  if (!isHeld) return { ids: fresh, waiting: 0 };
  const known = new Set(shown);
  const added = fresh.filter((id) => !known.has(id));
  const moved = fresh.some((id, i) => shown[i] !== id);
  return { ids: [...shown, ...added], waiting: moved ? added.length || 1 : 0 };
}
