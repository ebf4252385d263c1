// What outlives a page switch, and where the API stands as seen from this page.

/** The view, the filters and the selection, kept for this browser tab. */
export class Session {
  constructor(key, storage = globalThis.sessionStorage) {
    this.key = `livemap:${key}`;
    this.storage = storage;
  }

  read() {
    try {
      return JSON.parse(this.storage.getItem(this.key)) ?? {};
    } catch {
      return {};
    }
  }

  write(state) {
    try {
      this.storage.setItem(this.key, JSON.stringify(state));
    } catch {
      // a full or forbidden storage only forgets the view
    }
  }
}

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]", "0.0.0.0"]);

/**
 * The API's base for this page. A loopback address is only right on the server's own machine: a
 * page opened by another name asks the same port under that name, where its cookie is valid too.
 */
export function apiAddress(api, here = globalThis.location) {
  const url = new URL(api || "/", here.href);
  if (LOOPBACK.has(url.hostname) && here.hostname) url.hostname = here.hostname;
  return `${url.origin}${url.pathname.replace(/\/$/, "")}/api/v1`;
}

/** The live socket beside the API. */
export const socketAddress = (base) => `${base.replace(/^http/, "ws").replace(/\/api\/v1$/, "")}/ws/live`;
