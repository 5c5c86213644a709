// The fields ↔ the pairs of a question.

import { byId } from "./dom.js";

/** @typedef {import("./engine.js").Pairs} Pairs */

const form = () => byId("question", HTMLFormElement);

/** Fields of the form, by the key that each sets. */
const FIELDS = [
  "platform", "gpu", "driver", "python", "pytorch", "package", "accelerator", "cuda-version", "blas", "glibc", "macos", "name",
];

/** Keys that a field shows beside its own. */
const SHOWN_BY = new Map([["compute-capability", "gpu"], ["cuda", "driver"]]);

/** @param {string} key @returns {HTMLInputElement | HTMLSelectElement} */
export function field(key) {
  const found = form().elements.namedItem(key);
  if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
  throw new Error(`no field ${key}`);
}

/** @returns {Pairs} */
export function read() {
  return FIELDS.map((key) => /** @type {[string, string]} */ ([key, field(key).value.trim()]))
    .filter(([, value]) => value !== "");
}

/** Shows a question. @param {Pairs} pairs */
export function show(pairs) {
  for (const key of FIELDS) {
    const values = pairs.filter(([other]) => (SHOWN_BY.get(other) ?? other) === key).map(([, value]) => value);
    const [first = ""] = values;
    field(key).value = key === "gpu" || key === "package" ? counted(values).join(", ") : first;
  }
  const select = field("platform");
  if (select.value === "") select.value = "linux-64";
  showCount();
  showOnly();
}

/** `2x A100` for two of them. @param {string[]} values */
function counted(values) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => (count > 1 ? `${count}x ${value}` : value));
}

/** How many of the folded choices are made. */
export function showCount() {
  const folded = [...byId("more", HTMLDetailsElement).querySelectorAll("input, select")];
  const count = folded.filter((it) => /** @type {HTMLInputElement} */ (it).value.trim() !== "").length;
  byId("more-count", HTMLElement).textContent = count > 0 ? ` (${count})` : "";
}

/** Hides the fields of other systems. */
export function showOnly() {
  const platform = field("platform").value;
  for (const label of document.querySelectorAll("[data-only]")) {
    const is = platform.startsWith(label.getAttribute("data-only") ?? "");
    label.toggleAttribute("hidden", !is && label.querySelector("input")?.value === "");
  }
}

/** Marks the field of a refusal, or none. @param {import("./engine.js").Refusal | null} refusal */
export function mark(refusal) {
  const key = refusal?.key ? (SHOWN_BY.get(refusal.key) ?? refusal.key) : null;
  let marked = false;
  for (const name of FIELDS) {
    const isWrong = name === key;
    field(name).setAttribute("aria-invalid", String(isWrong));
    const place = document.getElementById(`${name}-error`);
    if (place) place.textContent = isWrong && refusal ? plain(refusal.message) : "";
    marked ||= isWrong && place !== null;
  }
  if (marked && key && byId("more", HTMLDetailsElement).contains(field(key))) byId("more", HTMLDetailsElement).open = true;
  return marked;
}

/** @param {string} text */
const plain = (text) => text.replace(/ (in|for) `--[^`]*`/, "").replaceAll("`", "");
