// The program, and the core as Node.js runs it.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const root = new URL("../../", import.meta.url).pathname;
const built = [process.env.CONDA_TORCH, `${root}target/release/conda-torch`, `${root}target/debug/conda-torch`];
const path = built.find((it) => it && existsSync(it));
if (!path) throw new Error("build the program first: cargo build");

/** What the program prints, whatever its exit code. @param {string[]} words @param {string} [input] */
export function program(words, input = "") {
  const env = { PATH: process.env.PATH ?? "", HOME: "/nonexistent" };
  const { stdout, error } = spawnSync(path, words, { input, env, encoding: "utf8", maxBuffer: 64 << 20 });
  if (error) throw error;
  return stdout;
}

/** The flags of pairs. @param {[string, string][]} pairs */
export const flags = (pairs) => pairs.map(([key, value]) => (key === "package" ? value : `--${key}=${value}`));

export { root, execFileSync };
