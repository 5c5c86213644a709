// The page and the program are the same decision: equal documents for every recorded machine, every document that another
// program printed, and a grid of questions.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import * as core from "../npm/core.js";
import "../npm/node.js";
import { flags, program, root } from "./program.mjs";

/** @param {[string, string][]} pairs @param {string} [machine] */
function same(pairs, machine) {
  const words = ["advise", "--json", ...flags(pairs), ...(machine === undefined ? [] : ["--machine", "-"])];
  const expected = program(words, machine);
  const found = core.advise(JSON.stringify(pairs), machine, false);
  assert.ok(expected.startsWith("{"), words.join(" "));
  if (JSON.parse(expected).status === "error") {
    assert.equal(JSON.parse(found).status, "error", words.join(" "));
    return "error";
  }
  assert.equal(found, expected, words.join(" "));
  return JSON.parse(found).status;
}

test("every recorded machine has the same answer, for several requests", () => {
  const names = readdirSync(`${root}tests/machines`).filter((name) => name.endsWith(".json"));
  assert.ok(names.length > 70);
  const requests = [
    [],
    [["client", "pixi"], ["shell", "powershell"]],
    [["package", "torchvision"], ["package", "numpy<2"], ["python", "3.11"], ["client", "micromamba"]],
    [["pytorch", "2.5"], ["accelerator", "cpu"], ["name", "work"]],
    [["prefix", "./env"], ["channel", "https://me:SECRET@mirror.example/t/TOKEN/conda-forge"], ["channel", "conda-forge"]],
  ];
  for (const name of names) {
    const machine = readFileSync(`${root}tests/machines/${name}`, "utf8");
    for (const request of requests) same(request, machine);
  }
});

test("every document of another program has the same answer", () => {
  let answered = 0;
  for (const folder of readdirSync(`${root}tests/documents`)) {
    const files = readdirSync(`${root}tests/documents/${folder}`).filter((name) => name.startsWith("document"));
    for (const file of files) {
      const bytes = readFileSync(`${root}tests/documents/${folder}/${file}`);
      const text = bytes.toString("utf8");
      // Other encodings are for files; a paste is text.
      if (Buffer.from(text, "utf8").equals(bytes)) answered += Number(same([], text) !== "error");
    }
  }
  assert.ok(answered > 50, `${answered} documents were answered`);
});

test("a grid of questions has the same answers", () => {
  const statuses = new Set();
  const gpus = ["K80", "GTX 1080 Ti", "Tesla V100", "RTX 2080 Ti", "A100", "RTX 4090", "RTX 5090", "B300", "Jetson AGX Orin", "RX 7900 XTX", "2x T4", "9.9"];
  const drivers = ["", "418", "470", "535.183.01", "580.65.06", "12.4"];
  for (const platform of ["linux-64", "win-64", "linux-aarch64", "osx-arm64", "osx-64"]) {
    for (const [at, gpu] of gpus.entries()) {
      const driver = drivers[at % drivers.length];
      for (const more of [[], [["pytorch", ">=2.6"]], [["cuda-version", "11.8"], ["glibc", "2.17"]], [["accelerator", "gpu"]]]) {
        const question = [["platform", platform], ["gpu", gpu], ["driver", driver], ...more].filter(([, value]) => value !== "");
        if (platform.startsWith("osx") || platform === "win-64") question.splice(0, question.length, ...question.filter(([key]) => key !== "glibc"));
        statuses.add(same(question));
      }
    }
    for (const driver of drivers) {
      const question = [["platform", platform], ["driver", driver]].filter(([, value]) => value !== "");
      statuses.add(same(question));
    }
  }
  assert.deepEqual([...statuses].sort(), ["degraded", "error", "ok", "unsatisfiable"]);
});

