// Drawn icons: letters of unknown fonts would be boxes on some machines.
const NS = "http://www.w3.org/2000/svg";
const PATHS = {
  undo: "M9 7H4V2M4 7a8 8 0 1 1-1.2 6",
  fit: "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5",
  layers: "M10 3 2.5 7 10 11l7.5-4zM3 10.5 10 14l7-3.5M3 14l7 3.5 7-3.5",
  help: "M7.2 7.4a2.9 2.9 0 1 1 4 2.7c-.8.4-1.2.9-1.2 1.9M10 15.2v.2",
  close: "M5 5l10 10M15 5 5 15",
  target: "M10 2v4M10 14v4M2 10h4M14 10h4M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
};

/** Return a small line drawing that takes the text's colour. */
export function icon(name, size = 16) {
  const svg = document.createElementNS(NS, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 20 20", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) svg.setAttribute(key, value);
  const path = document.createElementNS(NS, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
