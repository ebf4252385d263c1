// The live socket: hello, resume, gap, acks, heartbeat, jitter. All outside things are arguments.
const HEARTBEAT_MS = 15_000;
const SILENCE_MS = 40_000;
const ACK_MS = 1_000;
const ACK_EVERY = 5;
// codes after which coming back by itself would not help
const FINAL = { 4401: "signed_out", 4403: "forbidden", 4400: "broken" };

/** Full jitter: a random share of a doubling span, at most 30 s. */
export function backoff(attempt, random) {
  return random() * Math.min(30_000, 500 * 2 ** attempt);
}

/**
 * One connection that comes back.
 *
 * `getTicket()` resolves to a ticket or rejects with `{status}`; `onMessage(msg)` returns what the
 * store said ("ok", "old", "gap", "other"); `onState(state, detail)` tells people.
 */
export class Link {
  constructor({ url, territory, getTicket, position, onMessage, onState, env = globalThis }) {
    Object.assign(this, { url, territory, getTicket, position, onMessage, onState, env });
    this.counts = { msgs: 0, snaps: 0, resumes: 0, gaps: 0, reconnects: 0 };
    this.attempt = 0;
    this.state = "idle";
    this.rtt = null;
    this.isClosed = false;
    this.generation = 0;
  }

  start() {
    this.isClosed = false;
    void this.#open();
  }

  /** Come back at once, for example when the network returned or a person asked. */
  wake() {
    if (this.isClosed || this.state === "live" || this.state === "connecting") return;
    this.attempt = 0;
    this.env.clearTimeout(this.retryTimer);
    void this.#open();
  }

  stop() {
    this.isClosed = true;
    this.generation += 1;
    this.#quiet();
    this.env.clearTimeout(this.retryTimer);
    this.socket?.close(1000);
    this.socket = null;
    this.#say("idle");
  }

  async #open() {
    const generation = ++this.generation;
    this.#say("connecting");
    let ticket;
    try {
      ticket = await this.getTicket();
    } catch (problem) {
      if (generation !== this.generation) return;
      if (problem?.status === 401) return this.#say("signed_out");
      if (problem?.status === 403) return this.#say("forbidden");
      return this.#later();
    }
    if (generation !== this.generation || this.isClosed) return;
    const socket = new this.env.WebSocket(this.url, ["dispatch.v1.json"]);
    this.socket = socket;
    const alive = () => socket === this.socket && generation === this.generation;
    socket.onopen = () => alive() && this.#hello(ticket);
    socket.onmessage = (event) => alive() && this.#receive(event.data);
    socket.onerror = () => {};
    socket.onclose = (event) => alive() && this.#closed(event.code);
  }

  #hello(ticket) {
    const { epoch, v } = this.position();
    const hello = { t: "hello", ticket, territory: this.territory };
    if (epoch !== null) Object.assign(hello, { epoch, v });
    this.#send(hello);
    this.#heard();
    this.beat = this.env.setInterval(() => this.#ping(), HEARTBEAT_MS);
  }

  #receive(text) {
    let msg;
    try {
      msg = JSON.parse(text);
    } catch {
      return this.#drop(4000);
    }
    this.#heard();
    this.counts.msgs += 1;
    if (msg.t === "pong") {
      this.rtt = this.env.Date.now() - this.pingAt;
      return this.#say("live");
    }
    const verdict = this.onMessage(msg);
    if (verdict === "gap") {
      this.counts.gaps += 1;
      this.attempt = 0;
      return this.#drop(4000);
    }
    if (msg.t === "snap") this.counts.snaps += 1;
    if (msg.t === "resumed") this.counts.resumes += 1;
    if (this.state !== "live" && (msg.t === "snap" || msg.t === "resumed")) this.#arrived();
    if (msg.t === "d" || msg.t === "snap") this.#owe();
  }

  #arrived() {
    this.attempt = 0;
    this.owed = 0;
    this.#say("live");
    this.#ping();
  }

  // an ack for every fifth delta, or a second after the first unacknowledged one
  #owe() {
    this.owed = (this.owed ?? 0) + 1;
    if (this.owed >= ACK_EVERY) return this.#ack();
    this.ackTimer ??= this.env.setTimeout(() => this.#ack(), ACK_MS);
  }

  #ack() {
    this.env.clearTimeout(this.ackTimer);
    this.ackTimer = null;
    this.owed = 0;
    this.#send({ t: "ack", v: this.position().v });
  }

  // the answer's stamp is the desk's clock, so the way there and back is timed here
  #ping() {
    this.pingAt = this.env.Date.now();
    this.#send({ t: "ping", ts: this.pingAt });
  }

  #send(msg) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(msg));
  }

  // a line that says nothing for long is cut, whatever the kernel believes
  #heard() {
    this.env.clearTimeout(this.silence);
    this.silence = this.env.setTimeout(() => this.#drop(4000), SILENCE_MS);
  }

  #drop(code) {
    const socket = this.socket;
    this.#closed(code);
    socket?.close(code);
  }

  #closed(code) {
    this.#quiet();
    this.socket = null;
    if (this.isClosed) return;
    if (FINAL[code]) return this.#say(FINAL[code]);
    this.#later(code === 4429 ? 3 : 0);
  }

  #later(least = 0) {
    const delay = backoff(Math.max(this.attempt, least), this.env.Math.random);
    this.attempt += 1;
    this.counts.reconnects += 1;
    this.#say("waiting", { delay });
    this.env.clearTimeout(this.retryTimer);
    this.retryTimer = this.env.setTimeout(() => void this.#open(), delay);
  }

  #quiet() {
    this.env.clearInterval(this.beat);
    this.env.clearTimeout(this.silence);
    this.env.clearTimeout(this.ackTimer);
    this.ackTimer = null;
  }

  #say(state, detail = {}) {
    this.state = state;
    this.onState(state, detail);
  }
}
