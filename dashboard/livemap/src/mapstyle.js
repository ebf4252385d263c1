// The base map's style from the API, made fit for any page: absolute addresses, credit as text.

const CREDIT = "© OpenStreetMap contributors";

/** Return a style of ground colour only, for a desk whose tiles cannot be had now. */
export function bareStyle(palette) {
  return {
    version: 8,
    sources: {},
    layers: [{ id: "ground", type: "background", paint: { "background-color": palette.land } }],
  };
}

/** Make the tile addresses of a style absolute against the style's own. */
export function absolute(style, base) {
  const full = (url) => decodeURI(new URL(url, base).href);
  for (const source of Object.values(style.sources ?? {})) {
    if (source.tiles) source.tiles = source.tiles.map(full);
    if (typeof source.url === "string" && !source.url.includes("://")) source.url = full(source.url);
    if (typeof source.data === "string") source.data = full(source.data);
  }
  return style;
}

/** Text of all sources' attributions, without their markup. */
export function credit(style) {
  const texts = Object.values(style.sources ?? {}).map((one) => (one.attribution ?? "").replace(/<[^>]*>/g, "").trim());
  return [...new Set(texts.filter(Boolean))].join(" · ") || CREDIT;
}

/** Fetch the style of the territory's city in the page's theme; a bare one when it cannot be had. */
export async function loadStyle({ store, props, palette, apiBase }) {
  const city = store.cfg.city ?? props.city;
  const bare = { style: bareStyle(palette), credit: "", isBare: true };
  if (!city) return bare;
  const url = `${apiBase}/map/${encodeURIComponent(city)}/style.json?theme=${palette.name}`;
  try {
    const answer = await fetch(url);
    if (!answer.ok) return bare;
    const style = absolute(await answer.json(), new URL(url, globalThis.location?.href));
    return { style, credit: credit(style), isBare: false };
  } catch {
    return bare;
  }
}
