// What a ticket's next moves wait for, and its open tasks: each with the way to bring it or let it pass.
import { span } from "./clock.js";
import { h } from "./dom.js";
import { path } from "./http.js";

// ways off the road: a ticket is not waiting for them
const ASIDE = new Set(["solve", "review"]);

/** The block of gates of the ticket panel; null when every gate is open. */
export function gatesBlock(app, ticket, gates) {
  const { t } = app;
  const shut = (gates ?? []).filter((one) => !ASIDE.has(one.move)).map((one) => ({ ...one, lacks: one.lacks.filter((lack) => lack.by !== "report") })).filter((one) => one.lacks.length);
  if (!shut.length) return null;
  return h("div.block.gates", {}, h("h3", {}, t("gate.block")), shut.map((one) => h("div.gate", { "data-move": one.move },
    h("div.sub", {}, t("gate.before", { move: one.label })), h("ul", {}, one.lacks.map((lack) => lackRow(app, ticket, lack))))));
}

function lackRow(app, ticket, lack) {
  const { t } = app;
  const button = (name, onclick) => h("button.small", { type: "button", "data-do": `${name}-${lack.condition}`, onclick }, t(`gate.${name}`));
  const acts = [];
  if (app.canCommand && lack.by === "contact") acts.push(button("called", () => app.commands.run("contacts", ticket.id, { purpose: lack.purpose })));
  if (app.canCommand && lack.by === "evidence" && lack.asks) acts.push(button("record", () => app.dialogs.evidence(ticket, lack)));
  if ((lack.except_by ?? []).includes(app.role)) acts.push(button("except", () => app.dialogs.letPass(ticket, lack)));
  return h("li", { "data-lack": lack.condition }, h("div", {}, h("span", { "aria-hidden": "true" }, "▢ "), lack.text), acts.length ? h("div.acts", {}, acts) : h("div.sub", {}, lack.how));
}

/** The open tasks of a ticket; null when there are none. `tickers` redraw the countdowns. */
export function tasksBlock(app, ticket, tasks, tickers) {
  const { t } = app;
  if (!tasks?.length) return null;
  const act = async (one, verb) => {
    try {
      const [name, run] = one.task.split("/");
      await app.http.post(path("tickets", ticket.id, "tasks", name, run, verb), {});
      app.toasts.show("done", t(`did.task.${verb}`, { task: one.title }));
    } catch (problem) {
      app.toasts.show("error", problem.message);
    }
  };
  const rows = [...tasks].sort((a, b) => a.due_at - b.due_at).map((one) => {
    const left = h("span.num");
    tickers.push(() => {
      const s = one.due_at - app.now();
      left.textContent = s < 0 ? t("task.overdue", { span: span(-s, t("unit.day")) }) : t("task.left", { span: span(s, t("unit.day")) });
      left.dataset.state = s < 0 ? "late" : "ok";
    });
    const acts = app.role ? [
      one.taken_by ? h("span.sub", {}, t("task.taken", { who: one.taken_by })) : h("button.small", { type: "button", "data-do": `take-${one.task}`, onclick: () => act(one, "take") }, t("task.take")),
      h("button.small", { type: "button", "data-do": `done-${one.task}`, onclick: () => act(one, "done") }, t("task.done")),
    ] : [];
    return h("li", { "data-task": one.task }, h("div", {}, one.title), h("div.sub", {}, one.role_label, " · ", left, one.clause ? h("span.clause", {}, ` ${one.clause}`) : null), h("div.acts", {}, acts));
  });
  return h("div.block.tasks", {}, h("h3", {}, t("task.block", { n: tasks.length })), h("ul", {}, rows));
}
