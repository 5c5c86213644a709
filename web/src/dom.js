// Elements from texts: every text becomes text, never markup.

/**
 * @typedef {string | number | Node | null | undefined | false} Child
 */

/**
 * An element with attributes and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean | ((event: Event) => void)>} attributes `onclick` and such are listeners.
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map(node));
  return made;
}

/** @param {Child} child */
const node = (child) => (child instanceof Node ? child : document.createTextNode(String(child)));

/**
 * A sentence whose parts between backticks are code.
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function sentence(text) {
  const made = document.createDocumentFragment();
  const told = text.replace(/\bpass (?=`--([a-z-]+))/g, (word, key) => (MACHINE_KEYS.includes(key) && isMigrating() ? "use " : fieldOf(key) ? "give " : `in a terminal, ${word}`));
  told.split("`").forEach((part, at) => {
    if (part === "--machine") made.append("the text that you pasted");
    else if (part !== "") made.append(at % 2 === 1 ? (toField(part) ?? element("code", {}, part)) : part);
  });
  return made;
}

/** Keys that describe a machine. */
const MACHINE_KEYS = ["platform", "gpu", "compute-capability", "driver", "cuda", "glibc", "macos"];

const isMigrating = () => !byId("migrate", HTMLElement).hidden;

/** The field of a flag: some have one together. @param {string} key */
function fieldOf(key) {
  /** @type {Record<string, string>} */
  const shownBy = { cuda: "driver", cpu: "accelerator", "compute-capability": "gpu" };
  return document.querySelector(`#question [name="${shownBy[key] ?? key}"]`);
}

/** What to do, as a sentence: what a command line passes, a page is given. @param {string} text */
export function advice(text) {
  const begun = text.replace(/^pass (?=.*`--)/, "give ");
  return sentence(begun.charAt(0).toUpperCase() + begun.slice(1));
}

/** A flag as the way to its field, if the page has one: `--glibc X.Y`. @param {string} part */
function toField(part) {
  const file = { "environment-yml": "environment.yml", "pixi-toml": "pixi.toml", dockerfile: "Dockerfile" }[part.replace(/^--format[ =]/, "")];
  if (part.startsWith("--format") && file) {
    const go = () => {
      const details = document.getElementById(`file-${file.replace(".", "-")}`);
      details?.setAttribute("open", "");
      details?.querySelector("summary")?.focus();
    };
    return element("button", { type: "button", class: "to-field", onclick: go }, file);
  }
  const [, key, value] = part.match(/^--([a-z-]+)(?:[ =](.*))?$/) ?? [];
  if (key !== undefined && MACHINE_KEYS.includes(key) && isMigrating()) {
    const here = byId("migrate-here", HTMLInputElement);
    return element("button", { type: "button", class: "to-field", onclick: () => here.click() }, "the machine under Install");
  }
  const field = key === undefined ? null : fieldOf(key);
  const label = field?.closest(".field")?.querySelector("span, label")?.textContent?.trim();
  if (!(field instanceof HTMLElement) || !label || byId("install", HTMLElement).hidden) return null;
  const given = key === "cpu" ? "cpu" : value === undefined || /^[A-Z.]+$/.test(value) ? null : value;
  const shown = given === null ? label : `${label} ${given}`;
  // A value is set; without one, the field waits for it.
  const go = () => {
    if (given !== null && (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) {
      field.value = given;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    field.closest("details")?.setAttribute("open", "");
    field.focus();
  };
  return element("button", { type: "button", class: "to-field", onclick: go }, key === "cpu" ? "the CPU" : shown);
}

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${id}`);
  return found;
}

/** Says something to a screen reader. @param {string} text */
export function say(text) {
  byId("said", HTMLElement).textContent = text;
}

/**
 * A button that copies a text.
 * @param {() => string} text
 * @param {string} label
 * @param {string} what for screen readers: "Copy the install command"
 */
export function copyButton(text, label, what) {
  const button = element("button", { type: "button", class: "copy", "aria-label": what }, label);
  button.addEventListener("click", async () => {
    const done = await copy(text());
    const shown = button.parentElement?.querySelector("pre");
    const keys = /Mac|iP/.test(navigator.platform) ? "⌘C" : "Ctrl+C";
    if (!done && shown) getSelection()?.selectAllChildren(shown);
    button.textContent = done ? "Copied" : shown ? `Press ${keys}` : "Copy it from the address bar";
    say(done ? "Copied" : shown ? `Selected; press ${keys} to copy` : "Copy it from the address bar");
    setTimeout(() => (button.textContent = label), 2000);
  });
  return button;
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page from a folder may have no clipboard.
    const area = element("textarea", { class: "hidden", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/**
 * Saves a text as a file.
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
export function save(name, text, type = "text/plain") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The words of a command, each in one line if it fits: `--` at the end of a line is no flag. @param {string} text */
export const words = (text) =>
  text.split(/( +|\n)/).map((part) => (part.trim() === "" ? part : element("span", { class: "word" }, part)));

/** A block of code with a button that copies it. @param {string} text @param {string} what */
export function codeBlock(text, what) {
  return element(
    "div",
    { class: "block" },
    element("pre", { tabindex: "0", role: "region", "aria-label": what }, element("code", {}, ...words(text))),
    copyButton(() => text, "Copy", `Copy: ${what}`),
  );
}
