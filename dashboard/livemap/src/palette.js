// Colours measured for normal, deutan, protan and tritan sight (least CAM02-UCS distance 25.7 light,
// 16.1 dark, 19.2 for engineers); a shape and a text always stand beside them.
export const SEVERITY = {
  light: { 4: "#7A0019", 3: "#D1495B", 2: "#EDAE49", 1: "#66A5C4" },
  dark: { 4: "#FF6B6B", 3: "#FFB000", 2: "#FEE090", 1: "#8FD3FF" },
};

export const ENGINEER = {
  idle: "#33D6C2",
  travelling: "#2F6FDE",
  on_site: "#882255",
  lunch: "#888888",
  returning: "#33D6C2",
  absent: "#888888",
  off: "#888888",
};

// on dark ground blue and wine would drown
const ENGINEER_DARK = { ...ENGINEER, travelling: "#6EA0FF", on_site: "#E58BB4", lunch: "#9AA3AB" };

const INK = {
  light: {
    ground: "#ffffff", panel: "#f4f6f8", text: "#17212b", soft: "#57636f", line: "#d5dce3",
    rim: "#333333", halo: "#ffffff", accent: "#0b62bd", now: "#c2185b", work: "#3f6fb5",
    workText: "#ffffff", travel: "#8fa3b8", lunch: "#c9cfd5", past: "#d3dbe3", shift: "#eef2f6",
    late: "#b3261e", good: "#1b7f4b", fair: "#9a6700", bad: "#b3261e", route: "#5b7086",
    water: "#c9dbe8", green: "#dfe9dc", road: "#ffffff", casing: "#cfd6dc", land: "#edf0f2",
  },
  dark: {
    ground: "#0f1418", panel: "#171d23", text: "#e6ebf0", soft: "#9fabb7", line: "#2b343d",
    rim: "#0b0e11", halo: "#0f1418", accent: "#62aeff", now: "#ff6fa8", work: "#3d6cae",
    workText: "#ffffff", travel: "#6f8296", lunch: "#4a545e", past: "#2a333c", shift: "#161d24",
    late: "#ff8a80", good: "#5fd39b", fair: "#ffc457", bad: "#ff8a80", route: "#8fa3b8",
    water: "#16293a", green: "#17231c", road: "#333d47", casing: "#20272e", land: "#14181d",
  },
};

/** Return the colours of one theme. */
export function palette(theme) {
  const name = theme === "dark" ? "dark" : "light";
  return {
    name,
    ...INK[name],
    severity: SEVERITY[name],
    engineer: name === "dark" ? ENGINEER_DARK : ENGINEER,
  };
}

export const SHAPE = { 4: "▲", 3: "◆", 2: "■", 1: "●" };

/** Return the short name a dispatcher reads: P1 is the worst. */
export const priority = (severity) => `P${5 - severity}`;

/** A ticket's number where room is dear: reykjavik-244 is #244 to whoever works there. */
export const short = (id) => id.replace(/^.*-(?=\d+$)/, "#");
/** A sentence in which the tickets of one area go by their short numbers; `id` is one of them. */
export const shortened = (text, id) => {
  const home = id.replace(/\d+$/, "");
  return !home.endsWith("-") ? text : text.split(home).map((part, i) => (i && /^\d/.test(part) ? `#${part}` : i ? home + part : part)).join("");
};

/** Trace the outline of a severity's shape around (x, y). */
export function traceShape(ctx, severity, x, y, r) {
  ctx.beginPath();
  if (severity === 4) {
    ctx.moveTo(x, y - r * 1.25);
    ctx.lineTo(x + r * 1.15, y + r * 0.8);
    ctx.lineTo(x - r * 1.15, y + r * 0.8);
  } else if (severity === 3) {
    ctx.moveTo(x, y - r * 1.25);
    ctx.lineTo(x + r * 1.25, y);
    ctx.lineTo(x, y + r * 1.25);
    ctx.lineTo(x - r * 1.25, y);
  } else if (severity === 2) {
    ctx.rect(x - r * 0.92, y - r * 0.92, r * 1.84, r * 1.84);
  } else {
    ctx.arc(x, y, r, 0, Math.PI * 2);
  }
  ctx.closePath();
}
