// What a tip under the pointer says, line by line.
import { span } from "./clock.js";
import { isLate } from "./order.js";
import { SHAPE, priority, short } from "./palette.js";
import { dueText } from "./queue.js";

/** Say a mark of the map in a few lines: a ticket, an engineer or a group of marks. */
export function describe(app, { ticket, engineer, group }) {
  const { t, store } = app;
  const now = app.now();
  if (group) return [t("group", { n: group.n }), t("group.hint")];
  if (ticket) {
    const who = store.engineers.get(ticket.engineer)?.name ?? t("nobody");
    return [`${SHAPE[ticket.severity]} ${priority(ticket.severity)} ${ticket.label || ticket.id}`, `${short(ticket.id)} · ${ticket.area || t.word("category", ticket.category)}`, `${t.word("status", ticket.status)} · ${who}`, dueText(ticket, now, isLate(ticket, now), t)];
  }
  const next = store.routesOf(engineer.id).flatMap((route) => route.visits)[0];
  const lines = [engineer.name, t.word("state", engineer.state)];
  if (next) lines.push(`${app.hour(next.start)} ${store.tickets.get(next.ticket)?.label ?? next.ticket}`);
  if (engineer.late > 0) lines.push(`${t("engineer.late")} ${span(engineer.late, t("unit.day"))}`);
  return lines;
}

/** Say a bar of the timeline in a few lines. */
export function describeVisit(app, bar) {
  const { t, store, hour } = app;
  const ticket = store.tickets.get(bar.ticket);
  const lines = [ticket ? `${SHAPE[ticket.severity]} ${priority(ticket.severity)} ${ticket.label || ticket.id}` : bar.ticket, `${hour(bar.from)} – ${hour(bar.to)}`];
  if (ticket) lines.push(`${t.word("status", ticket.status)} · ${dueText(ticket, app.now(), isLate(ticket, app.now()), t)}`);
  if (bar.late) lines.push(t("due.planned_late", { span: span(bar.from - bar.late, t("unit.day")) }));
  return lines;
}
