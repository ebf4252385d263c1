// Steps taken by the engineer, kept until the desk has them: in order, each with one key for ever.

// the desk has decided; sending the same again would change nothing
const DECIDED = new Set([400, 403, 404, 409, 413, 422]);

export class Outbox {
  /**
   * `storage` keeps items (`all`, `add`, `remove`); `send(item)` resolves or rejects with
   * `{status, message}` (no status = no line); `onChange()` redraws; `onRefused(item, problem)` tells.
   */
  constructor({ storage, send, newKey, onChange = () => {}, onRefused = () => {}, onSignedOut = () => {} }) {
    Object.assign(this, { storage, send, newKey, onChange, onRefused, onSignedOut });
    this.items = [];
    this.running = null;
  }

  /** Read what a former visit of the page left. */
  async open() {
    this.items = await this.storage.all();
    this.onChange();
  }

  /** Write a step down first, then try to send; returns when it is safe on this phone. */
  async add(step) {
    const item = { ...step, key: this.newKey() };
    item.seq = await this.storage.add(item);
    this.items.push(item);
    this.onChange();
    void this.flush();
  }

  /** Send what waits, oldest first; stops at the first step that does not get through. */
  flush() {
    this.running ??= this.#flush().finally(() => (this.running = null));
    return this.running;
  }

  async #flush() {
    while (this.items.length) {
      const item = this.items[0];
      try {
        await this.send(item);
      } catch (problem) {
        if (problem.status === 401) return this.onSignedOut();
        if (!DECIDED.has(problem.status)) return;
        await this.#drop(item);
        this.onRefused(item, problem);
        continue;
      }
      await this.#drop(item);
    }
  }

  async #drop(item) {
    await this.storage.remove(item.seq);
    this.items = this.items.filter((one) => one.seq !== item.seq);
    this.onChange();
  }
}
