// The fields ↔ the pairs of a question.

import { byId } from "./dom.js";

/** @typedef {import("./engine.js").Pairs} Pairs */

const form = () => byId("question", HTMLFormElement);

/** Fields of the form, by the key that each sets. */
const FIELDS = [
  "platform", "gpu", "driver", "python", "pytorch", "package", "accelerator", "cuda-version", "blas", "glibc", "macos", "name", "prefix",
  "channel",
];

/** Keys that a field shows beside its own. */
const SHOWN_BY = new Map([["compute-capability", "gpu"], ["cuda", "driver"]]);

/** @param {string} key @returns {HTMLInputElement | HTMLSelectElement} */
export function field(key) {
  const found = form().elements.namedItem(key);
  if (found instanceof HTMLInputElement || found instanceof HTMLSelectElement) return found;
  throw new Error(`no field ${key}`);
}

/** The CUDA of a driver that is given too: the field shows the driver alone. */
let beside = { driver: "", cuda: "" };

/** @returns {Pairs} */
export function read() {
  const pairs = FIELDS.map((key) => /** @type {[string, string]} */ ([key, field(key).value.trim()]))
    .filter(([, value]) => value !== "");
  if (beside.cuda && field("driver").value === beside.driver) pairs.push(["cuda", beside.cuda]);
  return pairs;
}

/** Whether there is a field for a key of its own. @param {string} key */
export const hasField = (key) => FIELDS.includes(key);

/** What a field shows of a question. @param {string} key @param {Pairs} pairs */
export function shownIn(key, pairs) {
  const values = pairs.filter(([other]) => (SHOWN_BY.get(other) ?? other) === key)
    .sort(([a], [b]) => Number(b === key) - Number(a === key)).map(([, value]) => value);
  const [first = ""] = values;
  return ["gpu", "package", "channel"].includes(key) ? counted(values).join(", ") : first;
}

/** Shows a question. @param {Pairs} pairs */
export function show(pairs) {
  for (const key of FIELDS) set(field(key), shownIn(key, pairs));
  const [driver, cuda] = ["driver", "cuda"].map((key) => pairs.find(([other]) => other === key)?.[1] ?? "");
  beside = driver && cuda ? { driver, cuda } : { driver: "", cuda: "" };
  if (field("platform").value === "") field("platform").value = "linux-64";
  showCount();
  showOnly();
}

/** Shows a value; one that the page does not offer becomes a choice too, and the core says what it thinks of it. @param {HTMLInputElement | HTMLSelectElement} place @param {string} value */
function set(place, value) {
  if (place instanceof HTMLSelectElement && ![...place.options].some((it) => it.value === value)) place.add(new Option(value));
  place.value = value;
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
  for (const name of FIELDS) {
    const isWrong = name === key;
    field(name).setAttribute("aria-invalid", String(isWrong));
    const place = document.getElementById(`${name}-error`);
    if (place) place.textContent = isWrong && refusal ? plain(refusal.message) : "";
    if (isWrong && byId("more", HTMLDetailsElement).contains(field(name))) byId("more", HTMLDetailsElement).open = true;
  }
}

/** @param {string} text */
const plain = (text) => text.replace(/ (in|for) `--[^`]*`/, "").replace(/^`--[a-z-]+ /, "").replace("`--machine`", "the text that you pasted").replaceAll("`", "");
