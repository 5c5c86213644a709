// The address is the question: pairs ↔ address, and a pasted machine in the part that no server sees.

import { fromBase64, toBase64 } from "./base64.js";

/** @typedef {import("./engine.js").Pairs} Pairs */

/** Keys of the page itself. */
const OWN = ["view"];

/** @returns {{pairs: Pairs, view: string}} */
export function read() {
  const all = [...new URLSearchParams(location.search)];
  const view = all.find(([key]) => key === "view")?.[1] ?? "install";
  return { pairs: all.filter(([key]) => !OWN.includes(key)).map(([key, value]) => [key, value]), view };
}

/** Shows a question in the address; `isNew`: as a step that the back button takes back. @param {Pairs} pairs @param {string} view @param {string} fragment @param {boolean} isNew */
export function write(pairs, view, fragment, isNew) {
  const query = search(pairs, view);
  const address = `${query || location.pathname}${fragment}`;
  if (address === `${location.search}${location.hash}`) return;
  if (isNew) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

/** @param {Pairs} pairs @param {string} view */
export function search(pairs, view) {
  /** @type {Pairs} */
  const own = view === "install" ? [] : [["view", view]];
  const parts = [...own, ...pairs].map(([key, value]) => `${key}=${readable(value)}`);
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

/** A value with as few escapes as an address needs. @param {string} value */
const readable = (value) => encodeURIComponent(value).replace(/%20/g, "+").replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%2F/g, "/");

const MACHINE = "#machine=";

/** The machine in the address, if there is one; null if it cannot be read. @returns {Promise<string | null | undefined>} */
export async function readMachine() {
  if (!location.hash.startsWith(MACHINE)) return undefined;
  try {
    const base64 = location.hash.slice(MACHINE.length).replace(/-/g, "+").replace(/_/g, "/");
    const stream = new Blob([fromBase64(base64)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return await textOf(stream);
  } catch {
    return null;
  }
}

/** A machine has a few KiB; a link may unpack to anything. */
const MOST = 1 << 20;

/** @param {ReadableStream<Uint8Array>} stream */
async function textOf(stream) {
  const [decoder, reader] = [new TextDecoder(), stream.getReader()];
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
    if (text.length > MOST) {
      void reader.cancel();
      return null;
    }
  }
  return text;
}

/** @param {string} machine @returns {Promise<string>} */
export async function machineFragment(machine) {
  const stream = new Blob([machine]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return MACHINE + toBase64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
