// The types of the documents are made from the schemas in docs/schema.

import type { Advise, Explain, MigrateFiles } from "./documents.js";

export type { Advise, Explain, MigrateFiles };

/** The flags of `conda-torch advise` without their hyphens; keys and values may be any that the command line takes. */
export interface Question {
  platform?: "linux-64" | "linux-aarch64" | "win-64" | "osx-arm64" | "osx-64" | (string & {});
  /** Names: "RTX 4090", "2x A100". */
  gpu?: string | string[];
  "compute-capability"?: string | string[];
  /** A driver's version or branch: "580.65.06", "535". */
  driver?: string;
  /** The newest CUDA of the driver, as `nvidia-smi` shows it. */
  cuda?: string;
  glibc?: string;
  macos?: string;
  /** A version, its beginning or a constraint: "2.9", ">=2.5". */
  pytorch?: string;
  python?: string;
  /** Packages: "torchvision", "numpy<2". */
  package?: string | string[];
  accelerator?: "auto" | "cpu" | "cuda" | "gpu" | "mps" | "rocm" | "xpu" | (string & {});
  "cuda-version"?: string;
  blas?: "mkl" | "generic" | (string & {});
  client?: "conda" | "mamba" | "micromamba" | "pixi" | (string & {});
  shell?: "bash" | "zsh" | "fish" | "powershell" | "cmd" | (string & {});
  name?: string;
  /** A folder, instead of a name. */
  prefix?: string;
  /** Instead of conda-forge: names or addresses, by priority. */
  channel?: string | string[];
}

/** A text about the machine: the output of `nvidia-smi`, `conda info`, `conda-torch probe --json`, … */
export interface AboutMachine {
  machine?: string;
}

/** Why a question has no answer. */
export interface Refusal {
  code: string;
  message: string;
  hint: string | null;
  /** The key whose value is refused. */
  key: string | null;
}

/** Only in browsers, and first: the address or the bytes of `core.wasm`. */
export function load(core?: string | URL | BufferSource | WebAssembly.Module): Promise<void>;

/** What `conda-torch advise --json` prints. `all`: list every build that was rejected. */
export function advise(question?: Question, options?: AboutMachine & { all?: boolean }): Advise;

/** The answer in sentences, commands and files, as the page shows it. `today`: the reader's day, "2026-11-28". */
export function answer(question?: Question, options?: AboutMachine & { today?: string }): Record<string, unknown> | { error: Refusal };

/** The choices that a text about a machine stands for, and the machine as `conda-torch probe --json` prints it. */
export function readMachine(
  text: string,
  options?: { platform?: string },
): { error: null; format: string; pairs: [string, string][]; shell: string; machine: unknown } | { error: Refusal };

/** What `conda-torch explain --json` prints about an error text. */
export function explain(text: string, question?: Question, options?: AboutMachine): Explain;

/** What `conda-torch migrate FILE` does with a text. `name`: of the file, "-" to go by the content. */
export function migrate(
  text: string,
  options?: AboutMachine & { name?: string; question?: Question },
): { error: null; text: string; diff: string; sentences: string[]; machine: string[] | null; report: MigrateFiles } | { error: Refusal };

/** What `conda-torch matrix` prints, for one platform or for all. */
export function matrix(options?: { format?: "json" | "csv" | "svg" | "html"; platform?: string; all?: boolean }): string;

/** The page of a code in Markdown. */
export function codePage(code: string): string | undefined;
