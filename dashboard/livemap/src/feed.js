// What happened, newest first, and the short messages at the bottom.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { steady } from "./steady.js";
import { shortened } from "./palette.js";

const SHOWN = 60;
const STAY_MS = { done: 5000, info: 4000, error: 9000 };

export class Feed {
  constructor(app) {
    this.app = app;
    this.list = h("ol.items");
    this.root = h("section.feed", { "aria-label": app.t("feed.title") }, h("h3", {}, app.t("feed.title")), this.list);
    this.render = steady(this.root, () => this.#paint());
  }

  #paint() {
    const { store, t, hour } = this.app;
    if (!store.feed.length) return this.list.replaceChildren(h("li.empty", {}, t("feed.empty")));
    const key = `${store.feed[0].at}|${store.feed.length}|${store.feed[0].text?.en}`;
    if (key === this.key) return;
    this.key = key;
    this.list.replaceChildren(...store.feed.slice(0, SHOWN).map((item) => this.#item(item, t, hour)));
  }

  #item(item, t, hour) {
    const said = item.text?.[t.lang] ?? item.text?.en ?? item.kind;
    const text = item.ticket ? shortened(said, item.ticket) : said;
    const why = typeof item.why === "string" ? item.why : item.why?.[t.lang] ?? item.why?.en;
    const target = item.ticket ? { kind: "ticket", id: item.ticket } : item.engineer ? { kind: "engineer", id: item.engineer } : null;
    const body = [h("time", {}, hour(item.at)), h("div", {}, h("span", {}, text), why ? h("div.sub", {}, why) : null)];
    return h("li", { "data-kind": item.kind }, target ? h("button.item", { type: "button", onclick: () => this.app.select(target, "feed") }, body) : h("div.item", {}, body));
  }
}

export class Toasts {
  constructor(app) {
    this.app = app;
    this.polite = h("div", { role: "status", "aria-live": "polite" });
    this.urgent = h("div", { role: "alert" });
    this.root = h("div.toasts", {}, this.urgent, this.polite);
  }

  show(kind, text, { action, onAction } = {}) {
    const close = () => {
      clearTimeout(timer);
      toast.remove();
    };
    const toast = h(`div.toast.${kind}`, {}, h("span", {}, text),
      action ? h("button.link", { type: "button", onclick: () => { close(); onAction(); } }, action) : null,
      h("button.ghost", { type: "button", "aria-label": this.app.t("close"), onclick: close }, icon("close", 14)));
    const timer = setTimeout(close, STAY_MS[kind] ?? 5000);
    const host = kind === "error" ? this.urgent : this.polite;
    host.append(toast);
    while (host.children.length > 3) host.firstChild.remove();
  }
}
