// One module, one worker beside it, one style sheet, and a note of what they were made from.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";
import { inputHash, outputHashes } from "./hashes.mjs";

const out = resolve(import.meta.dirname, process.env.LIVEMAP_OUT ?? "../../dispatcher/api/web/livemap");
const modules = resolve(import.meta.dirname, "node_modules");

const PARTS = ["clock.js", "dom.js", "http.js", "socket.js"];

// MapLibre looks for its worker beside the bundle; licences travel with the code they cover
const beside = {
  name: "beside",
  closeBundle() {
    copyFileSync(`${modules}/maplibre-gl/dist/maplibre-gl-worker.mjs`, `${out}/maplibre-gl-worker.mjs`);
    copyFileSync(resolve(import.meta.dirname, "src/livemap.css"), `${out}/livemap.css`);
    // small modules the engineer's page shares, as they are
    mkdirSync(`${out}/parts`, { recursive: true });
    for (const name of PARTS) copyFileSync(resolve(import.meta.dirname, `src/${name}`), `${out}/parts/${name}`);
    const texts = ["maplibre-gl/LICENSE.txt", "@mapbox/vector-tile/LICENSE.txt", "pbf/LICENSE"].map((file) => `${file}\n\n${readFileSync(`${modules}/${file}`, "utf8")}`);
    writeFileSync(`${out}/LICENSES.txt`, texts.join("\n\n========\n\n"));
    const note = { input: inputHash(), output: outputHashes(out) };
    writeFileSync(`${out}/BUILD.json`, `${JSON.stringify(note, null, 2)}\n`);
  },
};

export default defineConfig({
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [beside],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: resolve(import.meta.dirname, "src/index.js"), formats: ["es"], fileName: () => "livemap.js" },
    chunkSizeWarningLimit: 2000,
  },
});
