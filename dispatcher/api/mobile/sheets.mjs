// Questions before a step: what a gate asks for, what was found, why not finished, why not taken.
import { h } from "/ui/livemap/parts/dom.js";
import { lacksOf, proofField } from "./proofs.mjs";

const AGAIN_H = [0, 2, 24, 48, 72];

/** Tell whether a step asks anything before it is taken. */
export function asks(visit, move) {
  return move in FIELDS || lacksOf(visit, move).length > 0;
}

/** Ask what a step needs and take it; nothing is lost when the sheet is closed by mistake. */
export async function openSheet(phone, move, visit) {
  const fields = (await FIELDS[move]?.(phone)) ?? [];
  const proofs = lacksOf(visit, move).map((lack) => proofField(phone, lack));
  // who stands beside the engineer may sign at once; it is asked for again when not
  const signing = move === "finish" ? lacksOf(visit, "customer-accept").map((lack) => proofField(phone, lack, false)) : [];
  const box = h("dialog.sheet", { "aria-label": phone.t(`do.${move}`) });
  const form = h("form", { method: "dialog" }, h("h2", {}, phone.t(`do.${move}`)), h("p.soft", {}, visit.ticket.label || visit.ticket.id), ...proofs.map((one) => one.node), ...fields,
    signing.length ? h("fieldset.later-sign", {}, h("legend", {}, phone.t("proof.customer")), signing.map((one) => one.node)) : null,
    h("button.big", { type: "submit" }, phone.t(`do.${move}`)), h("button.plain", { type: "button", onclick: () => box.close() }, phone.t("back")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    void (async () => {
      const before = await read(proofs);
      const signed = await read(signing);
      // the customer agrees by signing; both wait for the step itself
      const after = signing.length && signed.length === signing.length ? [...signed, { path: "customer-accept", body: {} }] : [];
      box.close();
      await phone.step(move, visit, FIELDS[move] ? body(move, values, phone) : {}, before, after);
    })().catch(() => phone.tell(phone.t("proof.failed")));
  });
  box.addEventListener("close", () => box.remove());
  box.append(form);
  document.body.append(box);
  box.showModal();
}

/** The way home: whatever is still out is counted back first (R44). */
export async function homeSheet(phone) {
  const lacks = phone.state.route?.trip ?? [];
  if (!lacks.length) return phone.step("home", null);
  const fields = lacks.map((lack) => ({ ...proofField(phone, lack), ticket: lack.ticket }));
  const box = h("dialog.sheet", { "aria-label": phone.t("do.home") });
  const form = h("form", { method: "dialog" }, h("h2", {}, phone.t("do.home")), fields.map((one) => one.node),
    h("button.big", { type: "submit" }, phone.t("do.home")), h("button.plain", { type: "button", onclick: () => box.close() }, phone.t("back")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void (async () => {
      const found = await Promise.all(fields.map(async (one) => ({ ...(await one.read()), ticket: one.ticket })));
      box.close();
      await phone.step("home", null, {}, found);
    })();
  });
  box.addEventListener("close", () => box.remove());
  box.append(form);
  document.body.append(box);
  return box.showModal();
}

async function read(fields) {
  const found = await Promise.all(fields.map((one) => one.read()));
  return found.filter(Boolean);
}

function body(move, values, phone) {
  if (move === "finish") return Object.fromEntries(Object.entries({ found: values.found ?? "", done: values.done ?? "" }).filter(([, text]) => text.trim()));
  if (move === "decline") return { reason: values.reason.trim() };
  const again = Number(values.again);
  return { reason: values.reason, ...(again ? { again_at: Math.round(phone.now() + again * 3600) } : {}) };
}

const text = (phone, name, isNeeded = false) => h("label", {}, phone.t(`field.${name}`), h("textarea", { name, rows: 2, maxlength: 500, required: isNeeded }));

const FIELDS = {
  finish: async (phone) => [text(phone, "found", true), text(phone, "done", true)],
  decline: async (phone) => [text(phone, "reason", true)],
  incomplete: async (phone) => {
    const reasons = await phone.reasons();
    return [
      h("label", {}, phone.t("field.reason"), h("select", { name: "reason" }, reasons.map((one) => h("option", { value: one.name }, one.label)))),
      h("label", {}, phone.t("field.again"), h("select", { name: "again" }, AGAIN_H.map((n) => h("option", { value: String(n) }, phone.t(n ? "again.hours" : "again.open", { n }))))),
    ];
  },
};
