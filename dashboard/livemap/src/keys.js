// The keyboard: everything a mouse can do. Active only while the focus is inside the component.

const typing = (node) => Boolean(node?.matches?.("input, select, textarea"));

/** Do what a key asks for; returns true when it meant something. */
export function onKey(desk, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const target = event.composedPath()[0];
  if (event.key === "Escape") {
    if (typing(target)) target.blur();
    else if (desk.ui.selected) desk.select(null, "key");
    else return false;
    return done(event);
  }
  if (typing(target)) return false;
  const severity = { 1: 4, 2: 3, 3: 2, 4: 1 }[event.key];
  if (severity) {
    desk.toggleSeverity(severity);
    return done(event);
  }
  const action = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return false;
  action(desk);
  return done(event);
}

function done(event) {
  event.preventDefault();
  event.stopPropagation();
  return true;
}

const pane = (desk, name, node) => {
  if (desk.root.dataset.size === "narrow") desk.setPane(name);
  node.focus();
};

const ACTIONS = {
  "/": (desk) => pane(desk, "queue", desk.queue.search),
  "?": (desk) => desk.dialogs.help(),
  a: (desk) => desk.openPicker(),
  l: (desk) => desk.toggleLock(),
  u: (desk) => void desk.commands.undo(),
  f: (desk) => desk.map.fit(),
  r: (desk) => desk.setLayer("routes", !desk.ui.layers.routes),
  j: (desk) => desk.queue.move(1),
  k: (desk) => desk.queue.move(-1),
  q: (desk) => pane(desk, "queue", desk.queue.list),
  m: (desk) => pane(desk, "map", desk.map.root.querySelector("canvas[tabindex]") ?? desk.map.root),
  g: (desk) => pane(desk, "gantt", desk.gantt.scroller),
  Enter: (desk) => desk.showSelected(),
};
