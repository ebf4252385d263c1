// Drag a ticket from the queue or the Gantt onto an engineer; the desk's preview colours the targets.
import { h } from "./dom.js";
import { SHAPE } from "./palette.js";

const THRESHOLD = 6;

/** Colour and words for a candidate: how much dearer than the best, late or not. */
export function offerOf(candidate, palette, t) {
  const minutes = Math.round(candidate.extra / 60);
  const colour = candidate.late_s > 0 ? palette.bad : minutes <= 5 ? palette.good : palette.fair;
  const text = candidate.extra === 0 ? t("offer.best") : t("offer.extra", { min: minutes });
  return { colour, text, startAt: candidate.start_at, position: candidate.position, candidate };
}

export class Drag {
  constructor(app) {
    this.app = app;
    this.chip = h("div.dragchip.float", { hidden: true });
    this.wasDragged = false;
  }

  begin(event, ticketId) {
    if (event.button !== 0 || event.pointerType === "touch") return;
    this.wasDragged = false;
    this.start = { x: event.clientX, y: event.clientY, id: ticketId };
    this.abort = new AbortController();
    const { signal } = this.abort;
    window.addEventListener("pointermove", (moved) => this.#move(moved), { signal });
    window.addEventListener("pointerup", (up) => void this.#drop(up), { signal });
    window.addEventListener("pointercancel", () => this.cancel(), { signal });
    window.addEventListener("keydown", (key) => key.key === "Escape" && this.cancel(), { signal, capture: true });
  }

  #move(event) {
    const { x, y, id } = this.start;
    if (!this.isActive) {
      if (Math.hypot(event.clientX - x, event.clientY - y) < THRESHOLD) return;
      this.isActive = true;
      this.wasDragged = true;
      this.#raise(id);
    }
    event.preventDefault();
    const box = this.app.root.getBoundingClientRect();
    this.chip.style.transform = `translate(${event.clientX - box.left + 12}px, ${event.clientY - box.top + 10}px)`;
    this.#aim(event);
  }

  #raise(id) {
    const { app } = this;
    const ticket = app.store.tickets.get(id);
    this.chip.hidden = false;
    this.chip.replaceChildren(h("b", {}, `${SHAPE[ticket?.severity ?? 1]} ${ticket?.label || id}`), h("div", {}, app.t("drag.hint")));
    app.root.classList.add("dragging");
    app.select({ kind: "ticket", id }, "drag");
    void app.startPreview(id);
  }

  #target(event) {
    const row = this.app.gantt.dropAt(event.clientX, event.clientY);
    if (row) return row;
    const engineer = this.app.map.engineerAt(event.clientX, event.clientY);
    return engineer ? { engineer } : null;
  }

  #aim(event) {
    const { app } = this;
    const target = this.#target(event);
    const preview = app.ui.preview;
    if (preview) preview.target = target?.engineer.id ?? null;
    const offer = target && preview?.byEngineer.get(target.engineer.id);
    const refusal = target && preview?.excluded.get(target.engineer.id);
    const words = !target ? app.t("drag.hint") : refusal ? `${target.engineer.name}: ${refusal}` : `→ ${target.engineer.name}${offer ? ` · ${offer.text}` : ""}`;
    this.chip.lastChild.textContent = words;
    this.chip.classList.toggle("refused", Boolean(refusal));
    app.schedule();
  }

  async #drop(event) {
    const target = this.isActive ? this.#target(event) : null;
    const id = this.start.id;
    const wasActive = this.isActive;
    this.cancel();
    if (!wasActive || !target) return;
    const body = { engineer: target.engineer.id };
    if (Number.isInteger(target.position)) body.position = target.position;
    await this.app.commands.run("assign", id, body);
  }

  cancel() {
    this.abort?.abort();
    if (this.isActive) {
      this.isActive = false;
      this.app.gantt.refresh();
    }
    this.chip.hidden = true;
    this.app.root.classList.remove("dragging");
    this.app.endPreview();
    // the click that follows a drop must not count as a click
    setTimeout(() => (this.wasDragged = false), 50);
  }
}
