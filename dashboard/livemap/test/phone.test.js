import assert from "node:assert/strict";
import { test } from "node:test";
import { Locator } from "../../../dispatcher/api/mobile/locate.mjs";
import { changes, expected, inWords, learn, metres, nextStep, onShift, otherSteps, remember, settle, subject } from "../../../dispatcher/api/mobile/model.mjs";
import { Outbox } from "../../../dispatcher/api/mobile/outbox.mjs";

const visit = (id, status = "dispatched", start_at = 1000) => ({ ticket: { id, status, label: `job ${id}` }, start_at });
const route = (...visits) => ({ visits, shift_at: 0, shift_end_at: 30_000, lunch_at: null });

// an IndexedDB of the test: in order, outliving the outbox that uses it
function shelf() {
  const kept = new Map();
  let seq = 0;
  return { all: async () => [...kept.values()], add: async (item) => { seq += 1; kept.set(seq, { ...item, seq }); return seq; }, remove: async (one) => void kept.delete(one), kept };
}

// a desk that takes each key once, whatever comes how often
function desk() {
  const taken = new Map();
  const state = { isOnline: true, dropAnswers: false, refuse: new Set(), taken };
  state.send = async (item) => {
    if (!state.isOnline) throw new TypeError("network");
    if (state.refuse.has(item.ticket)) throw Object.assign(new Error("is somebody else's now"), { status: 409 });
    if (!taken.has(item.key)) taken.set(item.key, `${item.ticket} ${item.move}`);
    if (state.dropAnswers) throw new TypeError("network");
  };
  return state;
}

let keys = 0;
const box = (storage, server, more = {}) => new Outbox({ storage, send: server.send, newKey: () => `k${(keys += 1)}`, ...more });

test("50 steps over three cuts arrive exactly once and in order", async () => {
  const storage = shelf();
  const server = desk();
  let outbox = box(storage, server);
  const wanted = [];
  for (let i = 0; i < 50; i += 1) {
    if (i % 17 === 5) server.isOnline = false;
    if (i % 17 === 9) server.dropAnswers = true;
    if (i % 17 === 12) Object.assign(server, { isOnline: true, dropAnswers: false });
    await outbox.add({ move: "arrive", ticket: `T${i}` });
    wanted.push(`T${i} arrive`);
    // the page is closed and opened again in the middle
    if (i === 24) {
      outbox = box(storage, server);
      await outbox.open();
    }
    await outbox.flush();
  }
  Object.assign(server, { isOnline: true, dropAnswers: false });
  await outbox.flush();
  assert.deepEqual([...server.taken.values()], wanted);
  assert.equal(storage.kept.size, 0);
});

test("nothing overtakes a step that has not got through", async () => {
  const server = desk();
  server.isOnline = false;
  const outbox = box(shelf(), server);
  await outbox.add({ move: "depart", ticket: "A" });
  await outbox.add({ move: "arrive", ticket: "A" });
  await outbox.flush();
  assert.equal(outbox.items.length, 2);
  server.isOnline = true;
  await outbox.flush();
  assert.deepEqual([...server.taken.values()], ["A depart", "A arrive"]);
});

test("a refusal is dropped and told, the rest goes on", async () => {
  const server = desk();
  server.refuse.add("A");
  const told = [];
  const outbox = box(shelf(), server, { onRefused: (item, problem) => told.push(`${item.ticket}: ${problem.message}`) });
  await outbox.add({ move: "accept", ticket: "A" });
  await outbox.add({ move: "accept", ticket: "B" });
  await outbox.flush();
  assert.deepEqual(told, ["A: is somebody else's now"]);
  assert.deepEqual([...server.taken.values()], ["B accept"]);
  assert.equal(outbox.items.length, 0);
});

test("an expired session keeps every step", async () => {
  let isOut = false;
  const outbox = box(shelf(), { send: async () => { throw Object.assign(new Error(), { status: 401 }); } }, { onSignedOut: () => (isOut = true) });
  await outbox.add({ move: "accept", ticket: "A" });
  await outbox.flush();
  assert.equal(isOut, true);
  assert.equal(outbox.items.length, 1);
});

test("the screen shows the desk's route with the own waiting steps in it", () => {
  const seen = expected(route(visit("A"), visit("B", "planned")), [{ ticket: "A", move: "accept" }, { ticket: "A", move: "depart" }]);
  assert.equal(seen.visits[0].ticket.status, "travelling");
  assert.equal(nextStep(seen.visits[0]), "arrive");
  assert.deepEqual(otherSteps(seen.visits[0]), ["incomplete"]);
  assert.equal(nextStep(seen.visits[1]), null);
  const ended = expected(route(visit("A", "on_site"), visit("B")), [{ ticket: "A", move: "finish" }]);
  assert.deepEqual(ended.visits.map((one) => one.ticket.id), ["B"]);
  assert.equal(expected(null, []), null);
  assert.equal(expected(route(), [{ move: "return-request" }]).asked, true);
});

