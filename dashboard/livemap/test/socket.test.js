import assert from "node:assert/strict";
import { test } from "node:test";
import { Link, backoff } from "../src/socket.js";

// a hand-wound clock and a line that remembers what was said on it
function world({ tickets = async () => "ticket", verdict = () => "ok" } = {}) {
  const timers = new Map();
  let next = 1;
  let now = 0;
  const sockets = [];
  class Socket {
    constructor(url, protocols) {
      Object.assign(this, { url, protocols, readyState: 0, sent: [], closedWith: null });
      sockets.push(this);
    }
    send(text) { this.sent.push(JSON.parse(text)); }
    close(code) { this.closedWith = code; this.readyState = 3; }
    open() { this.readyState = 1; this.onopen(); }
    say(msg) { this.onmessage({ data: typeof msg === "string" ? msg : JSON.stringify(msg) }); }
    drop(code) { this.readyState = 3; this.onclose({ code }); }
  }
  const set = (work, ms, every) => { timers.set(next, { at: now + ms, work, every: every ? ms : 0 }); return next++; };
  const env = {
    WebSocket: Socket, Math: { random: () => 0.5 }, Date: { now: () => now },
    setTimeout: (work, ms) => set(work, ms, false), setInterval: (work, ms) => set(work, ms, true),
    clearTimeout: (id) => timers.delete(id), clearInterval: (id) => timers.delete(id),
  };
  const pass = (ms) => {
    const until = now + ms;
    for (;;) {
      const due = [...timers].filter(([, one]) => one.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      now = due[1].at;
      if (due[1].every) due[1].at += due[1].every;
      else timers.delete(due[0]);
      due[1].work();
    }
    now = until;
  };
  const states = [];
  const position = { epoch: null, v: -1 };
  const link = new Link({ url: "ws://x/ws/live", territory: "capital", getTicket: tickets, position: () => position, onMessage: verdict, onState: (state) => states.push(state), env });
  return { link, sockets, states, position, pass, settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

test("the first word is hello with the ticket; a known epoch is named to resume", async () => {
  const w = world();
  w.link.start();
  await w.settle();
  assert.deepEqual(w.sockets[0].protocols, ["dispatch.v1.json"]);
  w.sockets[0].open();
  assert.deepEqual(w.sockets[0].sent[0], { t: "hello", ticket: "ticket", territory: "capital" });
  w.sockets[0].say({ t: "snap", v: 4 });
  Object.assign(w.position, { epoch: "a", v: 4 });
  w.sockets[0].drop(1006);
  w.pass(500);
  await w.settle();
  w.sockets[1].open();
  assert.deepEqual(w.sockets[1].sent[0], { t: "hello", ticket: "ticket", territory: "capital", epoch: "a", v: 4 });
});

test("every fifth delta is acknowledged at once, fewer after a second", async () => {
  const w = world();
  w.link.start();
  await w.settle();
  const line = w.sockets[0];
  line.open();
  line.say({ t: "snap", v: 1 });
  w.pass(1000);
  const acks = () => line.sent.filter((msg) => msg.t === "ack").length;
  assert.equal(acks(), 1);
  for (let v = 2; v <= 6; v += 1) line.say({ t: "d", v });
  assert.equal(acks(), 2);
  line.say({ t: "d", v: 7 });
  assert.equal(acks(), 2);
  w.pass(999);
  assert.equal(acks(), 2);
  w.pass(2);
  assert.equal(acks(), 3);
});

test("a gap closes with 4000 and comes back with what is known", async () => {
  const w = world({ verdict: (msg) => (msg.t === "d" ? "gap" : "ok") });
  w.link.start();
  await w.settle();
  w.sockets[0].open();
  w.sockets[0].say({ t: "snap", v: 1 });
  w.sockets[0].say({ t: "d", pv: 8, v: 9 });
  assert.equal(w.sockets[0].closedWith, 4000);
  assert.equal(w.link.counts.gaps, 1);
  w.pass(600);
  await w.settle();
  assert.equal(w.sockets.length, 2);
});

test("4401 and a refused ticket stop and say signed out; a person may wake it", async () => {
  const w = world();
  w.link.start();
  await w.settle();
  w.sockets[0].open();
  w.sockets[0].drop(4401);
  w.pass(120_000);
  await w.settle();
  assert.equal(w.sockets.length, 1);
  assert.equal(w.states.at(-1), "signed_out");
  w.link.wake();
  await w.settle();
  assert.equal(w.sockets.length, 2);
  const refused = world({ tickets: () => Promise.reject({ status: 401 }) });
  refused.link.start();
  await refused.settle();
  refused.pass(120_000);
  assert.equal(refused.sockets.length, 0);
  assert.equal(refused.states.at(-1), "signed_out");
});

test("an API that is away is asked again with a growing, jittered pause", async () => {
  let asked = 0;
  const w = world({ tickets: () => { asked += 1; return Promise.reject(new Error("offline")); } });
  w.link.start();
  await w.settle();
  for (let i = 0; i < 4; i += 1) {
    w.pass(30_000);
    await w.settle();
  }
  assert.equal(asked, 5);
  assert.equal(w.link.counts.reconnects, 5);
  assert.equal(backoff(0, () => 1), 500);
  assert.equal(backoff(3, () => 1), 4000);
  assert.equal(backoff(30, () => 1), 30_000);
  assert.equal(backoff(5, () => 0), 0);
});

test("the heartbeat asks every 15 s and a silent line is cut after 40 s", async () => {
  const w = world();
  w.link.start();
  await w.settle();
  const line = w.sockets[0];
  line.open();
  line.say({ t: "snap", v: 1 });
  w.pass(31_000);
  assert.equal(line.sent.filter((msg) => msg.t === "ping").length, 3);
  line.say({ t: "pong", ts: 1_795_000_000_000 });
  assert.equal(w.link.rtt, 1000);
  w.pass(39_000);
  assert.equal(line.closedWith, null);
  w.pass(2_000);
  assert.equal(line.closedWith, 4000);
  assert.equal(w.link.counts.reconnects, 1);
});

test("what is no JSON closes the line instead of breaking the page", async () => {
  const w = world();
  w.link.start();
  await w.settle();
  w.sockets[0].open();
  w.sockets[0].say("<html>");
  assert.equal(w.sockets[0].closedWith, 4000);
});

test("a late word of an old line is not heard after stop", async () => {
  let heard = 0;
  const w = world({ verdict: () => { heard += 1; return "ok"; } });
  w.link.start();
  await w.settle();
  w.sockets[0].open();
  w.link.stop();
  w.sockets[0].say({ t: "snap", v: 1 });
  assert.equal(heard, 0);
  assert.equal(w.link.state, "idle");
});
