// The component's door. Streamlit calls it again on every change of data, with the same parent:
// the instance lives as long as the parent does. Also mounted alone by the phone page's small map.
import { Desk } from "./desk.js";
import { PickMap } from "./pickmap.js";
import { RouteMap } from "./routemap.js";

const instances = new WeakMap();

export default function mount({ data, key, parentElement, setStateValue }) {
  const known = instances.get(parentElement);
  if (known) known.apply(data, setStateValue);
  else if (data.mode === "pick" || data.mode === "show") instances.set(parentElement, new PickMap({ data, parentElement, setStateValue }));
  else {
    Desk.mounts += 1;
    instances.set(parentElement, new Desk({ data, key, parentElement, setStateValue }));
  }
  return () => {
    instances.get(parentElement)?.destroy();
    instances.delete(parentElement);
  };
}

/** A small map of one route, for the engineer's page. */
export function routeMap(host, options) {
  return new RouteMap(host, options);
}
