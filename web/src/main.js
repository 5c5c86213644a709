// Starts the page: the address, the fields and the paste are one question; each change asks the core again.

import * as address from "./address.js";
import { isNews, render, renderError } from "./answer.js";
import { byId, element, say, sentence, words } from "./dom.js";
import { advised, allChoices, ask, guessed, readMachine, start } from "./engine.js";
import * as form from "./form.js";
import { search } from "./gpus.js";
import * as picture from "./picture.js";
import * as texts from "./texts.js";

/** @typedef {import("./engine.js").Pairs} Pairs */

/** @type {{view: string, client: string, shell: string, paste: import("./engine.js").ReadMachine | null, guess: Pairs, said: string, notes: string[], lines: import("./engine.js").Answer["command_lines"] | null}} */
const state = { view: "install", client: "", shell: "", paste: null, guess: [], said: "", notes: [], lines: null };

/** The machine that was pasted, as a text for the core. */
const machine = () => (state.paste ? JSON.stringify(state.paste.machine) : undefined);

/** The question: fields that a paste filled in are not part of it, unless they were changed. @returns {Pairs} */
function question() {
  let pairs = form.read();
  const paste = state.paste;
  if (paste) {
    const [before, now] = [shown(paste.pairs), shown(pairs)];
    pairs = pairs.filter(([key]) => before.get(key) !== now.get(key));
  }
  if (state.client) pairs.push(["client", state.client]);
  if (state.shell) pairs.push(["shell", state.shell]);
  return pairs;
}

/** What each field shows of pairs. @param {Pairs} pairs */
function shown(pairs) {
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const [key, value] of pairs) {
    const name = key === "cuda" ? "driver" : key === "compute-capability" ? "gpu" : key;
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const gpu = values.get("gpu");
  if (gpu !== undefined) values.set("gpu", gpu.split(",").map((it) => it.trim()).flatMap(expanded).sort().join(", "));
  return values;
}

