import assert from "node:assert/strict";
import { test } from "node:test";
import { Store, place } from "../src/store.js";

const E = (id, lon5, more = {}) => [id, lon5, 6413000, more.state ?? "idle", more.name ?? id, null, "", 0];
const K = (id, engineer = null, version = 1) => [id, -2190000, 6414000, 3, 5000, "planned", engineer, 0, 0, "hardware", 1800, version, "MRI", "Laugavegur"];
const R = (id, engineer, tickets) => [id, engineer, 0, 30000, tickets.map((one, i) => [one, i * 100, i * 100 + 50, i * 100 + 50, i * 100 + 90, 0]), 900, []];
const snap = (v, rows = {}) => ({ t: "snap", epoch: "a", v, ts: 1000, speed: 20, e: [E("E1", -2190000)], k: [K("T1", "E1")], r: [R("E1/0", "E1", ["T1"])], cfg: { zone: "UTC" }, ...rows });
const view = (store) => JSON.stringify([[...store.engineers].map(([id, e]) => [id, e.lon5, e.state]), [...store.tickets].map(([id, k]) => [id, k.engineer, k.version]), [...store.routes].map(([id, r]) => [id, r.visits.map((v) => v.ticket)]), store.v]);

test("a delta on the right version is merged, an older one is ignored, a later one is a gap", () => {
  const store = new Store();
  assert.equal(store.apply(snap(7)), "ok");
  assert.equal(store.apply({ t: "d", pv: 7, v: 8, ts: 2, e: [E("E1", -2180000)] }), "ok");
  assert.equal(store.engineers.get("E1").lon5, -2180000);
  const before = view(store);
  assert.equal(store.apply({ t: "d", pv: 6, v: 7, ts: 2, e: [E("E1", -2000000)] }), "old");
  assert.equal(store.apply({ t: "d", pv: 9, v: 10, ts: 2, e: [E("E1", -2000000)] }), "gap");
  assert.equal(view(store), before);
});

test("one merged delta gives the same state as its parts, and applying twice is harmless", () => {
  const parts = new Store();
  const merged = new Store();
  for (const store of [parts, merged]) store.apply(snap(1));
  parts.apply({ t: "d", pv: 1, v: 2, ts: 1, k: [K("T2", null)], e: [E("E2", -2100000)] });
  parts.apply({ t: "d", pv: 2, v: 3, ts: 1, k: [K("T2", "E1", 2)], e: [["E2"]] });
  parts.apply({ t: "d", pv: 3, v: 4, ts: 1, r: [R("E1/0", "E1", ["T2", "T1"])], k: [["T1"]] });
  const sum = { t: "d", pv: 1, v: 4, ts: 1, k: [K("T2", "E1", 2), ["T1"]], e: [["E2"]], r: [R("E1/0", "E1", ["T2", "T1"])] };
  assert.equal(merged.apply(sum), "ok");
  assert.equal(view(merged), view(parts));
  assert.equal(merged.apply(sum), "old");
  assert.equal(view(merged), view(parts));
});

test("a delta that overlaps what is known is applied: rows are absolute", () => {
  const store = new Store();
  store.apply(snap(5));
  assert.equal(store.apply({ t: "d", pv: 3, v: 8, ts: 1, e: [E("E1", -2170000)] }), "ok");
  assert.equal(store.v, 8);
});

test("after resumed the missed deltas follow and nothing is thrown away", () => {
  const store = new Store();
  store.apply(snap(5));
  assert.equal(store.apply({ t: "resumed", v: 5, ts: 1 }), "ok");
  assert.equal(store.tickets.size, 1);
  assert.equal(store.apply({ t: "d", pv: 5, v: 6, ts: 1, k: [["T1"]] }), "ok");
  assert.equal(store.tickets.size, 0);
});

test("a snapshot of another epoch replaces everything", () => {
  const store = new Store();
  store.apply(snap(9));
  store.apply({ t: "ev", v: 9, items: [{ kind: "x", at: 1, text: { en: "x", zh: "x" } }] });
  store.apply({ ...snap(1), epoch: "b", e: [E("E9", -2100000)], k: [], r: [] });
  assert.deepEqual([...store.engineers.keys()], ["E9"]);
  assert.equal(store.tickets.size, 0);
  assert.equal(store.feed.length, 0);
  assert.equal(store.visitOf.size, 0);
});

