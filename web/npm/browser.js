// For browsers: `load` comes first, with the address or the bytes of `core.wasm`.

import init from "./core.js";

export const load = async (core) => void (await init({ module_or_path: core }));

export * from "./api.js";