test("the table, the picture and the files are what the program prints", () => {
  for (const platform of ["linux-64", "win-64", "linux-aarch64", "osx-arm64", "osx-64", ""]) {
    for (const format of ["svg", "html", "csv", "json"]) {
      for (const all of [false, true]) {
        const words = ["matrix", "--format", format, ...(platform ? ["--platform", platform] : []), ...(all ? ["--all"] : [])];
        // Without a platform the program marks the row of the machine that it runs on.
        if (!platform) words.push("--glibc", "2.99");
        if (platform) assert.equal(core.matrix(format, platform, all), program(words), words.join(" "));
      }
    }
  }
});

test("commands and files are those of the program, for every client and shell", () => {
  const machines = [
    [["platform", "linux-64"], ["gpu", "RTX 4090"], ["driver", "550"], ["package", "torchvision"]],
    [["platform", "win-64"], ["gpu", "GTX 1080 Ti"], ["driver", "580"], ["name", "my env"]],
    [["platform", "osx-arm64"], ["prefix", "/opt/it's here"], ["channel", "https://mirror.example/conda-forge"]],
    [["platform", "linux-aarch64"], ["gpu", "GB10"], ["driver", "580"], ["python", "3.12"]],
  ];
  let [texts, refused] = [0, 0];
  for (const machine of machines) {
    for (const client of ["conda", "mamba", "micromamba", "pixi"]) {
      for (const shell of ["bash", "zsh", "fish", "powershell", "cmd"]) {
        const question = [...machine, ["client", client], ["shell", shell]];
        const printed = (format) => program(["advise", `--format=${format}`, ...flags(question)]);
        const answer = JSON.parse(core.answer(JSON.stringify(question), undefined, "2026-11-28"));
        if (answer.error || answer.commands.install.error) {
          // A blank in a name, a quote for cmd: the program refuses it too.
          assert.equal(printed("commands"), "", JSON.stringify(question));
          refused += 1;
          continue;
        }
        assert.equal([...answer.commands.install.lines, ""].join("\n"), printed("commands"), JSON.stringify(question));
        for (const [at, format] of ["environment-yml", "pixi-toml", "dockerfile"].entries()) {
          assert.equal(answer.files[at].text ?? "", printed(format), `${format} ${JSON.stringify(question)}`);
          texts += 1;
        }
      }
    }
  }
  assert.ok(texts > 100 && refused > 0, `${texts} ${refused}`);
});

test("files have the same documents and become the same texts", () => {
  const beside = ["after", "messages.txt", "args.txt"];
  const questions = [[], [["platform", "win-64"], ["gpu", "RTX 4090"], ["driver", "580"]]];
  let changed = 0;
  for (const folder of readdirSync(`${root}tests/files`)) {
    const place = `${root}tests/files/${folder}`;
    const all = readdirSync(place, { recursive: true, withFileTypes: true }).filter((it) => it.isFile() && !beside.includes(it.name));
    for (const { parentPath, path, name } of all) {
      const file = `${parentPath ?? path}/${name}`;
      const text = readFileSync(file, "utf8");
      for (const question of questions) {
        const migrated = JSON.parse(core.migrate(file, text, JSON.stringify(question), undefined));
        const expected = JSON.parse(program(["migrate", file, "--json", ...flags(question)]));
        assert.deepEqual(migrated.report, expected, `${file} ${question}`);
        if (question.length === 0 && existsSync(`${place}/after`) && !existsSync(`${place}/args.txt`)) {
          assert.equal(migrated.text, readFileSync(`${place}/after`, "utf8"), file);
          changed += 1;
        }
      }
    }
  }
  assert.ok(changed > 60, `${changed} files`);
});

test("error texts have the same documents", () => {
  const question = [["platform", "linux-64"], ["gpu", "GTX 1080 Ti"], ["driver", "580"]];
  const names = readdirSync(`${root}tests/errors`).filter((name) => name.endsWith(".txt"));
  assert.ok(names.length > 20);
  for (const name of names) {
    const text = readFileSync(`${root}tests/errors/${name}`, "utf8");
    assert.equal(core.explain(text, JSON.stringify(question), undefined), program(["explain", "-", "--json", ...flags(question)], text), name);
  }
});
