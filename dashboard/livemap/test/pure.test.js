import assert from "node:assert/strict";
import { test } from "node:test";
import { DeskClock, hourFormat, span, zoneOffset } from "../src/clock.js";
import { Commands, reverseOf } from "../src/commands.js";
import { paintLayers, tilesInView, value } from "../src/flatstyle.js";
import { Scale, bars, daySpan, positionAt, rowOrder } from "../src/ganttlayout.js";
import { Problem, client, newKey } from "../src/http.js";
import { absolute, credit } from "../src/mapstyle.js";
import { choose, compare, isLate, settle } from "../src/order.js";
import { cluster, hit, initials } from "../src/overlay.js";
import { short, shortened } from "../src/palette.js";
import { ahead, legsByEngineer, selectedRoute } from "../src/routes.js";
import { apiAddress, socketAddress } from "../src/session.js";
import { steady } from "../src/steady.js";
import { Store } from "../src/store.js";
import { fill, speaker } from "../src/texts.js";
import { View, latOf, lonOf, mercatorX, mercatorY } from "../src/view.js";

const ticket = (id, more = {}) => ({ id, severity: 2, due: 1000, status: "planned", flags: 0, engineer: "E1", label: "Boiler", area: "Laugavegur", ...more });

test("the desk's clock runs at the desk's pace between messages", () => {
  const clock = new DeskClock();
  clock.sync(1_000_000, 500, 20);
  assert.equal(clock.now(500), 1_000_000);
  assert.equal(clock.now(1500), 1_020_000);
  clock.sync(1_040_000, 2600, undefined); // 100 ms late
  assert.ok(Math.abs(clock.lag - 100) < 1);
  assert.ok(Math.abs(clock.now(2600) - 1_042_000) < 100);
  clock.sync(2_000_000, 3000, 1); // another pace starts anew
  assert.equal(clock.now(4000), 2_001_000);
});

test("spans and hours read as people write them", () => {
  assert.equal(span(42), "0:42");
  assert.equal(span(-200), "−3:20");
  assert.equal(span(3910), "1:05:10");
  assert.equal(span(200_000), "2 d");
  assert.equal(span(-200_000, "天"), "−2 天");
  assert.equal(hourFormat("Asia/Shanghai", "zh")(0), "08:00");
  assert.equal(hourFormat("nowhere", "en")(0).length, 5);
  const noon = hourFormat("Asia/Shanghai", "en", () => 4 * 3600);
  assert.equal(noon(5 * 3600), "13:00");
  assert.equal(noon(28 * 3600), "Fri 12:00");
  assert.equal(noon(40 * 86400), "10 Feb 08:00");
  assert.equal(zoneOffset("Asia/Shanghai", 0), 28800);
  assert.equal(zoneOffset("Atlantic/Reykjavik", 0), 0);
});

test("the queue: sooner due first, then the worse, and tabs count what they show", () => {
  const tickets = new Map([ticket("a"), ticket("b", { due: 500 }), ticket("c", { due: 0, severity: 4 }), ticket("d", { due: 500, severity: 4 }), ticket("e", { status: "triaged", engineer: null }), ticket("f", { status: "done" }), ticket("g", { flags: 4 })].map((one) => [one.id, one]));
  const filter = { severities: new Set(), query: "" };
  const all = choose(tickets, new Map(), { tab: "all", filter, now: 600 });
  assert.deepEqual(all.ids, ["d", "b", "a", "e", "g", "c"]);
  assert.deepEqual(all.counts, { open: 1, risk: 1, late: 2, all: 6 });
  assert.deepEqual(choose(tickets, new Map(), { tab: "open", filter, now: 600 }).ids, ["e"]);
  // what needs no visit waits for nobody to be sent
  const desk = new Map([["f", { ...tickets.get("e"), id: "f", flags: 32 }]]);
  assert.deepEqual(choose(desk, new Map(), { tab: "open", filter, now: 600 }).ids, []);
  assert.deepEqual(choose(desk, new Map(), { tab: "all", filter, now: 600 }).ids, ["f"]);
  assert.deepEqual(choose(tickets, new Map(), { tab: "all", filter: { severities: new Set([4]), query: "" }, now: 600 }).ids, ["d", "c"]);
  assert.deepEqual(choose(tickets, new Map([["E1", { name: "Anna" }]]), { tab: "all", filter: { severities: new Set(), query: "anna p1" }, now: 600 }).ids, ["d", "c"]);
  assert.equal(compare(ticket("x"), ticket("y")), -1);
});

