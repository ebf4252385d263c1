// One live desk in one place of the page: wires store, socket and panes; outlives every rerun.
import { DeskClock, hourFormat } from "./clock.js";
import { Commands } from "./commands.js";
import { Detail } from "./detail.js";
import { Dialogs } from "./dialogs.js";
import { h } from "./dom.js";
import { Drag, offerOf } from "./drag.js";
import { Feed, Toasts } from "./feed.js";
import { Gantt } from "./gantt.js";
import { Header } from "./header.js";
import { client } from "./http.js";
import { icon } from "./icons.js";
import { onKey } from "./keys.js";
import { MapPane } from "./mappane.js";
import { palette, short } from "./palette.js";
import { Queue } from "./queue.js";
import { canPlace } from "./order.js";
import { Link } from "./socket.js";
import { FLAG, Store } from "./store.js";
import { Session, apiAddress, socketAddress } from "./session.js";
import { speaker } from "./texts.js";

const COMMANDERS = new Set(["supervisor", "dispatcher"]);
const GLIDE_MS = 33;
const WIDE = 1080;
const MEDIUM = 700;

export class Desk {
  constructor({ parentElement, data, key, setStateValue }) {
    this.host = parentElement;
    this.setStateValue = setStateValue ?? (() => {});
    this.props = { ...data };
    this.store = new Store();
    this.clock = new DeskClock();
    this.session = new Session(key ?? "livemap");
    this.counters = { mounts: 1, destroys: 0, msgs: 0, shown: 0, snaps: 0, resumes: 0, gaps: 0, reconnects: 0, lat: [] };
    const saved = this.session.read();
    this.ui = {
      selected: data.selected ?? saved.selected ?? null, hover: null, preview: null, tab: saved.tab ?? "all", pane: "map",
      filter: { severities: new Set(saved.severities ?? []), query: "" },
      layers: { tickets: true, engineers: true, routes: true, clusters: true, ...saved.layers },
    };
    this.calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
    this.apiBase = apiAddress(data.api);
    this.http = client(this.apiBase, () => this.props.lang);
    this.canCommand = false;
    this.commands = new Commands({ store: this.store, http: this.http, onGhost: () => this.schedule(), say: (...args) => this.#told(...args) });
    this.drag = new Drag(this);
    this.#speak();
    this.palette = palette(this.#theme());
    this.map = new MapPane(this);
    this.root = h("div.desk", { "data-state": "idle" });
    this.root.addEventListener("keydown", (event) => onKey(this, event));
    this.#build();
    this.host.append(this.root);
    this.#start(saved);
  }

  get isCalm() {
    return Boolean(this.calm?.matches);
  }

  now() {
    return this.clock.now(Date.now()) / 1000;
  }

  /** Name whoever did something: an engineer by name, a desk by its word. */
  who(actor) {
    const id = String(actor ?? "").replace(/^engineer:/, "");
    return this.store.engineers.get(id)?.name ?? this.t.word("actor", id);
  }

  #theme() {
    return this.props.theme === "dark" ? "dark" : "light";
  }

  #speak() {
    this.t = speaker(this.props.lang);
    const zone = this.store.cfg.zone ?? this.props.zone ?? "UTC";
    this.hour = hourFormat(zone, this.t.lang, () => this.now());
    this.axisHour = hourFormat(zone, this.t.lang);
  }

  // everything with words in it; the map stays as it is
  #build() {
    const { t } = this;
    this.header = new Header(this);
    this.queue = new Queue(this);
    this.gantt = new Gantt(this);
    this.detail = new Detail(this);
    this.feed = new Feed(this);
    this.toasts = new Toasts(this);
    this.dialogs = new Dialogs(this);
    this.cover = h("div.cover", { hidden: true });
    this.map.tools.replaceChildren(...[["plus", "zoomin", () => this.map.zoom(1)], ["minus", "zoomout", () => this.map.zoom(-1)]].map(([drawn, name, onclick]) => h("button", { type: "button", title: t(`tool.${name}`), "aria-label": t(`tool.${name}`), onclick }, icon(drawn))));
    this.map.tools.setAttribute("aria-label", t("tool.map"));
    this.map.root.setAttribute("aria-label", t("map.label"));
    this.map.root.setAttribute("role", "region");
    this.panes = h("nav.panes", { role: "tablist", "aria-label": t("panes.label") }, ["queue", "map", "gantt", "feed"].map((name) => h("button", { type: "button", role: "tab", "data-pane": name, onclick: () => this.setPane(name) }, t(`pane.${name}`))));
    const side = h("aside.side", {}, this.detail.root, this.feed.root);
    this.root.lang = t.lang === "zh" ? "zh-CN" : "en";
    this.root.dataset.theme = this.palette.name;
    this.root.replaceChildren(this.header.root, this.panes, h("div.grid", {}, this.queue.root, h("div.mapcell", {}, this.map.root, this.cover), this.gantt.root, side), this.toasts.root, this.drag.chip, this.dialogs.box);
    this.setPane(this.ui.pane);
  }

