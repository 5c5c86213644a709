// The page as people use it, in each browser of this machine: paste and copy, links, keyboard, narrow and wide screens,
// accessibility, no connection.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { browsers, launch } from "./browsers.mjs";
import { flags, program, root } from "./program.mjs";
import { serve } from "./serve.mjs";

const file = pathToFileURL(`${root}web/dist/index.html`).href;
const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const smi = readFileSync(`${root}tests/documents/smi-banner-535-a100-two/document.txt`, "utf8");
const VIEWS = ["", "?view=gpus", "?view=migrate", "?view=error"];

assert.ok(browsers.chromium, "Chromium is missing: apt install chromium");

for (const name of /** @type {const} */ (["chromium", "firefox"])) {
  describe(name, { skip: browsers[name] ? false : `no ${name} on this machine` }, () => {
    /** @type {import("puppeteer-core").Browser} */
    let browser;
    /** @type {Awaited<ReturnType<typeof serve>>} */
    let server;
    before(async () => {
      browser = await launch(name);
      server = await serve();
    });
    after(async () => {
      await browser.close();
      server.close();
    });

    /**
     * Opens the page; what it copies is in `copied`, what it requests in `requests`, its errors in `errors`.
     * @param {string} address @param {{width?: number, height?: number, scheme?: string}} options
     */
    async function open(address, { width = 1280, height = 900, scheme = "light" } = {}) {
      const page = await browser.newPage();
      const requests = [], errors = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.setViewport({ width, height });
      if (name === "chromium") await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.evaluateOnNewDocument(() => {
        const clipboard = { writeText: async (text) => void (window.copied = text) };
        Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
      });
      await page.goto(address);
      await page.waitForSelector("html[data-ready]");
      return { page, requests, errors };
    }

    const text = (page, selector) => page.$eval(selector, (it) => it.textContent.trim());
    const command = (page) => text(page, "#answer .block.main code");
    const until = (page, check, ...values) => page.waitForFunction(check, {}, ...values);
    const type = async (page, selector, value) => {
      await page.$eval(selector, (it) => (it.value = ""));
      await page.type(selector, value);
    };
    const set = (page, selector, value) =>
      page.$eval(selector, (it, value) => {
        it.value = value;
        it.dispatchEvent(new Event("input", { bubbles: true }));
        it.dispatchEvent(new Event("change", { bubbles: true }));
      }, value);

    test("a pasted nvidia-smi becomes a copied command, from a folder", async () => {
      const { page, requests, errors } = await open(file);
      await page.click("#paste-box summary");
      await set(page, "#paste", smi);
      assert.equal(await page.$eval("#gpu", (it) => it.value), "2x NVIDIA A100-SXM4-40GB");
      assert.match(await page.$eval("[name=driver]", (it) => it.value), /^535\./);
      assert.match(await text(page, "#source"), /pasted \(nvidia-smi\)/);
      const expected = program(["advise", "--machine", "-", "--format=commands", "--client=mamba"], smi).split("\n")[0];
      await page.$eval("[value=mamba]", (it) => it.click());
      assert.equal(await command(page), expected);
      assert.match(expected, / mamba create -n torch .*pytorch-gpu=/);
      await page.click("#answer .block.main .copy");
      await until(page, () => window.copied !== undefined);
      assert.equal(await page.evaluate(() => window.copied), expected);
      assert.deepEqual([requests.filter((it) => it !== file && !it.startsWith("data:")), errors], [[], []]);
      await page.close();
    });

    test("the link of an answer gives it again", async () => {
      const { page } = await open(`${server.address}?gpu=4090&driver=R550&os=Linux&with=torchvision&utm_source=x`);
      const canonical = "?platform=linux-64&gpu=GeForce+RTX+4090&driver=550&package=torchvision";
      await until(page, (it) => location.search === it, canonical);
      const before = await command(page);
      const question = [["platform", "linux-64"], ["gpu", "GeForce RTX 4090"], ["driver", "550"], ["package", "torchvision"]];
      assert.equal(before, program(["advise", "--format=commands", ...flags(question)]).split("\n")[0]);
      await page.click(".share .copy");
      await until(page, () => window.copied !== undefined);
      const link = await page.evaluate(() => window.copied);
      assert.equal(link, server.address + canonical);
      const again = await open(link);
      assert.equal(await command(again.page), before);
      await again.page.close();
      await page.close();
    });

    test("a pasted machine that no choices describe is kept in the link", async () => {
      const { page } = await open(`${server.address}`);
      const machine = readFileSync(`${root}tests/machines/driver-updated-not-rebooted.json`, "utf8");
      await page.click("#paste-box summary");
      await set(page, "#paste", machine);
      await until(page, () => location.hash.startsWith("#machine="));
      const before = await text(page, "#answer");
      const again = await open(await page.evaluate(() => location.href));
      assert.equal(await text(again.page, "#answer"), before);
      await again.page.close();
      await page.close();
    });

    test("the keyboard alone is enough", async () => {
      const { page } = await open(`${server.address}?platform=linux-64`);
      await page.focus("#gpu");
      await page.keyboard.type("4070 ti su");
      await until(page, () => !document.querySelector("#gpu-list").hidden);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      assert.equal(await page.$eval("#gpu", (it) => it.value), "GeForce RTX 4070 Ti SUPER");
      await page.keyboard.press("Tab");
      await page.keyboard.type("12.4");
      const focused = (selector) => page.evaluate((it) => document.activeElement.matches(it), selector);
      for (let at = 0; at < 12 && !(await focused("[name=client]")); at += 1) await page.keyboard.press("Tab");
      assert.ok(await focused("[name=client]"));
      await page.keyboard.press("ArrowRight");
      await until(page, () => document.querySelector("[name=client]:checked").value === "mamba");
      assert.ok(await focused("[value=mamba]"), "the focus stays on the client");
      for (let at = 0; at < 4 && !(await focused(".copy")); at += 1) await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await until(page, () => window.copied !== undefined);
      const question = [["platform", "linux-64"], ["gpu", "GeForce RTX 4070 Ti SUPER"], ["cuda", "12.4"], ["client", "mamba"]];
      const expected = program(["advise", "--format=commands", ...flags(question)]).split("\n")[0];
      assert.equal(await page.evaluate(() => window.copied), expected);
      await page.close();
    });

    test("a wrong value is said at its field, and the next key corrects it", async () => {
      const { page } = await open(`${server.address}?platform=linux-64&gpu=A100`);
      await type(page, "[name=driver]", "new");
      await until(page, () => document.querySelector("[name=driver]").getAttribute("aria-invalid") === "true");
      assert.match(await text(page, "#driver-error"), /new/);
      await type(page, "[name=driver]", "580");
      await until(page, () => document.querySelector("[name=driver]").getAttribute("aria-invalid") === "false");
      assert.match(await command(page), /pytorch-gpu=/);
      await type(page, "#gpu", "Voodoo 2");
      assert.match(await text(page, "#gpu-error"), /Voodoo 2|unknown GPU/);
      assert.match(await text(page, "#answer"), /Unknown GPU/);
      await page.close();
    });

    test("what an alternative needs is a button that sets it", async () => {
      // The libraries of CUDA 11.8, all that driver 470 runs, do not know a Blackwell GPU.
      const { page } = await open(`${server.address}?platform=linux-64&gpu=RTX+5090&driver=470&accelerator=cuda`);
      assert.match(await text(page, "#headline"), /^Nothing on conda-forge/);
      await page.$$eval("#answer .to-field", (all) => all.find((it) => /Compute on cpu/.test(it.textContent)).click());
      await until(page, () => /for the CPU$/.test(document.querySelector("#headline").textContent));
      assert.equal(await page.$eval("[name=accelerator]", (it) => it.value), "cpu");
      await page.close();
    });

    test("the table is read cell by cell with the arrow keys, and marks the build of the question", async () => {
      const { page } = await open(`${server.address}?view=gpus&platform=linux-64&gpu=GTX+1080+Ti&driver=580`);
      assert.match(await text(page, "tr.yours th"), /CUDA 12\.9.*yours/);
      await page.focus("tr.yours th");
      await page.keyboard.press("ArrowRight");
      assert.match(await text(page, "#map-says"), /^PyTorch .* with CUDA 12\.9 on 3\.5 .*: no kernels$/);
      await page.keyboard.press("ArrowDown");
      assert.ok(await page.evaluate(() => document.activeElement.matches("td[data-says]")));
      const headers = await page.$$eval("#map table thead th[scope]", (all) => all.length);
      assert.ok(headers > 15 && (await page.$("#map table caption")));
      await page.close();
    });

    test("the back button goes back to the part of the page before", async () => {
      const { page } = await open(`${server.address}?platform=linux-64&gpu=A100`);
      await page.click("[data-view=gpus]");
      await until(page, () => location.search.startsWith("?view=gpus&"));
      await page.evaluate(() => history.back());
      await until(page, () => !document.querySelector("#install").hidden && document.querySelector("#gpus").hidden);
      assert.equal(await page.$eval("#gpu", (it) => it.value), "A100");
      await page.close();
    });

    test("a browser's hints are a first guess that says so", async () => {
      const page = await browser.newPage();
      await page.evaluateOnNewDocument(() => {
        Object.defineProperty(navigator, "platform", { value: "Win32" });
        Object.defineProperty(navigator, "userAgentData", { value: undefined });
        HTMLCanvasElement.prototype.getContext = () => ({
          getExtension: () => ({ UNMASKED_RENDERER_WEBGL: 1 }),
          getParameter: () => "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 (0x00002503) Direct3D11 vs_5_0 ps_5_0, D3D11)",
        });
      });
      await page.goto(server.address);
      await page.waitForSelector("html[data-ready]");
      assert.equal(await page.$eval("[name=platform]", (it) => it.value), "win-64");
      assert.equal(await page.$eval("#gpu", (it) => it.value), "NVIDIA GeForce RTX 3060");
      assert.match(await text(page, "#source"), /first guess/);
      await page.type("[name=driver]", "580");
      assert.equal(await text(page, "#source"), "");
      await page.close();
    });

    test("a file is migrated, and an error explained", async () => {
      const { page } = await open(`${server.address}?view=migrate`);
      await set(page, "#migrate-text", "conda install pytorch torchvision pytorch-cuda=12.1 -c pytorch -c nvidia\n");
      assert.match(await text(page, "#migrate-result"), /conda-forge/);
      assert.ok((await page.$$(".diff .added")).length > 0);
      await page.click("[data-view=error]");
      const failure = "RuntimeError: CUDA error: no kernel image is available for execution on the device";
      await set(page, "#error-text", failure);
      const expected = JSON.parse(program(["explain", "-", "--json", "--platform=linux-64"], failure));
      assert.ok((await text(page, "#error-result")).includes(expected.errors[0].cause.replaceAll("`", "")));
      await set(page, "#error-text", "nothing known");
      assert.match(await text(page, "#error-result"), /No known failure/);
      await page.close();
    });

    test("nothing is wider than the screen, from 320 to 2,000 pixels", async () => {
      for (const width of [320, 360, 768, 2000]) {
        for (const view of VIEWS) {
          const { page } = await open(`${server.address}${view || "?gpu=4090&driver=550&platform=linux-64"}`, { width, height: 740 });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${view} is ${wide} wide at ${width}`);
          await page.close();
        }
      }
    });

    test("the command is in the first screen of a phone", async () => {
      const { page } = await open(`${server.address}?gpu=4090&driver=550&platform=linux-64`, { width: 360, height: 740 });
      const bottom = await page.$eval("#answer .block.main pre", (it) => it.getBoundingClientRect().top + 60);
      assert.ok(bottom < 740, `the command begins at ${bottom}`);
      await page.close();
    });

    test("axe finds nothing, in light and dark, narrow and wide", async () => {
      const schemes = name === "chromium" ? ["light", "dark"] : ["light"];
      for (const scheme of schemes) {
        for (const width of [360, 1280]) {
          for (const view of ["?platform=linux-64&gpu=GTX+1080+Ti&driver=470&package=torchvision", "?platform=win-64&gpu=K80", ...VIEWS.slice(1)]) {
            const { page } = await open(server.address + view, { width, scheme });
            if (view.includes("migrate")) await set(page, "#migrate-text", "conda install pytorch -c pytorch\n");
            if (view.includes("error")) await set(page, "#error-text", "libcudart.so.11.0: cannot open shared object file");
            await page.$$eval("details", (all) => all.forEach((it) => (it.open = true)));
            await page.evaluate(axe);
            const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
            const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), tags);
            const found = violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
            assert.deepEqual(found, [], `${view} at ${width}, ${scheme}`);
            await page.close();
          }
        }
      }
    });

    test("the page connects to nothing, and may not", async () => {
      const { page, requests } = await open(`${server.address}?gpu=A100`);
      for (const view of ["gpus", "migrate", "error", "install"]) await page.click(`[data-view=${view}]`);
      const isOwn = (address) => address.startsWith(server.address) || /^(data|blob):/.test(address);
      assert.deepEqual(requests.filter((it) => !isOwn(it)), []);
      assert.deepEqual([...new Set(server.requests)].filter((it) => !["/", "/sw.js"].includes(it)), []);
      const reached = await page.evaluate(async (address) => {
        try {
          await fetch(address);
          return true;
        } catch {
          return false;
        }
      }, `${server.address}elsewhere`);
      assert.equal(reached, false);
      assert.ok(!server.requests.includes("/elsewhere"));
      await page.close();
    });

    test("it works without a network once it was open", { skip: name === "firefox" && "BiDi has no offline mode" }, async () => {
      const other = await serve();
      const { page } = await open(`${other.address}?gpu=A100&platform=linux-64`);
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
      await until(page, () => navigator.serviceWorker.controller !== null);
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      other.close();
      await page.setOfflineMode(true);
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      assert.match(await command(page), /pytorch-gpu=/);
      await page.close();
    });
  });
}
