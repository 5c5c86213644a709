// One file of all: the page with its style and its script, under a policy that names both by hash, and the compressed core.

import zopfli from "@gfx/zopfli";
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const core = "../target/page";
const wasm = readFileSync(`${core}/core.wasm`);

const bundled = await build({
  entryPoints: ["src/main.js"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  write: false,
  alias: { core: `${core}/core.js` },
  define: { "import.meta.url": '""' },
  logLevel: "warning",
});
// A comment or a text may not end the script.
const script = bundled.outputFiles[0].text.trim().replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
const sheet = readFileSync("style.css", "utf8") + readFileSync("../crates/conda-torch-core/src/heat_map/heat_map.css", "utf8");
const style = (await build({ stdin: { contents: sheet, loader: "css" }, minify: true, write: false })).outputFiles[0].text.trim();

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)} 'wasm-unsafe-eval'`,
  `style-src ${hash(style)}`,
  "img-src data:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

// A twentieth smaller than zlib makes it.
const compressed = Buffer.from(await zopfli.gzipAsync(wasm, { numiterations: 5 })).toString("base64");
const page = readFileSync("index.html", "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => ({ policy, style, script, compressed })[name]);
mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.html", page);
copyFileSync("sw.js", "dist/sw.js");

const kib = (bytes) => `${Math.round(bytes / 1024)} KiB`;
const brotli = brotliCompressSync(page, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
const sizes = { plain: page.length, gzip: gzipSync(page, { level: 9 }).length, brotli: brotli.length };
console.log(`web/dist/index.html: ${kib(sizes.plain)}, ${kib(sizes.gzip)} with gzip, ${kib(sizes.brotli)} with brotli (core ${kib(wasm.length)})`);
if (sizes.gzip >= 1_000_000) throw new Error("the page must stay below 1 MB compressed");

// The npm package: the same core, and types made from the schemas.
copyFileSync(`${core}/core.wasm`, "npm/core.wasm");
copyFileSync(`${core}/core.js`, "npm/core.js");
copyFileSync(`${core}/core.d.ts`, "npm/core.d.ts");
const { compile } = await import("json-schema-to-typescript");
const documents = { Advise: "advise-1", Explain: "explain-1", MigrateFiles: "migrate-files-1" };
const texts = Object.entries(documents).map(async ([name, file]) => {
  const schema = JSON.parse(readFileSync(`../docs/schema/${file}.json`, "utf8"));
  const text = await compile({ ...schema, title: name }, name, { bannerComment: "", additionalProperties: false });
  // Documents share names of parts: each has a namespace.
  return `declare namespace ${name}Document {\n${text}}\nexport type ${name} = ${name}Document.${name};\n`;
});
writeFileSync("npm/documents.d.ts", (await Promise.all(texts)).join("\n"));