test("a step the desk has taken stays taken before the route is told anew", () => {
  const after = settle(route(visit("A", "accepted"), visit("B")), { ticket: "A", move: "depart", at: 5 });
  assert.equal(after.visits[0].ticket.status, "travelling");
  assert.equal("isWaiting" in after.visits[0], false);
  assert.equal(expected(settle(route(), { ticket: null, move: "return-request", at: 5 }), []).asked, true);
  assert.equal(settle(route(), { ticket: null, move: "lunch", at: 5 }).lunch_at, 5);
});

test("news are what the desk changed, not what the engineer did", () => {
  const seen = remember(route(visit("A", "on_site"), visit("B", "planned", 2000), visit("C", "planned", 3000)));
  assert.deepEqual(changes(seen, remember(route(visit("B", "planned", 2000), visit("C", "planned", 3000))), new Set(["A"])), []);
  const news = changes(seen, remember(route(visit("A"), visit("D", "planned", 1500), visit("C", "planned", 4000))));
  assert.deepEqual(news.map((one) => `${one.kind} ${one.id}`), ["added D", "removed B", "retimed C"]);
  assert.equal(news[2].shift_s, 1000);
  assert.deepEqual(changes(seen, remember(route(visit("A"), visit("C", "planned", 3000), visit("B", "planned", 2000)))).map((one) => one.kind), ["resequenced", "resequenced"]);
  assert.deepEqual(changes(null, remember(route(visit("A")))), []);
  assert.deepEqual(changes(seen, remember(route(visit("A", "on_site", 1300), visit("B", "planned", 2100), visit("C", "planned", 3100)))), []);
});

test("positions leave only inside the shift, every 10 s or 50 m, at most 20 at once", async () => {
  let now = 100;
  const sent = [];
  let isOnline = true;
  const locator = new Locator({
    now: () => now, route: () => route(), onState: () => {}, geolocation: {},
    send: async (items) => { if (!isOnline) throw new TypeError("network"); sent.push(items); },
  });
  const at = (lat) => ({ latitude: lat, longitude: -21.9, accuracy: 8 });
  assert.equal(locator.take(at(64.1)), true);
  await new Promise(setImmediate);
  now = 103;
  assert.equal(locator.take(at(64.10001)), false);
  assert.equal(locator.take(at(64.101)), true);
  await new Promise(setImmediate);
  isOnline = false;
  for (let i = 0; i < 40; i += 1) {
    now += 11;
    locator.take(at(64.1 + i / 1000));
    await new Promise(setImmediate);
  }
  isOnline = true;
  now += 11;
  locator.take(at(64.2));
  await new Promise(setImmediate);
  assert.ok(sent.at(-1).length <= 20);
  assert.equal(sent.at(-1).at(-1).lat, 64.2);
  now = 99_999;
  assert.equal(locator.take(at(64.3)), false);
  assert.equal(onShift(null, 5), false);
  assert.ok(Math.abs(metres({ lat: 64.1, lon: -21.9 }, { lat: 64.101, lon: -21.9 }) - 111) < 1);
});

test("a text is said in the phone's language, whether the desk sends one or both", () => {
  assert.equal(inWords({ en: "nothing near", zh: "附近没有" }, "zh"), "附近没有");
  assert.equal(inWords({ en: "nothing near" }, "zh"), "nothing near");
  assert.equal(inWords("nothing near", "zh"), "nothing near");
  assert.equal(inWords(undefined, "en"), "");
});

test("what is known of a job is learnt whole, and what the desk keeps to itself is left out", async () => {
  const answers = { "/tickets/R%201/similar": { items: [{ ticket: "R-0" }] }, "/tickets/R%201/coverage": { lines: [] }, "/assets/PX-1": { asset: { model: "PX" } } };
  const http = { get: async (where) => answers[where] ?? Promise.reject(Object.assign(new Error("not for you"), { status: 403 })) };
  const one = { ticket: { id: "R 1", asset: "PX-1", model: "P***" } };
  const about = await learn(http, one, "en");
  assert.deepEqual([about.similar.length, about.asset.model, about.forms, about.standing], [1, "PX", [], null]);
  // a lifted veil or another language is asked for anew
  assert.notEqual(subject(one, "en"), subject({ ticket: { ...one.ticket, model: "PX-200" } }, "en"));
  assert.notEqual(subject(one, "en"), subject(one, "zh"));
  await assert.rejects(learn({ get: async () => { throw new TypeError("network"); } }, one, "en"));
});