  #start(saved) {
    this.resizer = new ResizeObserver(() => this.#resized());
    this.resizer.observe(this.root);
    this.#resized();
    this.second = setInterval(() => this.#tick(), 1000);
    this.onOnline = () => this.link.wake();
    this.onVisible = () => document.hidden || (this.link.wake(), this.schedule());
    window.addEventListener("online", this.onOnline);
    document.addEventListener("visibilitychange", this.onVisible);
    this.#connect();
    void this.map.mount(saved.view).then(() => this.schedule());
    void this.#whoAmI();
    this.#publish();
    this.detail.show();
    this.queue.refresh();
  }

  #connect() {
    this.link?.stop();
    this.link = new Link({
      url: socketAddress(this.apiBase), territory: this.props.territory,
      getTicket: async () => (await this.http.post("/ws-ticket")).ticket,
      position: () => ({ epoch: this.store.epoch, v: this.store.v }),
      onMessage: (msg) => this.#receive(msg),
      onState: (state, detail) => this.#linkState(state, detail),
    });
    this.link.start();
  }

  async #whoAmI() {
    try {
      const me = await this.http.get("/me");
      this.canCommand = COMMANDERS.has(me.role);
      this.role = me.role;
      this.detail.render();
    } catch {
      // the socket's state already says that nobody is signed in
    }
  }

  #receive(msg) {
    const wall = Date.now();
    if (msg.ts !== undefined && msg.t !== "pong") this.clock.sync(msg.ts, wall, msg.speed);
    const before = msg.t === "d" && this.store.v >= 0 ? this.#newWorst(msg) : null;
    const verdict = this.store.apply(msg, wall);
    if (verdict === "ok" && msg.t === "ev") this.feed.render();
    if (verdict === "ok" && msg.t !== "ev") {
      if (msg.t === "snap") this.#onSnapshot();
      this.pending ??= { v: this.store.v, ts: msg.ts, wall };
      this.#settle(msg);
    }
    if (before) this.header.announce(before);
    return verdict;
  }

  #newWorst(msg) {
    const row = (msg.k ?? []).find((one) => one[3] === 4 && !this.store.tickets.has(one[0]));
    return row ? this.t("announce.p1", { ticket: row[12] ?? row[0], area: row[13] ?? "" }) : null;
  }

  #onSnapshot() {
    this.#speak();
    this.map.onSnapshot();
    this.feed.key = null;
    this.feed.render();
    this.gantt.refresh();
    this.queue.refresh();
    this.detail.show();
  }

  #settle(msg) {
    if (msg.r?.length) {
      this.map.refreshGeometry();
      if (this.routeEngineer()) this.map.refreshOne();
    }
    if (this.ui.selected) this.detail.onDelta(this.store.dirty);
    this.schedule();
  }

  #linkState(state, detail) {
    this.root.dataset.state = state;
    this.header.setState(state, detail);
    const isShut = state === "signed_out" || state === "forbidden" || state === "broken";
    this.cover.hidden = !(isShut || (this.store.v < 0 && state !== "idle"));
    if (!this.cover.hidden) this.#showCover(state, isShut);
    this.header.tick();
  }

  #showCover(state, isShut) {
    const { t } = this;
    const retry = h("button.main", { type: "button", onclick: () => this.link.wake() }, t("retry"));
    const kind = isShut ? state : state === "waiting" ? "offline" : "loading";
    this.cover.replaceChildren(h("div.card", {}, kind === "loading" ? h("div.spinner", { "aria-hidden": "true" }) : null, h("h2", {}, t(`cover.${kind}`)), h("p", {}, t(`cover.${kind}.todo`)), kind === "loading" ? null : retry));
  }



  /** Take new properties from the page; only what differs is touched. */
  apply(data, setStateValue) {
    if (setStateValue) this.setStateValue = setStateValue;
    const before = this.props;
    this.props = { ...data };
    const isOtherPlace = data.api !== before.api || data.territory !== before.territory;
    if (data.theme !== before.theme) this.palette = palette(this.#theme());
    if (data.lang !== before.lang || data.theme !== before.theme) {
      this.#speak();
      this.#build();
      this.#linkState(this.link.state, {});
      this.#refreshAll();
    }
    if (data.theme !== before.theme) void this.map.restyle();
    if (isOtherPlace) {
      this.apiBase = apiAddress(data.api);
      this.http = client(this.apiBase, () => this.props.lang);
      this.commands.http = this.http;
      this.store.clear();
      this.#connect();
    }
    const wish = data.selected;
    if (wish !== undefined && JSON.stringify(wish) !== JSON.stringify(before.selected) && JSON.stringify(wish) !== JSON.stringify(this.ui.selected)) this.select(wish, "page");
  }

  #refreshAll() {
    this.#resized();
    this.map.redrawLines();
    this.queue.refresh(true);
    this.gantt.refresh();
    this.detail.show();
    this.feed.key = null;
    this.feed.render();
    this.header.tick();
    this.schedule();
  }



  /** Select a ticket or an engineer everywhere at once. */
  select(target, from) {
    const same = JSON.stringify(target) === JSON.stringify(this.ui.selected);
    this.ui.selected = target;
    if (!same) {
      this.setStateValue("selected", target);
      this.#remember();
    }
    this.detail.show();
    const engineer = this.routeEngineer();
    if (engineer) {
      this.map.refreshOne();
      if (from !== "gantt") this.gantt.revealEngineer(engineer);
    }
    if (target?.kind === "ticket" && from !== "queue") {
      this.queue.refresh();
      this.queue.reveal(target.id);
    }
    this.root.classList.toggle("has-selection", Boolean(target));
    this.queue.paint();
    this.schedule();
  }

  hover(target) {
    if (JSON.stringify(target) === JSON.stringify(this.ui.hover)) return;
    this.ui.hover = target;
    this.queue.paint();
    this.schedule();
  }

  /** Bring the selection into the middle of the map. */
  showSelected() {
    const { selected } = this.ui;
    if (!selected) return;
    if (this.root.dataset.size === "narrow") this.setPane("map");
    this.map.focusOn((selected.kind === "ticket" ? this.store.tickets : this.store.engineers).get(selected.id));
  }

  setTab(tab) {
    this.ui.tab = tab;
    this.queue.list.scrollTop = 0;
    this.#filtered();
  }

  toggleSeverity(severity) {
    const { severities } = this.ui.filter;
    if (!severities.delete(severity)) severities.add(severity);
    this.#filtered();
  }

  onlySeverity(severity) {
    this.ui.filter.severities = new Set(severity === null ? [] : [severity]);
    this.#filtered();
  }

  #filtered() {
    this.#remember();
    this.queue.refresh(true);
    this.schedule();
  }

  setLayer(name, isOn) {
    this.ui.layers[name] = isOn;
    this.header.syncLayers();
    this.map.redrawLines();
    if (name === "routes" && isOn) this.map.refreshGeometry();
    this.#remember();
    this.schedule();
  }

  setPane(name) {
    this.ui.pane = name;
    this.root.dataset.pane = name;
    for (const tab of this.panes.children) tab.setAttribute("aria-selected", String(tab.dataset.pane === name));
    this.#resized();
  }

  onView(view) {
    this.viewNow = view;
    this.#remember();
  }

  #remember() {
    const { selected, tab, filter, layers } = this.ui;
    const view = this.viewNow && { x: this.viewNow.x, y: this.viewNow.y, zoom: this.viewNow.zoom };
    this.session.write({ selected, tab, severities: [...filter.severities], layers, view });
  }

  openPicker() {
    const ticket = this.#chosenTicket();
    if (!ticket || !this.canCommand) return this.#told("info", this.canCommand ? "select.first" : "role.mayNot");
    if (!canPlace(ticket)) return this.#told("info", "assign.underway", { ticket: ticket.id, status: this.t.word("status", ticket.status) });
    void this.dialogs.assign(ticket);
  }

  toggleLock() {
    const ticket = this.#chosenTicket();
    if (!ticket || !this.canCommand) return this.#told("info", this.canCommand ? "select.first" : "role.mayNot");
    void this.commands.run(ticket.flags & FLAG.locked ? "unlock" : "lock", ticket.id);
  }

  #chosenTicket() {
    const { selected } = this.ui;
    return selected?.kind === "ticket" ? this.store.tickets.get(selected.id) : null;
  }

  /** Ask the desk who could take a ticket; colours map and Gantt until the preview ends. */
  async startPreview(id) {
    const ticket = this.store.tickets.get(id);
    this.ui.preview = { ticket: id, byEngineer: new Map(), excluded: new Map(), duration: ticket?.duration, target: null, answer: null };
    const preview = this.ui.preview;
    try {
      preview.answer = await this.http.post("/assign/preview", { ticket: id });
    } catch (problem) {
      this.toasts.show("error", problem.message || this.t("error.network"));
      return null;
    }
    if (this.ui.preview !== preview) return null;
    for (const one of preview.answer.candidates ?? []) preview.byEngineer.set(one.engineer, offerOf(one, this.palette, this.t));
    for (const one of preview.answer.excluded ?? []) preview.excluded.set(one.engineer, one.reasons?.[0]?.text ?? "");
    this.schedule();
    return preview;
  }

  endPreview() {
    if (!this.ui.preview) return;
    this.ui.preview = null;
    this.schedule();
  }

  /** Named lists of the desk (hold kinds, skills), asked once a language. */
  async vocabulary(name) {
    if (this.wordsLang !== this.props.lang) {
      this.words = this.http.get(`/vocabulary?${new URLSearchParams({ territory: this.props.territory })}`);
      this.wordsLang = this.props.lang;
    }
    try {
      return (await this.words)[name] ?? [];
    } catch {
      this.wordsLang = null;
      return [];
    }
  }

  #told(kind, key, facts = {}, more = {}) {
    const { t } = this;
    if (kind === "ask") return this.dialogs.exception(key, facts);
    const text = key === null ? facts.text : t(key, { ...facts, ...(facts.ticket ? { ticket: short(facts.ticket) } : {}) });
    this.toasts.show(kind, text, more.canUndo ? { action: `${t("undo")} (U)`, onAction: () => void this.commands.undo() } : {});
  }



  focus() {
    const { selected, hover } = this.ui;
    const of = (target, kind) => (target?.kind === kind ? target.id : null);
    return { ticket: of(selected, "ticket"), engineer: this.routeEngineer(), hover: of(hover, "ticket"), hoverEngineer: of(hover, "engineer") ?? (hover?.kind === "ticket" ? this.store.tickets.get(hover.id)?.engineer ?? null : null) };
  }

  /** Whose route is bold: the selected engineer, or the one who has the selected ticket. */
  routeEngineer() {
    const { selected } = this.ui;
    if (!selected) return null;
    return selected.kind === "engineer" ? selected.id : (this.store.tickets.get(selected.id)?.engineer ?? null);
  }

  /** Draw once in the next animation frame. */
  schedule() {
    if (this.frame || this.isGone) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
  }

  #draw() {
    const { dirty } = this.store;
    const isNews = Boolean(this.pending);
    this.map.draw();
    if (isNews || this.ui.preview) {
      if (dirty.all || (dirty.e.size && this.gantt.rows.length !== this.store.engineers.size)) this.gantt.refresh();
      else this.gantt.draw();
      this.queue.paint();
      this.store.takeDirty();
    } else this.gantt.draw();
    if (isNews) this.#count();
    if (this.map.isGliding(Date.now())) this.glide ??= setTimeout(() => ((this.glide = null), this.#drawMap()), GLIDE_MS);
  }

  // between two messages only the map moves
  #drawMap() {
    if (this.isGone || document.hidden) return;
    requestAnimationFrame(() => {
      if (this.isGone) return;
      this.map.draw();
      if (this.map.isGliding(Date.now())) this.glide ??= setTimeout(() => ((this.glide = null), this.#drawMap()), GLIDE_MS);
    });
  }

  #count() {
    const { pending, counters } = this;
    this.pending = null;
    counters.shown += 1;
    this.root.dataset.v = pending.v;
    if (!this.props.debug) return;
    // on a desk at wall pace the stamp is the wall's; at another pace count from arrival
    const late = this.clock.speed === 1 ? Date.now() - pending.ts : Date.now() - pending.wall;
    counters.lat.push(late);
    if (counters.lat.length > 20_000) counters.lat.splice(0, 10_000);
    this.root.dataset.latency = late;
    this.#publish();
  }

  #publish() {
    if (!this.props.debug) return;
    Object.assign(this.counters, this.link?.counts ?? {});
    globalThis.__live = Object.assign(globalThis.__live ?? {}, this.counters, { mounts: Desk.mounts, destroys: Desk.destroys, desk: this });
  }

  #tick() {
    if (document.hidden) return;
    this.header.tick();
    this.queue.refresh();
    this.detail.tick();
    this.schedule();
  }

  #resized() {
    const width = this.root.clientWidth || 1200;
    const size = width >= WIDE ? "wide" : width >= MEDIUM ? "medium" : "narrow";
    if (this.root.dataset.size !== size) this.root.dataset.size = size;
    this.map.measure();
    this.queue?.paint();
    this.schedule();
  }

  destroy() {
    this.isGone = true;
    Desk.destroys += 1;
    clearInterval(this.second);
    clearTimeout(this.glide);
    cancelAnimationFrame(this.frame);
    window.removeEventListener("online", this.onOnline);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.resizer.disconnect();
    this.link.stop();
    this.map.destroy();
    this.root.remove();
    this.#publish();
  }
}

Desk.mounts = 0;
Desk.destroys = 0;