test("a visit that moves to another route is found there, whatever row came first", () => {
  const store = new Store();
  store.apply(snap(1));
  store.apply({ t: "d", pv: 1, v: 2, ts: 1, r: [R("E2/0", "E2", ["T1"]), R("E1/0", "E1", [])] });
  assert.equal(store.visitOf.get("T1").engineer, "E2");
  store.apply({ t: "d", pv: 2, v: 3, ts: 1, r: [["E2/0"]] });
  assert.equal(store.visitOf.has("T1"), false);
  assert.deepEqual(store.routesOf("E2"), []);
});

test("a ghost goes when the row with its engineer comes", () => {
  const store = new Store();
  store.apply(snap(1));
  store.ghosts.set("T1", { engineer: "E2" });
  store.apply({ t: "d", pv: 1, v: 2, ts: 1, k: [K("T1", "E1", 2)] });
  assert.equal(store.ghosts.size, 1);
  store.apply({ t: "d", pv: 2, v: 3, ts: 1, k: [K("T1", "E2", 3)] });
  assert.equal(store.ghosts.size, 0);
});

test("slow positions glide, quick ones and jumps do not", () => {
  const store = new Store();
  store.apply(snap(1), 10_000);
  store.apply({ t: "d", pv: 1, v: 2, ts: 1, e: [E("E1", -2189900)] }, 11_000);
  const one = store.engineers.get("E1");
  store.apply({ t: "d", pv: 2, v: 3, ts: 1, e: [E("E1", -2189800)] }, 12_000);
  const [halfX] = place(one, 12_500);
  assert.ok(halfX > one.fromX && halfX < one.x);
  assert.equal(place(one, 13_000)[0], one.x);
  store.apply({ t: "d", pv: 3, v: 4, ts: 1, e: [E("E1", -2189700)] }, 12_100);
  assert.equal(place(one, 12_100)[0], one.x);
  store.apply({ t: "d", pv: 4, v: 5, ts: 1, e: [E("E1", -2100000)] }, 14_000);
  assert.equal(place(one, 14_000)[0], one.x);
});

test("the feed is newest first, without doubles, and bounded", () => {
  const store = new Store();
  store.apply(snap(1));
  const item = (at) => ({ kind: "arrived", at, ticket: "T1", text: { en: `at ${at}`, zh: "" } });
  store.apply({ t: "ev", v: 1, items: Array.from({ length: 300 }, (_, i) => item(i)) });
  store.apply({ t: "ev", v: 1, items: [item(299), item(300)] });
  assert.equal(store.feed.length, 200);
  assert.equal(store.feed[0].at, 300);
  assert.equal(store.feed.filter((one) => one.at === 299).length, 1);
});

test("a random history cut anywhere gives the state of the whole", () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 50; round += 1) {
    const deltas = [];
    for (let v = 2; v < 30; v += 1) {
      const id = `E${random(5)}`;
      const ticket = `T${random(6)}`;
      deltas.push({ t: "d", pv: v - 1, v, ts: v, e: [random(5) ? E(id, -2190000 - random(900)) : [id]], k: [random(5) ? K(ticket, `E${random(5)}`, v) : [ticket]], r: [random(6) ? R(`${id}/0`, id, [ticket]) : [`${id}/0`]] });
    }
    const whole = new Store();
    whole.apply(snap(1));
    for (const one of deltas) whole.apply(one);
    const cut = new Store();
    cut.apply(snap(1));
    const at = random(deltas.length - 1) + 1;
    for (const one of deltas.slice(0, at)) cut.apply(one);
    // what was missed comes as one merged delta, then the rest, some of it twice
    const last = (name) => [...new Map(deltas.slice(at).flatMap((one) => one[name]).map((row) => [row[0], row])).values()];
    cut.apply({ t: "d", pv: at + 1, v: 29, ts: 29, e: last("e"), k: last("k"), r: last("r") });
    for (const one of deltas.slice(at)) cut.apply(one);
    const sorted = (store) => JSON.stringify([[...store.engineers.values()].map((e) => [e.id, e.lon5]).sort(), [...store.tickets.values()].map((k) => [k.id, k.engineer]).sort(), [...store.routes.values()].map((r) => [r.id, r.visits.map((v) => v.ticket)]).sort()]);
    assert.equal(sorted(cut), sorted(whole));
  }
});