test("late is late until somebody stands at the door", () => {
  assert.equal(isLate(ticket("a"), 1001), true);
  assert.equal(isLate(ticket("a", { status: "on_site" }), 1001), false);
  assert.equal(isLate(ticket("a", { status: "held", flags: 8 }), 1001), false);
  assert.equal(isLate(ticket("a", { flags: 8 }), 10), true);
});

test("a held list keeps its rows; new ones wait at the end", () => {
  assert.deepEqual(settle(["a", "b", "c"], ["c", "a", "n"], true), { ids: ["a", "b", "c", "n"], waiting: 1 });
  assert.deepEqual(settle(["a", "b"], ["a", "b"], true), { ids: ["a", "b"], waiting: 0 });
  assert.deepEqual(settle(["a", "b"], ["b", "a"], false), { ids: ["b", "a"], waiting: 0 });
});

test("every command that can be taken back knows how", () => {
  const planned = { id: "T", engineer: "E1", flags: 0, position: 2 };
  assert.deepEqual(reverseOf("assign", planned, { engineer: "E2" }), { name: "assign", ticket: "T", body: { engineer: "E1", position: 2 }, then: { name: "unlock", ticket: "T", body: {} } });
  assert.equal(reverseOf("assign", { ...planned, flags: 1 }, { engineer: "E2" }).then, undefined);
  assert.equal(reverseOf("assign", { id: "T", engineer: null, flags: 0 }, { engineer: "E2" }).name, "unlock");
  assert.equal(reverseOf("lock", planned, {}).name, "unlock");
  assert.equal(reverseOf("hold", planned, {}).name, "release");
  assert.equal(reverseOf("cancel", planned, {}), null);
});

test("projecting and unprojecting meet", () => {
  const view = new View(mercatorX(-21.9), mercatorY(64.14), 12, 800, 600);
  const [sx, sy] = view.project(mercatorX(-21.8), mercatorY(64.1));
  const [x, y] = view.unproject(sx, sy);
  assert.ok(Math.abs(lonOf(x) + 21.8) < 1e-9);
  assert.ok(Math.abs(latOf(y) - 64.1) < 1e-9);
  const fitted = view.fit([[mercatorX(-22), mercatorY(64.2)], [mercatorX(-21.7), mercatorY(64.05)]], 20);
  for (const [lon, lat] of [[-22, 64.2], [-21.7, 64.05]]) {
    const [px, py] = fitted.project(mercatorX(lon), mercatorY(lat));
    assert.ok(px >= 19 && px <= 781 && py >= 19 && py <= 581);
  }
});

test("dense points are counted, sparse ones stay, and none is lost", () => {
  const point = (sx, sy) => ({ ticket: ticket(`${sx}`), sx, sy });
  const points = [point(1, 1), point(2, 2), point(3, 3), point(200, 200), point(210, 210)];
  const { singles, groups } = cluster(points);
  assert.equal(groups.length, 1);
  assert.equal(groups[0].n + singles.length, points.length);
});

test("the pointer finds the nearest thing within reach", () => {
  const hits = { engineers: [{ engineer: { id: "E1" }, sx: 10, sy: 10 }], tickets: [{ ticket: { id: "T1" }, sx: 24, sy: 10 }], groups: [] };
  assert.equal(hit(hits, 11, 10).engineer.id, "E1");
  assert.equal(hit(hits, 23, 10).ticket.id, "T1");
  assert.equal(hit(hits, 100, 100), null);
  assert.equal(initials("Anna Jónsdóttir"), "AJ");
  assert.equal(initials("李伟"), "李");
});

