// The core, and its answers with types.

import { initSync, advise, answer, choices, code_page, explanation, guess, heat_map, matrix, migrate, read_machine } from "core";

import { fromBase64 } from "./base64.js";

/** @typedef {[string, string][]} Pairs the flags of `conda-torch advise` with their values */
/** @typedef {{code: string, message: string, hint: string | null, key: string | null}} Refusal */
/** @typedef {{severity: string, code: string, message: string | null, hint: string | null}} Note */
/** @typedef {{lines: string[], notes: string[], error: string | null}} Lines */
/** @typedef {{install: Lines, check: Lines, configure: Lines}} Commands */
/**
 * @typedef {object} Answer
 * @property {null} error
 * @property {Pairs} question
 * @property {{install: string, migrate: string, error: string}} command_lines
 * @property {string[]} read_as
 * @property {"ok" | "degraded" | "unsatisfiable" | "unknown"} status
 * @property {string} heading
 * @property {string[]} graphics
 * @property {string[]} system
 * @property {string} platform
 * @property {string} client
 * @property {string} shell
 * @property {Note[]} first_notes
 * @property {Commands | null} commands
 * @property {{heading: string, commands: Commands} | null} closest
 * @property {{text: string, code: string}[]} why
 * @property {Note[]} notes
 * @property {string[]} alternatives
 * @property {{name: string, text: string | null, error: string | null}[]} files
 * @property {{channel: string, as_of: string, days: number | null}} age
 */
/** @typedef {{error: null, format: string, pairs: Pairs, shell: string, machine: object}} ReadMachine */
/** @typedef {{version: string, channel: string, as_of: string, platforms: string[], pytorch: string[], python: string[], gpus: [string, string][]}} Choices */

/** Starts the core from its compressed bytes. @param {string} base64 */
export async function start(base64) {
  const plain = new Blob([fromBase64(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const module = await WebAssembly.compile(await new Response(plain).arrayBuffer());
  initSync({ module });
}

const today = () => {
  const now = new Date();
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
};

/** The last question and its answer: the page, the address and the link ask the same. @type {{key: string, answer: Answer | {error: Refusal}}} */
let last = { key: "", answer: { error: { code: "", message: "", hint: null, key: null } } };

/** @param {Pairs} pairs @param {string | undefined} machine @returns {Answer | {error: Refusal}} */
export function ask(pairs, machine) {
  const day = today();
  const key = JSON.stringify([pairs, machine, day]);
  if (key !== last.key) last = { key, answer: JSON.parse(answer(JSON.stringify(pairs), machine, day)) };
  return last.answer;
}

/** What `advise --json` prints; `all`: with every rejected build. @param {Pairs} pairs @param {string | undefined} machine @param {boolean} all */
export const advised = (pairs, machine, all) => advise(JSON.stringify(pairs), machine, all);

/** @param {string} text @returns {ReadMachine | {error: Refusal}} */
export const readMachine = (text) => JSON.parse(read_machine(text, undefined));

/** @param {string} platform @param {string} renderer @returns {Pairs} */
export const guessed = (platform, renderer) => JSON.parse(guess(platform, renderer));

/** @returns {Choices} */
export const allChoices = () => JSON.parse(choices());

/** @param {Pairs} pairs @param {string | undefined} machine @param {string} platform @param {boolean} all */
export const heatMap = (pairs, machine, platform, all) => heat_map(JSON.stringify(pairs), machine, platform, all);

/** @param {string} format @param {string} platform @param {boolean} all */
export const matrixFile = (format, platform, all) => matrix(format, platform, all);

/**
 * @param {string} name @param {string} text @param {Pairs} pairs @param {string | undefined} machine
 * @returns {{error: Refusal} | {error: null, text: string, diff: string, sentences: string[], machine: string[] | null, report: any}}
 */
export const migrated = (name, text, pairs, machine) => JSON.parse(migrate(name, text, JSON.stringify(pairs), machine));

/**
 * @param {string} text @param {Pairs} pairs @param {string | undefined} machine
 * @returns {{report: any, machine: string[] | null, is_of_text: boolean, refusal: Refusal | null}}
 */
export const explained = (text, pairs, machine) => JSON.parse(explanation(text, JSON.stringify(pairs), machine));

/** @param {string} code */
export const codePage = (code) => code_page(code);
