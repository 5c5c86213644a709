// The npm package: what its users call, and the installer.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { root } from "./program.mjs";

let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "conda-torch-npm-"));
  mkdirSync(join(folder, "node_modules"));
  // As npm would install it.
  const npm = (...words) => spawnSync("npm", words, { cwd: folder, encoding: "utf8" });
  const [{ filename }] = JSON.parse(npm("pack", "--json", "--offline", `${root}web/npm`).stdout);
  mkdirSync(join(folder, "node_modules/conda-torch"));
  const { status, stderr } = spawnSync("tar", ["xzf", filename, "--strip-components=1", "-C", "node_modules/conda-torch"], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

after(() => rmSync(folder, { recursive: true }));

/** @param {string} code */
function run(code) {
  writeFileSync(join(folder, "a.mjs"), code);
  const { stdout, stderr, status } = spawnSync(process.execPath, ["a.mjs"], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test("a question of objects has the document of the program", () => {
  const output = run(`
    import { advise } from "conda-torch";
    const { recommendation, commands } = advise({ platform: "linux-64", gpu: ["RTX 5090"], driver: "570", package: ["torchvision"] });
    console.log(recommendation.cuda_version, commands.find((it) => it.step === "install").argv.slice(0, 4).join(" "));
  `);
  // Driver 570 came with CUDA 12.8, and 12.9 runs on it; a build with 13 needs 580.
  assert.equal(output, "12.9 conda create -n torch");
});

test("its version is that of the program", () => {
  const [, version] = readFileSync(`${root}Cargo.toml`, "utf8").match(/\[workspace\.package\]\nversion = "(.*)"/) ?? [];
  assert.equal(JSON.parse(readFileSync(`${root}web/npm/package.json`, "utf8")).version, version);
});

test("a wrong question is a document with an error", () => {
  const output = run(`
    import { advise } from "conda-torch";
    const { status, error } = advise({ gpu: "Voodoo 2" });
    console.log(status, error.code);
  `);
  assert.equal(output, "error unknown-gpu");
});

test("the installer runs the commands of the answer", () => {
  cpSync(`${root}web/npm/installer.mjs`, join(folder, "installer.mjs"));
  const smi = join(folder, "nvidia-smi");
  writeFileSync(smi, "#!/bin/sh\nprintf 'name, driver_version, compute_cap\\nNVIDIA A10, 580.65.06, 8.6\\n'\n", { mode: 0o755 });
  const conda = join(folder, "conda");
  writeFileSync(conda, '#!/bin/sh\nprintf "conda ran: %s\\n" "$*"\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const { stdout, stderr } = spawnSync(process.execPath, ["installer.mjs", "--run"], { cwd: folder, env, encoding: "utf8" });
  if (process.platform === "linux") assert.match(stdout, /conda ran: create -n my-app .*pytorch-gpu=.* torchvision=/, stderr);
});

test("its types compile for who uses it", () => {
  writeFileSync(join(folder, "use.mts"), `
    import { advise, migrate, type Question } from "conda-torch";
    const question: Question = { platform: "linux-64", gpu: "A100" };
    const { recommendation, commands } = advise(question);
    export const cuda: string | null | undefined = recommendation?.cuda_version;
    export const argv: string[] = commands.flatMap((it) => it.argv);
    const migrated = migrate("x");
    export const diff: string = migrated.error === null ? migrated.diff : migrated.error.message;
    // @ts-expect-error: a question has no such key
    advise({ gup: "A100" });
  `);
  symlinkSync(`${root}web/node_modules/typescript`, join(folder, "node_modules/typescript"));
  const tsc = `${root}web/node_modules/.bin/tsc`;
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom", "use.mts"];
  const { stdout } = spawnSync(tsc, options, { cwd: folder, encoding: "utf8" });
  assert.equal(stdout, "");
});