test("bars tell driving, lunch, waiting, work and lateness apart", () => {
  const routes = [{ shiftAt: 0, shiftEndAt: 9000, homeAt: 4000, past: [{ ticket: "P", depart: 10, arrive: 20, finish: 60 }], visits: [
    { ticket: "A", depart: 100, arrive: 200, start: 250, finish: 900, lunch: false, travel: 100, position: 0 },
    { ticket: "B", depart: 900, arrive: 2800, start: 2800, finish: 3500, lunch: true, travel: 100, position: 1 },
  ] }];
  const kinds = bars(routes, new Map([["B", { due: 2000 }]])).map((one) => one.kind);
  assert.deepEqual(kinds, ["shift", "pasttravel", "past", "travel", "wait", "work", "lunch", "travel", "work", "home"]);
  const lunch = bars(routes, new Map()).find((one) => one.kind === "lunch");
  assert.deepEqual([lunch.from, lunch.to], [900, 2700]);
  const work = bars(routes, new Map([["B", { due: 2000 }]])).filter((one) => one.kind === "work");
  assert.deepEqual(work.map((one) => one.late), [0, 2000]);
  assert.equal(positionAt(routes[0].visits, 0), 0);
  assert.equal(positionAt(routes[0].visits, 1000), 1);
  assert.equal(positionAt(routes[0].visits, 9999), 2);
});

test("the timeline shows the running day and ticks on whole hours of the zone", () => {
  assert.deepEqual(daySpan([{ shiftAt: 28800, shiftEndAt: 61200, homeAt: 0 }], 40000), [27000, 63000]);
  assert.deepEqual(daySpan([], 40000), [32800, 68800]);
  const ticks = new Scale(0, 36000, 100, 600).ticks(1800);
  assert.ok(ticks.every((at) => (at + 1800) % 3600 === 0));
  assert.deepEqual(rowOrder([{ id: "1", name: "B", state: "idle" }, { id: "2", name: "A", state: "off" }, { id: "3", name: "A", state: "idle" }], "en").map((one) => one.id), ["3", "1", "2"]);
  assert.deepEqual(rowOrder([{ id: "1", name: "B", state: "off" }, { id: "2", name: "A", state: "idle" }], "en", (one) => one.id === "1").map((one) => one.id), ["1", "2"]);
});

test("a line is cut behind the engineer and legs stand by ticket", () => {
  assert.deepEqual(ahead([[0, 0], [1, 0], [2, 0]], [1.1, 0]), [[1.1, 0], [2, 0]]);
  const store = new Store();
  store.apply({ t: "snap", epoch: "a", v: 1, ts: 0, e: [["E1", -2190000, 6413000, "travelling", "A", "T1", "", 0]], k: [["T1", -2180000, 6414000, 2, 0, "travelling", "E1", 0, 0, "", 60, 1, "", ""]], r: [["E1/0", "E1", 0, 100, [["T1", 0, 1, 1, 2, 0]], 3, []]], cfg: {} });
  assert.equal(selectedRoute(store, new Map(), "E1", 0).legs[0].isStraight, true);
  const known = legsByEngineer({ features: [{ geometry: { type: "LineString", coordinates: [[-21.9, 64.13], [-21.85, 64.13], [-21.8, 64.14]] }, properties: { engineer: "E1", ticket: "T1" } }] });
  assert.equal(selectedRoute(store, known, "E1", 0).legs[0].isStraight, false);
  assert.equal(selectedRoute(store, known, "nobody", 0), null);
});

test("the API is asked under the name the page was opened by", () => {
  const here = (href) => new URL(href);
  assert.equal(apiAddress("http://127.0.0.1:8000", here("http://desk.local:8501/")), "http://desk.local:8000/api/v1");
  assert.equal(apiAddress("https://api.example.org/", here("http://desk.local:8501/")), "https://api.example.org/api/v1");
  assert.equal(apiAddress("", here("http://x:1/m/")), "http://x:1/api/v1");
  assert.equal(socketAddress("http://x:1/api/v1"), "ws://x:1/ws/live");
  assert.equal(socketAddress("https://x/sub/api/v1"), "wss://x/sub/ws/live");
});

test("a POST is repeated once with the same key when the line breaks, never after a refusal", async () => {
  const keys = [];
  const answers = [() => { throw new TypeError("network"); }, () => new Response('{"ok":1}', { headers: { "content-type": "application/json" } })];
  const http = client("/api/v1", () => "zh", async (_url, { headers }) => { keys.push(headers["Idempotency-Key"]); return answers.shift()(); });
  assert.deepEqual(await http.post("/x", {}), { ok: 1 });
  assert.equal(keys[0], keys[1]);
  const refused = client("/api/v1", () => "zh", async () => new Response('{"code":"stale_version","detail":"no"}', { status: 409, headers: { "content-type": "application/problem+json" } }));
  await assert.rejects(refused.post("/x", {}), (problem) => problem instanceof Problem && problem.code === "stale_version" && problem.message === "no");
  assert.equal(newKey({ getRandomValues: (bytes) => bytes.fill(7) }), "07".repeat(16));
});

