// The engineer's page: holds the state, talks to the desk, redraws. What is shown stands in screen.mjs.
import { DeskClock, hourFormat } from "/ui/livemap/parts/clock.js";
import { client, newKey, path } from "/ui/livemap/parts/http.js";
import { Link } from "/ui/livemap/parts/socket.js";
import { lastPerson, openKeep } from "./keep.mjs";
import { Locator } from "./locate.mjs";
import { changes, expected, inWords, learn, remember, settle, subject } from "./model.mjs";
import { Outbox } from "./outbox.mjs";
import { render } from "./screen.mjs";

const API = "/api/v1";
const REFRESH_MS = 60_000;
const ALARM = [180, 90, 180];

class Phone {
  constructor() {
    this.lang = localStorage.getItem("phone-lang") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
    this.http = client(API, () => this.lang);
    this.clock = new DeskClock();
    this.link = null;
    this.state = { link: "connecting", me: null, route: null, contact: {}, changes: [], gate: null, note: null, sheet: null, showMap: false, showKnown: false, about: null, position: "off", isSignedOut: false };
    this.ended = new Set();
    this.whys = new Map();
    this.epoch = { epoch: null, v: -1 };
  }

  now() {
    return this.clock.now(Date.now()) / 1000;
  }

  t(key, facts = {}) {
    const text = this.texts?.[`phone.${key}`] ?? this.texts?.[`map.${key}`] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
  }

  word(kind, name) {
    return this.texts?.[`map.${kind}.${name}`] ?? this.texts?.[`phone.${kind}.${name}`] ?? String(name ?? "").replaceAll("_", " ");
  }

  async start() {
    await this.speak(this.lang);
    if ("serviceWorker" in navigator) void navigator.serviceWorker.register("sw.js").catch(() => {});
    try {
      this.state.me = await this.http.get("/me");
      lastPerson.write(this.state.me);
    } catch (problem) {
      if (problem.status === 401 || problem.status === 403) return this.signedOut();
      this.state.me = lastPerson.read();
    }
    if (!this.state.me) return this.signedOut(true);
    if (!this.state.me.engineer) return this.draw();
    await this.#open();
  }

