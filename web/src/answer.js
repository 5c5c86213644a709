// An answer on the page: the command first, then why, what to watch for, and what else.

import { advice, byId, codeBlock, copyButton, element, save, sentence } from "./dom.js";
import { codePage } from "./engine.js";
import { field, hasField, shownIn } from "./form.js";

/** @typedef {import("./engine.js").Answer} Answer */
/** @typedef {import("./engine.js").Note} Note */
/** @typedef {import("./engine.js").Lines} Lines */
/** @typedef {import("./engine.js").Commands} Commands */

const CLIENTS = ["conda", "mamba", "micromamba", "pixi"];
const SHELLS = [["posix", "bash, zsh"], ["fish", "fish"], ["powershell", "PowerShell"], ["cmd", "cmd.exe"]];

/**
 * @param {Answer} answer
 * @param {string[]} notes how the address was read
 * @param {{client: (client: string) => void, shell: (shell: string) => void, link: () => Promise<string>, json: (all: boolean) => string}} on
 */
export function render(answer, notes, on) {
  const place = byId("answer", HTMLElement);
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.keep : undefined;
  const opened = [...place.querySelectorAll("details[open]")].map((it) => it.id);
  const commands = answer.commands ?? answer.closest?.commands ?? null;
  place.replaceChildren(
    ...[
      readAs([...notes, ...answer.read_as.filter((it) => isNews(it, answer.question, (key) => field(key).value.trim()))]),
      element("div", { class: `card ${answer.status}` },
        answer.first_notes.length > 0 && answer.commands !== null && noteList(answer.first_notes),
        element("h2", { id: "headline" }, answer.heading),
        answer.commands === null && noteList(answer.first_notes),
        answer.closest && element("h3", {}, sentence(answer.closest.heading)),
        commands && choice(answer, on),
        commands && lines(commands.install, "the install command", "main"),
        commands && commands.check.lines.length > 0 && element("h3", {}, "Then check the installation"),
        commands && lines(commands.check, "the command that checks the installation", ""),
        element("p", { class: "for" }, "For ", [...answer.graphics, ...answer.system].join(", ")),
        share(on.link),
      ),
      answer.why.length > 0 && section("Why", element("ul", {}, ...answer.why.map((it) => element("li", {}, sentence(upper(it.text)), " ", code(it.code))))),
      answer.notes.length > 0 && section("Also", noteList(answer.notes)),
      answer.alternatives.length > 0 &&
        section(answer.commands ? "Alternatives" : answer.closest ? "Other options" : "Available after a change",
          element("ul", {}, ...answer.alternatives.map((it) => element("li", {}, sentence(it))))),
      commands && files(answer, opened),
      folded("file-json", "JSON", opened, documents(on.json)),
      commands && commands.configure.lines.length > 0 &&
        folded("configure", "Optional: make conda-forge the default", opened, lines(commands.configure, "the settings", "")),
    ].filter((it) => it instanceof Node),
  );
  place.removeAttribute("aria-busy");
  if (focused) /** @type {HTMLElement | null} */ (place.querySelector(`[data-keep="${focused}"]`))?.focus();
}

/** What is wrong with a question. @param {import("./engine.js").Refusal} refusal */
export function renderError(refusal) {
  const hint = refusal.hint;
  byId("answer", HTMLElement).replaceChildren(
    element("div", { class: "card error" },
      element("h2", { id: "headline" }, "No answer yet"),
      // Its field shows which value it is.
      element("p", {}, sentence(upper(refusal.message.replace(/^`--(?:gpu|channel) ([^`]+)`/, "`$1`").replace(/ in `--gpu ([^`]+)`/, " `$1`")))),
      hint && element("p", {}, advice(hint)),
    ),
  );
  byId("answer", HTMLElement).removeAttribute("aria-busy");
}

/**
 * Whether a value was read as something else than its field shows: `8.6` in the field of GPUs is a compute capability.
 * @param {string} note @param {import("./engine.js").Pairs} question @param {(key: string) => string} given
 */