test("styles: absolute tiles, plain credit, and the expressions the fallback reads", () => {
  const style = absolute({ sources: { s: { type: "vector", tiles: ["../../tiles/r/{z}/{x}/{y}.mvt"], attribution: '<a href="x">© OSM</a>' } } }, "http://h/api/v1/map/r/style.json?theme=dark");
  assert.equal(style.sources.s.tiles[0], "http://h/api/v1/tiles/r/{z}/{x}/{y}.mvt");
  assert.equal(credit(style), "© OSM");
  assert.equal(value(["match", ["get", "class"], ["motorway", "trunk"], 4, 1], 12, { class: "trunk" }), 4);
  assert.equal(value(["interpolate", ["linear"], ["zoom"], 10, 1, 14, 5], 12, {}), 3);
  assert.equal(value(["interpolate", ["exponential", 2], ["zoom"], 10, 0, 12, 3], 11, {}), 1);
  assert.equal(value(["all", ["==", ["get", "a"], 1], ["in", ["get", "b"], ["literal", ["x"]]]], 1, { a: 1, b: "x" }), true);
  assert.equal(value(["step", ["zoom"], 1, 10, 2], 11, {}), 2);
  assert.equal(value({ stops: [[0, 0], [10, 10]] }, 5, {}), 5);
  assert.equal(typeof paintLayers, "function");
});

test("the painted map asks for few tiles, whatever the view", () => {
  const source = { minzoom: 9, maxzoom: 14, bounds: [-22.2, 64, -21.5, 64.2] };
  const at = (zoom) => tilesInView(new View(mercatorX(-21.9), mercatorY(64.13), zoom, 1600, 1000), source);
  assert.equal(at(2).length, 0);
  for (const zoom of [8, 9, 11.3, 14, 17]) assert.ok(at(zoom).length > 0 && at(zoom).length < 60, `${zoom}: ${at(zoom).length}`);
  assert.equal(tilesInView(new View(0.1, 0.1, 12, 1600, 1000), source).length, 0);
});

test("both languages have the same sentences with the same places", () => {
  const [en, zh] = [speaker("en"), speaker("zh")];
  assert.equal(fill("{a} {b}", { a: 1 }), "1 {b}");
  assert.notEqual(en("link.live"), zh("link.live"));
  assert.equal(en.word("status", "on_site"), "on site");
  assert.equal(en.word("status", "something_new"), "something new");
});

