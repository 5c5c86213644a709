// For Node.js: the core is read from its file.

import { readFileSync } from "node:fs";

import { initSync } from "./core.js";

initSync({ module: new WebAssembly.Module(readFileSync(new URL("./core.wasm", import.meta.url))) });

export const load = async () => {};

export * from "./api.js";