export function isNews(note, question, given) {
  const [, key] = note.match(/^`--([a-z-]+) /) ?? [];
  return key === undefined || !hasField(key) || shownIn(key, question) !== given(key);
}

/** @param {string[]} texts */
const readAs = (texts) =>
  texts.length > 0 && element("p", { class: "read-as" }, sentence(texts.join("; ").replace(/`--[a-z-]+ ([^`]+)`/g, "`$1`")));

/** @param {Note[]} all */
const noteList = (all) =>
  element("ul", { class: "notes" },
    ...all.filter((it) => it.message !== null || it.hint !== null).map((it) =>
      element("li", { class: it.severity },
        it.message !== null && element("span", {}, element("strong", {}, `${word(it.severity)}: `), sentence(it.message), " ", code(it.code)),
        it.hint !== null && element("span", { class: "do" }, advice(it.hint)),
      ),
    ),
  );

/** @param {string} severity */
const word = (severity) => severity.charAt(0).toUpperCase() + severity.slice(1);

/** @param {string} text */
const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A code that explains itself. @param {string} name */
export function code(name) {
  return element("button", { type: "button", class: "code", "aria-label": `Explain ${name}`, onclick: () => showCode(name) }, name);
}

/** @param {string} name */
function showCode(name) {
  byId("code-title", HTMLElement).textContent = name;
  byId("code-text", HTMLElement).replaceChildren(...markdown(codePage(name)));
  byId("code-dialog", HTMLDialogElement).showModal();
}

/** Paragraphs, headings, lists and code of the pages of codes. @param {string} text */
function markdown(text) {
  /** @type {HTMLElement[]} */
  const made = [];
  /** @type {string[] | null} */
  let block = null;
  /** @type {string[]} */
  let words = [];
  const flush = () => {
    if (words.length > 0) made.push(element("p", {}, sentence(words.join(" ").replace(/^\*([^*]+)\*/, "$1"))));
    words = [];
  };
  // The first line is the code itself, which is the title.
  for (const line of text.split("\n").slice(1)) {
    if (line.startsWith("    ") && block === null) {
      flush();
      made.push(element("pre", { tabindex: "0" }, element("code", {}, line.trim())));
    } else if (line.startsWith("```")) {
      flush();
      if (block === null) block = [];
      else {
        made.push(element("pre", { tabindex: "0" }, element("code", {}, block.join("\n"))));
        block = null;
      }
    } else if (block !== null) block.push(line);
    else if (line.startsWith("#")) {
      flush();
      made.push(element("h3", {}, sentence(line.replace(/^#+ */, ""))));
    } else if (line.trim() === "") flush();
    else if (/^[-*] /.test(line)) {
      flush();
      words.push(`• ${line.slice(2)}`);
    } else words.push(line.trim());
  }
  flush();
  return made;
}

/** Which client and shell the commands are for. @param {Answer} answer @param {{client: (client: string) => void, shell: (shell: string) => void}} on */
function choice(answer, on) {
  const client = (/** @type {string} */ name) =>
    element("label", {},
      element("input", { type: "radio", name: "client", value: name, checked: name === answer.client, "data-keep": `client-${name}`, onchange: () => on.client(name) }),
      element("span", {}, name));
  const select = element("select", { "aria-label": "Shell", "data-keep": "shell" },
    ...SHELLS.map(([name, label]) => element("option", { value: name, selected: name === answer.shell }, label)));
  select.addEventListener("change", () => on.shell(select.value));
  return element("div", { class: "choice" },
    element("fieldset", { class: "segments" }, element("legend", { class: "hidden" }, "Client"), ...CLIENTS.map(client)),
    select);
}

/** @param {Lines} them @param {string} what @param {string} kind */
function lines(them, what, kind) {
  const made = document.createDocumentFragment();
  if (them.error !== null) made.append(element("p", { class: "wrong" }, them.error));
  else if (them.lines.length > 0) {
    const block = codeBlock(them.lines.join("\n"), what);
    if (kind) block.classList.add(kind);
    made.append(block);
  }
  for (const note of them.notes) made.append(element("p", { class: "hint" }, sentence(upper(note))));
  return made;
}

/** @param {string} title @param {Node} body */
const section = (title, body) => element("section", { class: "part" }, element("h2", {}, title), body);

/** @param {string} id @param {string} title @param {string[]} opened @param {Node} body */
const folded = (id, title, opened, body) =>
  element("details", { class: "part", id, open: opened.includes(id) }, element("summary", {}, title), element("div", { class: "inside" }, body));

/** @param {Answer} answer @param {string[]} opened */
function files(answer, opened) {
  const made = document.createDocumentFragment();
  for (const file of answer.files) {
    const text = file.text;
    const body = text === null
      ? element("p", { class: "hint" }, sentence(upper(file.error ?? "")))
      : element("div", {}, codeBlock(text, file.name),
          element("button", { type: "button", class: "plain", onclick: () => save(file.name, text) }, `Download ${file.name}`));
    made.append(folded(`file-${file.name.replace(".", "-")}`, file.name, opened, body));
  }
  return made;
}

/** The document for programs. @param {(all: boolean) => string} json */
function documents(json) {
  const button = (/** @type {string} */ label, /** @type {boolean} */ all) =>
    element("button", { type: "button", class: "plain", onclick: () => save("advise.json", json(all), "application/json") }, label);
  return element("div", {},
    element("p", { class: "hint" }, "What ", element("code", {}, "conda-torch advise --json"), " prints."),
    element("div", {}, button("Download advise.json", false)),
    element("div", {}, button("Download it with every rejected build", true)));
}

/** @param {() => Promise<string>} link */
function share(link) {
  let address = location.href;
  link().then((found) => (address = found));
  return element("p", { class: "share" }, copyButton(() => address, "Copy link to this answer", "Copy link to this answer"));
}