test("a refused form is told why, and repeats on what is there now", async () => {
  const store = { tickets: new Map([["T1", ticket("T1", { version: 4 })]]), visitOf: new Map(), ghosts: new Map(), engineers: new Map() };
  const answers = [new Problem(409, { code: "stale_version", detail: "changed meanwhile", facts: { what: "Ticket", id: "T1", expected: 4, actual: 6 } }), { version: 7 }];
  const sent = [];
  const post = async (_path, body) => {
    sent.push(body);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const said = [], told = [];
  const commands = new Commands({ store, http: { post }, onGhost: () => {}, say: (...words) => said.push(words) });
  const hold = () => commands.run("hold", "T1", { reason: "key" }, { tell: (text) => told.push(text) });
  assert.equal(await hold(), false);
  assert.deepEqual([told, said], [["changed meanwhile"], []]);
  assert.equal(await hold(), true);
  assert.deepEqual(sent.map((one) => one.expected_version), [4, 6]);
  assert.equal(said[0][0], "done");
});

test("a move goes on when a plan changed something else on the ticket meanwhile", async () => {
  const store = { tickets: new Map([["T1", ticket("T1", { version: 4, engineer: "I1", status: "planned", start: 100 })]]), visitOf: new Map(), ghosts: new Map(), engineers: new Map() };
  const sent = [], said = [];
  const post = async (_path, body) => {
    sent.push(body.expected_version);
    const { version } = store.tickets.get("T1");
    // the row that made it stale comes a moment after the refusal
    if (sent.length % 2) setTimeout(() => store.tickets.set("T1", { ...store.tickets.get("T1"), version: version + 2, ...news }), 20);
    if (sent.length % 2) throw new Problem(409, { code: "stale_version", detail: "changed meanwhile", facts: { what: "Ticket", id: "T1", expected: version, actual: version + 2 } });
    return { version: version + 1 };
  };
  const commands = new Commands({ store, http: { post }, onGhost: () => {}, say: (...words) => said.push(words) });
  let news = { start: 160 };
  assert.equal(await commands.run("lock", "T1"), true);
  assert.deepEqual(sent, [4, 6]);
  news = { engineer: "I2" };
  assert.equal(await commands.run("lock", "T1"), false, "it is with somebody else by now");
  assert.deepEqual(sent, [4, 6, 7]);
  assert.deepEqual(said.map(([kind]) => kind), ["done", "error"]);
});

test("a move outlives two plans that come at once, but not a third", async () => {
  for (const [plans, isMade] of [[2, true], [3, false]]) {
    const store = { tickets: new Map([["T1", ticket("T1", { version: 4, status: "held" })]]), visitOf: new Map(), ghosts: new Map(), engineers: new Map() };
    const sent = [];
    const post = async (_path, body) => {
      sent.push(body.expected_version);
      const { version } = store.tickets.get("T1");
      if (sent.length > plans) return { version: version + 1 };
      setTimeout(() => store.tickets.set("T1", { ...store.tickets.get("T1"), version: version + 1 }), 20);
      throw new Problem(409, { code: "stale_version", detail: "changed meanwhile", facts: { what: "Ticket", id: "T1", expected: version, actual: version + 1 } });
    };
    const commands = new Commands({ store, http: { post }, onGhost: () => {}, say: () => {} });
    assert.equal(await commands.run("release", "T1"), isMade);
    assert.deepEqual(sent, [4, 5, 6]);
  }
});

test("what is taken back goes to the planner's hands when its old place is gone", async () => {
  const store = { tickets: new Map([["T1", ticket("T1", { engineer: "I1", version: 4 })]]), visitOf: new Map([["T1", { position: 0 }]]), ghosts: new Map(), engineers: new Map() };
  const said = [], sent = [];
  const post = async (path, body) => {
    sent.push([path.split("/").at(-1), body]);
    if (sent.length === 2) throw new Problem(409, { code: "not_eligible", detail: "that visit has begun" });
    return { version: 4 + sent.length };
  };
  const commands = new Commands({ store, http: { post }, onGhost: () => {}, say: (...words) => said.push(words.slice(0, 2)) });
  await commands.run("assign", "T1", { engineer: "I2" });
  await commands.undo();
  assert.deepEqual(sent.slice(1), [["assign", { engineer: "I1", position: 0 }], ["unlock", {}]]);
  assert.deepEqual(said, [["done", "did.assign"], ["done", "undo.done"]]);
  assert.equal(store.ghosts.size, 0);
});

test("a panel is not painted under a pressed button, but once after it", async () => {
  const heard = new EventTarget(), root = new EventTarget();
  globalThis.window = heard;
  let painted = 0;
  const paint = steady(root, () => (painted += 1));
  paint();
  root.dispatchEvent(new Event("pointerdown"));
  paint();
  paint();
  assert.equal(painted, 1);
  heard.dispatchEvent(new Event("pointerup"));
  assert.equal(painted, 1, "the click comes first");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(painted, 2);
  paint();
  assert.equal(painted, 3);
  root.dispatchEvent(new Event("pointerdown"));
  heard.dispatchEvent(new Event("pointercancel"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(painted, 3, "nothing was due");
  delete globalThis.window;
});

test("a sentence names all tickets of its area in short, and nothing else", () => {
  assert.equal(short("reykjavik-313"), "#313");
  const said = "reykjavik-1307 goes on with reykjavik-313 at reykjavik-S12, south-4 waits";
  assert.equal(shortened(said, "reykjavik-313"), "#1307 goes on with #313 at reykjavik-S12, south-4 waits");
  assert.equal(shortened("T1 waits", "T1"), "T1 waits");
  assert.equal(shortened("odd waits", "odd"), "odd waits");
});
