// The functions of the core with objects instead of JSON.

import * as core from "./core.js";

/** @param {import("./index.js").Question} question */
const pairs = (question) =>
  JSON.stringify(
    Object.entries(question).flatMap(([key, value]) =>
      (Array.isArray(value) ? value : [value]).filter((it) => it !== undefined && it !== null).map((it) => [key, String(it)]),
    ),
  );

export const advise = (question = {}, { machine, all = false } = {}) => JSON.parse(core.advise(pairs(question), machine, all));

export const answer = (question = {}, { machine, today } = {}) => JSON.parse(core.answer(pairs(question), machine, today));

export const readMachine = (text, { platform } = {}) => JSON.parse(core.read_machine(text, platform));

export const explain = (text, question = {}, { machine } = {}) => JSON.parse(core.explain(text, pairs(question), machine));

export const migrate = (text, { name = "-", question = {}, machine } = {}) =>
  JSON.parse(core.migrate(name, text, pairs(question), machine));

export const matrix = ({ format = "json", platform = "", all = false } = {}) => core.matrix(format, platform, all);

export const codePage = (code) => core.code_page(code) || undefined;
