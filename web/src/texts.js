// The panes for pasted texts: files to migrate, and errors.

import { byId, codeBlock, element, save, sentence } from "./dom.js";
import { code } from "./answer.js";
import { explained, migrated } from "./engine.js";

/** @typedef {import("./engine.js").Pairs} Pairs */

/** @param {() => {pairs: Pairs, machine: string | undefined}} state @param {() => void} changed after a choice that changes the command of a terminal */
export function wire(state, changed) {
  const migrate = () => showMigration(state());
  byId("migrate-text", HTMLTextAreaElement).addEventListener("input", migrate);
  byId("migrate-name", HTMLSelectElement).addEventListener("change", migrate);
  byId("migrate-here", HTMLInputElement).addEventListener("change", () => {
    migrate();
    changed();
  });
  byId("error-text", HTMLTextAreaElement).addEventListener("input", () => showError(state()));
}

/** A pane again, for a machine that may have changed. @param {string} view @param {{pairs: Pairs, machine: string | undefined}} state */
export const show = (view, state) => (view === "migrate" ? showMigration(state) : showError(state));

/** @param {{pairs: Pairs, machine: string | undefined}} state */
function showMigration({ pairs, machine }) {
  const place = byId("migrate-result", HTMLElement);
  const text = byId("migrate-text", HTMLTextAreaElement).value;
  if (text.trim() === "") return place.replaceChildren();
  const isHere = byId("migrate-here", HTMLInputElement).checked;
  const name = byId("migrate-name", HTMLSelectElement).value;
  const result = migrated(name, text, isHere ? pairs : [], isHere ? machine : undefined);
  if (result.error) return place.replaceChildren(refused(result.error));
  const isChanged = result.text !== text;
  const [file] = result.report.files;
  place.replaceChildren(
    ...[
      isHere && element("p", { class: "hint" }, ...(result.machine ? [`For ${result.machine.join(", ")}.`] : ["For the platform under Install; no GPU or driver is chosen. ", toInstall()])),
      element("h2", {}, isChanged ? "Changes" : file.error || file.failures.length > 0 ? "Not changed" : "Nothing to change"),
      result.sentences.length > 0 && element("ul", {}, ...result.sentences.map((it) => element("li", {}, sentence(it)))),
      isChanged && diff(result.diff),
      isChanged && element("h2", {}, "The new text"),
      isChanged && codeBlock(result.text, "the new text"),
      isChanged && name !== "-" &&
        element("button", { type: "button", class: "plain", onclick: () => save(name.split("/").pop() ?? name, result.text) }, "Download"),
    ].filter((it) => it instanceof Node),
  );
}

/** A unified diff, each line with its kind. @param {string} text */
function diff(text) {
  const kind = (/** @type {string} */ line) =>
    line.startsWith("+++") || line.startsWith("---") ? "file" : line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : line.startsWith("@@") ? "file" : "same";
  return element("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": "Differences" },
    ...text.trimEnd().split("\n").map((line) => element("span", { class: kind(line) }, `${line}\n`)));
}

const VERDICTS = {
  confirmed: "Confirmed by the machine",
  contradicted: "The machine says otherwise",
  unknown: "Cannot be confirmed from here",
};

/** @param {{pairs: Pairs, machine: string | undefined}} state */
function showError({ pairs, machine }) {
  const place = byId("error-result", HTMLElement);
  const text = byId("error-text", HTMLTextAreaElement).value;
  if (text.trim() === "") return place.replaceChildren();
  const { report, machine: judge, is_of_text, refusal } = explained(text, pairs, machine);
  if (report.errors.length === 0) {
    return place.replaceChildren(
      element("h2", {}, "No known failure"),
      report.unknown ? element("p", {}, "The last error in the text: ", element("code", {}, report.unknown)) : "",
      element("p", {}, "These outputs would tell more:"),
      element("ul", {}, ...report.collect.map((/** @type {string} */ it) => element("li", {}, element("code", {}, it)))),
    );
  }
  const by = refusal
    ? refused(refusal)
    : element("p", { class: "hint" },
        ...(judge === null
          ? ["Without a machine, nothing is confirmed. ", toInstall()]
          : [`Judged for ${judge.join(", ")}, `, is_of_text ? "as the text describes it." : "as under Install."]));
  place.replaceChildren(by, ...report.errors.map((/** @type {any} */ it) => failure(it, report.shell, judge !== null)));
}

/** The machine under Install cannot be used. @param {import("./engine.js").Refusal} refusal */
const refused = (refusal) =>
  element("p", { class: "wrong" }, "The machine under Install: ", sentence(refusal.message), ". ", toInstall());

/** The way to the choice of a machine. */
const toInstall = () =>
  element("button", { type: "button", class: "to-field", onclick: () => document.querySelector("a[data-view=install]")?.dispatchEvent(new MouseEvent("click", { cancelable: true })) },
    "Choose or paste a machine");

/** @param {any} it @param {string} shell @param {boolean} isJudged */
function failure(it, shell, isJudged) {
  const commands = it.commands.filter((/** @type {any} */ command) => command[shell]).map((/** @type {any} */ command) => command[shell]);
  return element("article", { class: "card" },
    element("h2", {}, sentence(it.cause)),
    element("p", { class: "hint" }, it.line ? `Line ${it.line}: ` : "", element("code", {}, it.text.trim()), " ", code(it.code)),
    element("p", {}, isJudged && element("strong", {}, `${VERDICTS[/** @type {keyof typeof VERDICTS} */ (it.verdict)] ?? it.verdict}. `),
      it.follows ? `It follows from ${it.follows}. ` : "",
      ...it.evidence.map((/** @type {any} */ found) => element("span", {}, sentence(found.message), ". "))),
    element("p", {}, sentence(it.hint.charAt(0).toUpperCase() + it.hint.slice(1))),
    commands.length > 0 && codeBlock(commands.join("\n"), "the commands that fix it"),
    element("p", { class: "hint" }, "Seen in ", element("a", { href: it.source, rel: "noreferrer" }, it.source.replace(/^https:\/\//, ""))),
  );
}
