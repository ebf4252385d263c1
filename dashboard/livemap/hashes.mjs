// sha256 over everything the bundle is made from; tests/dashboard/test_bundle.py counts the same.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";

const here = import.meta.dirname;

const files = () => [
  "package-lock.json", "package.json", "vite.config.mjs", "hashes.mjs",
  ...readdirSync(resolve(here, "src")).sort().map((name) => `src/${name}`),
  "../../dispatcher/texts/en/map.json", "../../dispatcher/texts/zh/map.json",
];

const sha = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** One hash of names and contents, in a fixed order. */
export function inputHash() {
  return sha(files().map((name) => `${name} ${sha(readFileSync(resolve(here, name)))}\n`).join(""));
}

/** The hash of each built file. */
export function outputHashes(out) {
  const names = readdirSync(out, { recursive: true }).filter((name) => name !== "BUILD.json" && name !== "parts").sort();
  return Object.fromEntries(names.map((name) => [name, sha(readFileSync(resolve(out, name)))]));
}
