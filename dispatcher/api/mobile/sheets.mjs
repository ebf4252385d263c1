// Questions that need words: what was found, why not finished, why not taken.
import { h } from "/ui/livemap/parts/dom.js";

const AGAIN_H = [0, 2, 24, 48, 72];

/** Ask what a step needs and take it; nothing is lost when the sheet is closed by mistake. */
export async function openSheet(phone, move, visit) {
  const fields = await FIELDS[move](phone);
  const box = h("dialog.sheet", { "aria-label": phone.t(`do.${move}`) });
  const form = h("form", { method: "dialog" }, h("h2", {}, phone.t(`do.${move}`)), h("p.soft", {}, visit.ticket.label || visit.ticket.id), ...fields,
    h("button.big", { type: "submit" }, phone.t(`do.${move}`)), h("button.plain", { type: "button", onclick: () => box.close() }, phone.t("back")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    box.close();
    void phone.step(move, visit, body(move, Object.fromEntries(new FormData(form)), phone));
  });
  box.addEventListener("close", () => box.remove());
  box.append(form);
  document.body.append(box);
  box.showModal();
}

function body(move, values, phone) {
  if (move === "finish") return Object.fromEntries(Object.entries(values).filter(([, text]) => text.trim()));
  if (move === "decline") return { reason: values.reason.trim() };
  const again = Number(values.again);
  return { reason: values.reason, ...(again ? { again_at: Math.round(phone.now() + again * 3600) } : {}) };
}

const text = (phone, name, isNeeded = false) => h("label", {}, phone.t(`field.${name}`), h("textarea", { name, rows: 2, maxlength: 500, required: isNeeded }));

const FIELDS = {
  finish: async (phone) => [text(phone, "found"), text(phone, "done")],
  decline: async (phone) => [text(phone, "reason", true)],
  incomplete: async (phone) => {
    const reasons = await phone.reasons();
    return [
      h("label", {}, phone.t("field.reason"), h("select", { name: "reason" }, reasons.map((one) => h("option", { value: one.name }, one.label)))),
      h("label", {}, phone.t("field.again"), h("select", { name: "again" }, AGAIN_H.map((n) => h("option", { value: String(n) }, phone.t(n ? "again.hours" : "again.open", { n }))))),
    ];
  },
};