  async #open() {
    const { me } = this.state;
    this.zone = me.territories?.[0]?.zone ?? "UTC";
    this.hour = hourFormat(this.zone, this.lang);
    this.keep = await openKeep(me.engineer);
    const offset = await this.keep.get("clock");
    if (offset) Object.assign(this.clock, offset);
    this.state.route = (await this.keep.get("route")) ?? null;
    this.seen = (await this.keep.get("seen")) ?? null;
    this.state.changes = (await this.keep.get("changes")) ?? [];
    this.state.contact = (await this.keep.get("contact")) ?? {};
    this.state.about = (await this.keep.get("about")) ?? null;
    this.ended = new Set(await this.keep.get("ended"));
    this.outbox = new Outbox({
      storage: this.keep.outbox, newKey, send: (item) => this.#send(item), onChange: () => this.draw(),
      onRefused: (item, problem) => this.tell(this.t("refused", { what: this.t(`do.${item.move}`), why: problem.message })), onSignedOut: () => this.signedOut(),
    });
    await this.outbox.open();
    this.locator = new Locator({ now: () => this.now(), route: () => this.state.route, onState: (position) => this.set({ position }), send: (items) => this.http.post(path("engineers", me.engineer, "position"), { items }) });
    this.state.position = this.locator.state;
    if (localStorage.getItem("phone-position") === "yes") this.locator.start();
    this.#connect();
    this.#listen();
    await this.refresh();
  }

  #listen() {
    const again = () => {
      if (document.hidden) return;
      this.link.wake();
      void this.outbox.flush();
      void this.refresh();
    };
    window.addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    setInterval(() => void this.outbox.flush(), 3000);
    setInterval(() => this.state.link !== "live" && void this.refresh(), REFRESH_MS);
    setInterval(() => this.draw(), 1000);
  }

  #connect() {
    const { origin } = location;
    this.link = new Link({
      url: `${origin.replace(/^http/, "ws")}/ws/live`, territory: this.state.me.territories?.[0]?.id,
      getTicket: async () => (await this.http.post("/ws-ticket")).ticket,
      position: () => this.epoch, onMessage: (msg) => this.#hear(msg),
      onState: (link) => {
        this.set({ link });
        if (link === "live") void this.outbox.flush();
        if (link === "signed_out") void this.signedOut();
      },
    });
    this.link.start();
  }

  #hear(msg) {
    if (msg.ts !== undefined && msg.t !== "pong") {
      this.clock.sync(msg.ts, Date.now(), msg.speed);
      if (msg.t === "snap") void this.keep.set("clock", { speed: this.clock.speed, offset: this.clock.offset });
    }
    if (msg.t === "snap") this.epoch = { epoch: msg.epoch, v: msg.v };
    if (msg.t === "d") {
      if (msg.v <= this.epoch.v) return "old";
      if (msg.pv > this.epoch.v) return "gap";
      this.epoch.v = msg.v;
    }
    if (msg.t === "ev") this.#news(msg.items ?? []);
    // rows only say that something is new; the route itself is asked for, as the desk tells it whole
    if (msg.t === "snap" || msg.r?.length || msg.k?.length || msg.t === "ev") this.#soon();
    return "ok";
  }

  #news(items) {
    for (const item of items) {
      const why = inWords(item.why, this.lang);
      if (item.ticket && why) this.whys.set(item.ticket, why);
      if (item.kind === "return_decided" && item.gate) this.set({ gate: item.gate });
    }
  }

  #soon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.refresh();
    }, 250);
  }

  async #send(item) {
    const answer = await this.http.post(item.path, item.body, { key: item.key });
    // what the desk has taken stays done on the screen, even if the line breaks right here
    this.state.route = settle(this.state.route, item);
    await this.keep.set("route", this.state.route);
    if (item.ticket && ["finish", "incomplete", "decline"].includes(item.move)) {
      delete this.state.contact[item.ticket];
      await this.keep.set("contact", this.state.contact);
    }
    this.#soon();
    return answer;
  }

  /** Ask the desk for the route, and say what changed since the engineer last saw it. */
  async refresh() {
    if (!this.keep || this.isAsking) return;
    this.isAsking = true;
    try {
      const route = await this.http.get(path("engineers", this.state.me.engineer, "route"));
      await this.keep.set("route", route);
      this.#compare(route);
      void this.#learn(route.visits[0]);
      this.set({ route, gate: route.gate ?? (this.state.gate && route.visits.length ? null : this.state.gate) });
    } catch (problem) {
      if (problem.status === 401) this.signedOut();
    }
    this.isAsking = false;
  }

  /** Learn once what is known about the job at hand, so that it is there without a line too. */
  async #learn(visit) {
    if (!visit || this.learning === subject(visit, this.lang) || this.state.about?.subject === subject(visit, this.lang)) return;
    this.learning = subject(visit, this.lang);
    try {
      const about = await learn(this.http, visit, this.lang);
      await this.keep.set("about", about);
      this.set({ about });
    } catch {
      // no line: what was learnt before stays
    }
    this.learning = null;
  }

  #compare(route) {
    const now = remember(route);
    if (!this.seen) return this.seeRoute(now);
    const news = changes(this.seen, now, this.ended).map((one) => ({ ...one, why: this.whys.get(one.id) ?? "" }));
    if (JSON.stringify(news) === JSON.stringify(this.state.changes)) return;
    const isMore = news.length > this.state.changes.length;
    this.set({ changes: news });
    void this.keep.set("changes", news);
    if (isMore) alarm();
  }

  /** The engineer has seen the route as it is now. */
  seeRoute(now = remember(this.state.route)) {
    this.seen = now;
    this.ended.clear();
    void this.keep.set("ended", []);
    void this.keep.set("seen", now);
    void this.keep.set("changes", []);
    this.set({ changes: [] });
  }

  /**
   * Take one step; it is safe on this phone before the screen shows it.
   *
   * `before` and `after` are what a gate asks for, `{path, body, ticket?}`, sent in order with the step.
   */
  async step(move, visit, body = {}, before = [], after = []) {
    const at = Math.round(this.now());
    const { engineer } = this.state.me;
    const isVisit = Boolean(visit);
    if (isVisit && ["finish", "incomplete", "decline"].includes(move)) {
      // what the engineer ended is no news, not even after the page was opened anew
      await this.keep.set("ended", [...this.ended.add(visit.ticket.id)]);
    }
    await this.#prove(before, visit, at);
    await this.outbox.add({
      move, ticket: isVisit ? visit.ticket.id : null, at,
      path: isVisit ? path("visits", visit.ticket.id, move) : path("engineers", engineer, move),
      body: move === "return-request" || move === "decline" ? body : { at, ...body },
    });
    await this.#prove(after, visit, at);
    this.set({ sheet: null, ...(move === "return-request" ? { gate: null } : {}) });
  }

  async #prove(list, visit, at) {
    for (const one of list) {
      const ticket = one.ticket ?? visit.ticket.id;
      const isSigned = one.path === "customer-accept";
      await this.outbox.add({ move: one.path, ticket, at, path: path("tickets", ticket, one.path), body: isSigned ? {} : { at, ...one.body } });
    }
  }

  /** Write up a rare case; it waits for a line like every step. */
  writeCase(visit, body) {
    return this.outbox.add({ move: "case", ticket: visit.ticket.id, at: Math.round(this.now()), path: path("tickets", visit.ticket.id, "case"), body });
  }

  async showContact(visit) {
    try {
      const found = await this.http.get(`${path("tickets", visit.ticket.id, "contact")}?purpose=visit`);
      this.state.contact = { [visit.ticket.id]: found };
      await this.keep.set("contact", this.state.contact);
    } catch (problem) {
      this.tell(problem.status ? problem.message : this.t("offline.contact"));
    }
    this.draw();
  }

  async reasons() {
    this.words ??= this.http.get(`/vocabulary?${new URLSearchParams({ territory: this.state.me.territories?.[0]?.id ?? "" })}`);
    try {
      const { incomplete_reasons: found } = await this.words;
      await this.keep.set(`reasons-${this.lang}`, found);
      return found;
    } catch {
      this.words = undefined;
      return (await this.keep.get(`reasons-${this.lang}`)) ?? [{ name: "other", label: this.t("reason.other") }];
    }
  }

  sharePosition(isOn) {
    localStorage.setItem("phone-position", isOn ? "yes" : "no");
    if (isOn) this.locator.start();
    else this.locator.stop();
  }

  async speak(lang) {
    this.lang = lang;
    localStorage.setItem("phone-lang", lang);
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    try {
      const all = await this.http.get(`/texts/${lang}`);
      this.texts = Object.fromEntries(Object.entries(all).filter(([key]) => /^(phone|map)\./.test(key)));
      localStorage.setItem(`phone-texts-${lang}`, JSON.stringify(this.texts));
    } catch {
      this.texts = JSON.parse(localStorage.getItem(`phone-texts-${lang}`)) ?? this.texts ?? {};
    }
    this.words = undefined;
    if (this.zone) this.hour = hourFormat(this.zone, lang);
    if (this.state.route) void this.#learn(this.state.route.visits[0]);
    this.draw();
  }

  tell(text) {
    this.set({ note: text });
    clearTimeout(this.noteTimer);
    this.noteTimer = setTimeout(() => this.set({ note: null }), 8000);
  }

  signedOut(isOffline = false) {
    this.link?.stop();
    this.set({ isSignedOut: true, isOffline });
  }

  async leave() {
    if (this.outbox?.items.length && !confirm(this.t("leave.waiting", { n: this.outbox.items.length }))) return;
    await this.http.post("/logout").catch(() => {});
    lastPerson.forget();
    this.signedOut();
  }

  set(news) {
    Object.assign(this.state, news);
    this.draw();
  }

  /** What to show: the desk's route with the own waiting steps in it. */
  get view() {
    return expected(this.state.route, this.outbox?.items ?? []);
  }

  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      render(this);
    });
  }
}

function alarm() {
  navigator.vibrate?.(ALARM);
  try {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = 0.08;
    tone.frequency.value = 880;
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.25);
    tone.onended = () => void audio.close();
  } catch {
    // a browser that wants a touch first stays silent; the screen says it anyway
  }
}

const phone = new Phone();
globalThis.__phone = phone;
void phone.start();
