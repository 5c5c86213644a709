// An installer in a few lines: what `nvidia-smi` says, the answer, the client.

import { spawnSync } from "node:child_process";

import { advise } from "conda-torch";

const smi = spawnSync("nvidia-smi", { encoding: "utf8" }).stdout;
const platform = { linux: "linux-64", win32: "win-64", darwin: "osx-arm64" }[process.platform];
const question = { platform, package: ["torchvision"], client: "conda", name: "my-app" };
const { status, commands, diagnostics, error } = advise(question, { machine: smi || undefined });

for (const { severity, message } of diagnostics) console.error(`${severity}: ${message}`);
if (status === "error") console.error(error.message);
for (const { step, argv, env } of commands.filter(({ step }) => step === "prepare" || step === "install")) {
  console.log(step, argv.join(" "));
  if (process.argv.includes("--run")) spawnSync(argv[0], argv.slice(1), { stdio: "inherit", env: { ...process.env, ...env } });
}
