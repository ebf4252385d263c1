// Requests to the API: one place for the session, the language and problem+json.

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? body?.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.code ?? "";
    this.facts = body?.facts ?? {};
  }
}

/** A key nobody else has; `randomUUID` exists only on https and localhost. */
export function newKey(crypto = globalThis.crypto) {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** Return `get` and `post` for the API at `base` (…/api/v1). */
export function client(base, lang, fetcher = (...args) => fetch(...args)) {
  const call = async (method, path, { body, key, signal } = {}) => {
    const headers = { Accept: "application/json", "Accept-Language": lang() };
    const options = { method, headers, credentials: "include", signal };
    if (method === "POST") {
      headers["Content-Type"] = "application/json";
      headers["Idempotency-Key"] = key ?? newKey();
      options.body = JSON.stringify(body ?? {});
    }
    const answer = await fetcher(base + path, options);
    const isJson = (answer.headers.get("content-type") ?? "").includes("json");
    const content = isJson ? await answer.json() : null;
    if (!answer.ok) throw new Problem(answer.status, content);
    return content;
  };
  return {
    /** Where a page of the desk is, to open it beside. */
    url: (path) => base + path,
    get: (path, options) => call("GET", path, options),
    /** POST once or, when the line breaks, again with the same key: the server answers alike. */
    post: async (path, body, options = {}) => {
      const key = options.key ?? newKey();
      try {
        return await call("POST", path, { ...options, body, key });
      } catch (problem) {
        if (problem instanceof Problem ? problem.status !== 503 : problem.name === "AbortError") throw problem;
        await new Promise((resolve) => setTimeout(resolve, 400));
        return call("POST", path, { ...options, body, key });
      }
    },
  };
}

export const path = (...parts) => parts.map((part) => `/${encodeURIComponent(part)}`).join("");
