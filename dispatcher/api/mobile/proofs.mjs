// What a gate asks for before a step, as fields of a sheet, and what the answers become for the outbox.
import { h } from "/ui/livemap/parts/dom.js";

// the longer side of a photo in pixels, and the most characters of its base64 (the desk takes 230,000)
const SIDE = 1280;
const MOST = 220_000;

/** The things a move of a visit waits for that a person here can bring. */
export function lacksOf(visit, move) {
  const gate = (visit.gates ?? []).find((one) => one.move === MOVE[move] || one.move === move);
  return (gate?.lacks ?? []).filter((one) => one.by === "evidence" || one.by === "contact");
}
const MOVE = { incomplete: "leave_incomplete", "customer-accept": "customer_accept" };

/** A field for one missing thing; `read()` gives `{path, body}` or null when it was left out. */
export function proofField(phone, lack, isNeeded = true) {
  const make = lack.by === "contact" ? tick : (KINDS[lack.asks] ?? tick);
  return make(phone, lack, isNeeded);
}

const note = (lack) => h("span.clause", {}, lack.clause);
const evidence = (lack, more = {}) => ({ path: "evidence", body: { kind: lack.condition, ...more } });

function tick(phone, lack, isNeeded) {
  const box = h("input", { type: "checkbox", required: isNeeded });
  const words = lack.by === "contact" ? phone.t(`proof.contact.${lack.purpose}`) : lack.label;
  const read = () => (box.checked ? (lack.by === "contact" ? { path: "contacts", body: { purpose: lack.purpose } } : evidence(lack)) : null);
  return { node: h("label.tick", { "data-proof": lack.condition }, box, h("span", {}, words, " ", note(lack))), read };
}

function items(phone, lack, isNeeded) {
  const list = lack.items?.length ? lack.items : [{ name: lack.condition, label: lack.label }];
  const boxes = list.map((one) => ({ one, box: h("input", { type: "checkbox", required: isNeeded }) }));
  const node = h("fieldset", { "data-proof": lack.condition }, h("legend", {}, lack.label, " ", note(lack)),
    boxes.map(({ one, box }) => h("label.tick", {}, box, h("span", {}, one.label))));
  const read = () => {
    const ticked = boxes.filter(({ box }) => box.checked).map(({ one }) => one.name);
    return ticked.length ? evidence(lack, { items: ticked }) : null;
  };
  return { node, read };
}

function number(phone, lack, isNeeded) {
  const input = h("input", { type: "text", maxlength: 120, autocomplete: "off", required: isNeeded });
  const read = () => (input.value.trim() ? evidence(lack, { value: input.value.trim() }) : null);
  return { node: h("label", { "data-proof": lack.condition }, lack.label, " ", note(lack), input), read };
}

function photo(phone, lack, isNeeded) {
  const input = h("input", { type: "file", accept: "image/*", capture: "environment", required: isNeeded });
  const read = async () => (input.files[0] ? evidence(lack, { picture: await shrunk(input.files[0]) }) : null);
  return { node: h("label", { "data-proof": lack.condition }, lack.label, " ", note(lack), input), read };
}

async function shrunk(file) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  const canvas = h("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  for (const quality of [0.8, 0.6, 0.4, 0.2]) {
    const text = canvas.toDataURL("image/jpeg", quality).split(",")[1];
    if (text.length < MOST) return text;
  }
  throw new Error("photo");
}

function signature(phone, lack, isNeeded) {
  const canvas = h("canvas.sign", { width: 600, height: 220, tabindex: 0, role: "img", "aria-label": lack.label });
  const pen = canvas.getContext("2d");
  Object.assign(pen, { lineWidth: 4, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
  let isDrawn = false;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    pen.lineTo(...at(event));
    pen.stroke();
    isDrawn = true;
    guard.setCustomValidity("");
  });
  // a form knows required inputs only; this one stands for the drawing
  const guard = h("input.guard", { type: "text", tabindex: -1, "aria-hidden": "true" });
  if (isNeeded) guard.setCustomValidity(phone.t("proof.sign.empty"));
  const clear = h("button.plain", { type: "button", onclick: () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    isDrawn = false;
    if (isNeeded) guard.setCustomValidity(phone.t("proof.sign.empty"));
  } }, phone.t("proof.sign.clear"));
  const read = () => (isDrawn ? evidence(lack, { picture: canvas.toDataURL("image/png").split(",")[1] }) : null);
  return { node: h("div.signing", { "data-proof": lack.condition }, h("span.soft", {}, lack.label, " ", note(lack)), canvas, guard, clear), read };
}

const KINDS = { tick, items, number, photo, signature };
