// The shell works without a network; what the desk says is never served from a cache but the texts.
const VERSION = "3";
const CACHE = `phone-${VERSION}`;
const SHELL = [
  "./", "about.mjs", "app.mjs", "model.mjs", "outbox.mjs", "keep.mjs", "screen.mjs", "sheets.mjs", "proofs.mjs", "locate.mjs", "phone.css",
  "manifest.webmanifest", "icon.svg", "icon.png",
  "/ui/livemap/parts/clock.js", "/ui/livemap/parts/dom.js", "/ui/livemap/parts/http.js", "/ui/livemap/parts/socket.js",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const drop = async () => {
    for (const name of await caches.keys()) if (name.startsWith("phone-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(drop());
});

// the network first, so that a new release is seen at once; a slow or dead line falls back quickly
async function shell(request) {
  const cache = await caches.open(CACHE);
  const key = new URL(request.url).pathname.endsWith("/m/") ? "./" : request;
  const fresh = fetch(request).then((answer) => {
    if (answer.ok) void cache.put(key, answer.clone());
    return answer;
  });
  const late = new Promise((resolve) => setTimeout(resolve, 1500));
  const first = await Promise.race([fresh.catch(() => null), late]);
  if (first?.ok) return first;
  return (await cache.match(key, { ignoreSearch: true, ignoreVary: true })) ?? fresh;
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  const isShell = url.pathname.startsWith("/m/") || url.pathname.startsWith("/ui/livemap/") || url.pathname.startsWith("/api/v1/texts/");
  if (isShell) event.respondWith(shell(event.request));
});