/** `2x A100` is two of them. @param {string} name */
function expanded(name) {
  const [, count, one] = name.match(/^(\d+)x (.*)$/) ?? [null, "1", name];
  return Array(Number(count)).fill(one);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Asks, and shows the answer. */
function update() {
  form.showCount();
  form.showOnly();
  const pairs = question();
  const answer = ask(pairs, machine());
  if (answer.error) {
    form.mark(answer.error);
    renderError(answer.error);
    announce(answer.error.message.replaceAll("`", ""));
    state.lines = null;
  } else {
    form.mark(null);
    render(answer, state.notes, { client: setClient, shell: setShell, link, json: (all) => advised(question(), machine(), all) });
    announce(answer.heading);
    state.lines = answer.command_lines;
    const { channel, as_of, days } = answer.age;
    byId("age", HTMLElement).textContent = `${channel} as of ${as_of}${days === null ? "" : days === 1 ? ", 1 day ago" : days === 0 ? ", today" : `, ${days} days ago`}.`
      + (days !== null && days > 60 ? " Newer builds may exist." : "");
  }
  if (state.view === "gpus") picture.show({ pairs, machine: machine() });
  showCommandLine();
  clearTimeout(timer);
  timer = setTimeout(() => void writeAddress(), 200);
}

/** The part of the page that is shown, in a terminal. */
function showCommandLine() {
  const isHere = byId("migrate-here", HTMLInputElement).checked;
  /** @type {Record<string, string>} */
  const lines = {
    install: state.lines?.install ?? "conda-torch advise",
    gpus: picture.commandLine(),
    migrate: (isHere && state.lines?.migrate) || "conda-torch migrate FILE",
    error: state.lines?.error ?? "conda-torch explain FILE",
  };
  byId("command-line", HTMLElement).replaceChildren(...words(lines[state.view]));
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

/** Says what the answer is, once the typing pauses. @param {string} text */
function announce(text) {
  clearTimeout(pause);
  pause = setTimeout(() => {
    if (text !== state.said) say(text);
    state.said = text;
  }, 500);
}

/** The canonical question, or what was typed if it has no answer. */
function canonical() {
  const answer = ask(question(), machine());
  // An address that is no channel may have a password in it.
  return answer.error ? question().filter(([key]) => key !== "channel") : answer.question;
}

/** A pasted machine goes into the address if its choices alone give another answer. */
async function withMachine() {
  const paste = state.paste;
  const pairs = canonical();
  if (!paste) return { pairs, fragment: "" };
  const alone = [...paste.pairs.filter(([key]) => !pairs.some(([other]) => other === key)), ...pairs];
  const [full, simple] = [ask(pairs, machine()), ask(alone, undefined)];
  if (!full.error && !simple.error && isSame(full, simple)) return { pairs: simple.question, fragment: "" };
  return { pairs, fragment: await address.machineFragment(JSON.stringify(paste.machine)) };
}

/** @param {import("./engine.js").Answer} a @param {import("./engine.js").Answer} b */
const isSame = (a, b) =>
  JSON.stringify([a.commands, a.heading, a.closest, a.why, a.notes, a.first_notes, a.files, a.client])
  === JSON.stringify([b.commands, b.heading, b.closest, b.why, b.notes, b.first_notes, b.files, b.client]);

async function writeAddress(isNew = false) {
  clearTimeout(timer);
  const { pairs, fragment } = await withMachine();
  address.write(pairs, state.view, fragment, isNew);
}

async function link() {
  const { pairs, fragment } = await withMachine();
  return new URL(`${location.pathname}${address.search(pairs, "install")}${fragment}`, location.href).href;
}

/** @param {string} client */
function setClient(client) {
  state.client = client;
  update();
}

/** @param {string} shell */
function setShell(shell) {
  state.shell = shell === "posix" ? "bash" : shell;
  update();
}

/** Shows where the fields come from. */
function showSource() {
  const place = byId("source", HTMLElement);
  const paste = state.paste;
  if (paste) {
    const clear = element("button", { type: "button", class: "plain", onclick: () => clearPaste() }, "Remove");
    place.replaceChildren("From the text that you pasted (", element("code", {}, paste.format ?? "a machine"), "). ", clear);
  } else if (state.guess.length > 0) {
    const isGpuGuessed = state.guess.some(([key]) => key === "gpu");
    const what = isGpuGuessed ? "Platform and GPU are" : "The platform is";
    place.replaceChildren(`${what} a first guess from this browser. ${isGpuGuessed ? "It does not know your driver." : needsGpu()}`);
  } else place.replaceChildren(needsGpu());
}

/** What to know if no GPU is chosen where there may be one. */
function needsGpu() {
  const isOpen = form.field("gpu").value.trim() === "" && form.field("driver").value.trim() === "" && form.field("accelerator").value === "";
  return isOpen && !form.field("platform").value.startsWith("osx") ? "Without a GPU, the answer is for the CPU." : "";
}

function clearPaste() {
  state.paste = null;
  byId("paste", HTMLTextAreaElement).value = "";
  form.show([["platform", form.field("platform").value]]);
  showSource();
  update();
}

/** @param {string} text */
function paste(text) {
  const wrong = byId("paste-error", HTMLElement);
  wrong.replaceChildren();
  if (text.trim() === "") {
    if (state.paste) clearPaste();
    return;
  }
  const found = readMachine(text);
  if (found.error) {
    wrong.replaceChildren(sentence(found.error.message));
    return;
  }
  take(found);
  update();
}

/** @param {import("./engine.js").ReadMachine} found */
function take(found) {
  state.paste = found;
  state.notes = [];
  state.guess = [];
  state.client = "";
  state.shell = "";
  form.show(found.pairs);
  showSource();
}

/** @param {string} view @param {boolean} isFocused */
function show(view, isFocused) {
  state.view = ["install", "gpus", "migrate", "error"].includes(view) ? view : "install";
  for (const name of ["install", "gpus", "migrate", "error"]) byId(name, HTMLElement).hidden = name !== state.view;
  for (const item of document.querySelectorAll("[data-view]")) {
    if (item.getAttribute("data-view") === state.view) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
  if (state.view === "gpus") {
    const platform = form.field("platform").value;
    byId("map-platform", HTMLSelectElement).value = platform;
    picture.show({ pairs: question(), machine: machine() });
  } else if (state.view !== "install") texts.show(state.view, { pairs: question(), machine: machine() });
  showCommandLine();
  if (isFocused) byId("main", HTMLElement).focus();
}

/** What the browser says about its platform. */
function platformHint() {
  const data = /** @type {any} */ (navigator).userAgentData;
  return [data?.platform, navigator.platform, /Android/.test(navigator.userAgent) ? "Android" : ""].filter(Boolean).join(" ");
}

/** What WebGL calls the GPU that it draws with. */
function webGlName() {
  const context = document.createElement("canvas").getContext("webgl", { powerPreference: "high-performance" });
  const named = context?.getExtension("WEBGL_debug_renderer_info");
  return String(context?.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : context.RENDERER) ?? "");
}

/** What WebGPU calls it: maybe one that WebGL does not use. */
async function webGpuName() {
  const adapter = await /** @type {any} */ (navigator).gpu?.requestAdapter({ powerPreference: "high-performance" });
  const { vendor = "", description = "" } = adapter?.info ?? {};
  return /nvidia/i.test(vendor) ? `NVIDIA/${description}` : "";
}

/** A guess of the GPU after the first answer, which does not wait for it; it counts if nothing was chosen meanwhile. */
async function guessGpu() {
  const guess = state.guess;
  await new Promise((done) => setTimeout(done));
  for (const named of [webGlName, webGpuName]) {
    try {
      const pairs = guessed(platformHint(), await named());
      if (state.guess !== guess) return;
      if (!pairs.some(([key]) => key === "gpu")) continue;
      state.guess = pairs;
      form.show(pairs);
      showSource();
      return update();
    } catch {
      // No picture of the GPU: no guess.
    }
  }
}

/** Fills the lists. */
function fill() {
  const all = allChoices();
  byId("pythons", HTMLDataListElement).append(...all.python.map((value) => element("option", { value })));
  byId("pytorchs", HTMLDataListElement).append(...all.pytorch.map((value) => element("option", { value })));
  search(all.gpus, changed);
  byId("age", HTMLElement).textContent = `${all.channel} as of ${all.as_of}.`;
}

/** A field changed: what was guessed is now chosen. */
function changed() {
  state.guess = [];
  state.notes = [];
  showSource();
  update();
}

/** A question and how it is read, without a client or shell that there is not: the page has no field to correct them in. @param {Pairs} pairs */
function readable(pairs) {
  const notes = [];
  let answer = ask(pairs, undefined);
  while (answer.error && ["client", "shell"].includes(answer.error.key ?? "")) {
    const { key, message } = answer.error;
    const rest = pairs.filter(([other]) => other.toLowerCase() !== key);
    if (rest.length === pairs.length) break;
    notes.push(message);
    [pairs, answer] = [rest, ask(rest, undefined)];
  }
  return { pairs, answer, notes };
}

/** Shows the question of the address. */
async function fromAddress() {
  const { pairs: all, view } = address.read();
  const kept = await address.readMachine();
  const { pairs, answer, notes } = readable(all);
  const values = (/** @type {string} */ key) => pairs.filter(([other]) => other.toLowerCase() === key).map(([, value]) => value);
  if (!answer.error) notes.push(...answer.read_as.filter((note) => isNews(note, answer.question, (key) => values(key).join(", "))));
  const understood = answer.error ? pairs : answer.question;
  const found = typeof kept === "string" ? readMachine(kept) : null;
  if (found && !found.error) {
    take(found);
    form.show([...found.pairs.filter(([key]) => !understood.some(([other]) => other === key)), ...understood]);
  } else {
    if (kept === null || found?.error) notes.push("The machine in this link cannot be read; the answer is for the choices alone");
    state.paste = null;
    byId("paste", HTMLTextAreaElement).value = "";
    const isOpen = !understood.some(([key]) => key === "platform");
    state.guess = isOpen ? guessed(platformHint(), "") : [];
    form.show([...state.guess, ...understood]);
  }
  state.notes = notes;
  state.client = values("client").pop() ?? "";
  state.shell = values("shell").pop() ?? "";
  showSource();
  show(view, false);
  update();
  const isOnlyPlatform = state.guess.length === 1 && pairs.length === 0 && !state.paste;
  if (isOnlyPlatform) void guessGpu();
}

async function main() {
  await start(byId("core", HTMLScriptElement).text);
  fill();
  byId("question", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
  byId("question", HTMLFormElement).addEventListener("input", (event) => {
    if (event.target instanceof HTMLElement && event.target.id === "paste") paste(byId("paste", HTMLTextAreaElement).value);
    else changed();
  });
  picture.wire(() => ({ pairs: question(), machine: machine() }), showCommandLine);
  texts.wire(() => ({ pairs: question(), machine: machine() }), showCommandLine);
  for (const item of document.querySelectorAll("a[data-view]")) {
    item.addEventListener("click", (event) => {
      const { ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
      if (ctrlKey || metaKey || shiftKey) return;
      event.preventDefault();
      show(item.getAttribute("data-view") ?? "install", true);
      void writeAddress(true);
    });
  }
  addEventListener("popstate", () => void fromAddress());
  await fromAddress();
  document.documentElement.dataset.ready = "true";
  if (location.protocol.startsWith("http")) navigator.serviceWorker?.register("sw.js").catch(() => {});
}

main().catch((why) => {
  byId("answer", HTMLElement).replaceChildren(
    element("p", { class: "wrong", role: "alert" }, `This page does not run in this browser: ${why}. In a terminal, conda-torch advise gives the same answer.`),
  );
});
