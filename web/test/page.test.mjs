// The page as people use it, in each browser of this machine: paste and copy, links, keyboard, narrow and wide screens,
// accessibility, no connection.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";

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
     * @param {string} address @param {{width?: number, height?: number, scheme?: string, motion?: string}} options
     */
    async function open(address, { width = 1280, height = 900, scheme = "light", motion = "reduce" } = {}) {
      const page = await browser.newPage();
      const requests = [], errors = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.setViewport({ width, height });
      if (name === "chromium") await page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: motion },
      ]);
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

    test("a choice that contradicts what was pasted is said, and taking the text away ends it", async () => {
      const { page } = await open(`${server.address}?platform=linux-64`);
      await page.click("#paste-box summary");
      await set(page, "#paste", smi);
      await page.select("[name=platform]", "osx-arm64");
      assert.match(await text(page, "#answer"), /contradicts the text that you pasted, which describes a linux-64 machine/);
      await page.click("#source .plain");
      assert.equal(await page.$eval("#paste", (it) => it.value), "");
      assert.match(await command(page), /pytorch=|pytorch-cpu=|pytorch /);
      await page.close();
    });

    test("the document for programs is that of the program", async () => {
      const { page } = await open(`${server.address}?platform=linux-64&gpu=A100&driver=535`);
      await page.evaluate(() => (URL.createObjectURL = (blob) => ((window.saved = blob.text()), "#")));
      await page.click("#file-json summary");
      for (const [at, more] of [[0, []], [1, ["--all"]]]) {
        await page.$$eval("#file-json .plain", (all, at) => all[at].click(), at);
        const question = [["platform", "linux-64"], ["gpu", "A100"], ["driver", "535"]];
        assert.equal(await page.evaluate(() => window.saved), program(["advise", "--json", ...more, ...flags(question)]));
      }
      await page.close();
    });

    test("a command is selected if the browser refuses to copy it", async () => {
      const { page } = await open(`${server.address}?platform=linux-64&gpu=A100`);
      await page.evaluate(() => {
        navigator.clipboard.writeText = async () => Promise.reject(new Error("no"));
        document.execCommand = () => false;
      });
      await page.click("#answer .block.main .copy");
      await until(page, () => /^Press /.test(document.querySelector("#answer .block.main .copy").textContent));
      assert.equal(await page.evaluate(() => String(getSelection()).replace(/\s+/g, " ").trim()), await command(page));
      await page.close();
    });

    test("a screen reader hears the answer, or what is wrong, once the typing pauses", async () => {
      const { page } = await open(`${server.address}?platform=linux-64&gpu=A100`);
      const said = (pattern) => until(page, (it) => new RegExp(it).test(document.querySelector("#said").textContent), pattern);
      await said("^PyTorch .* with CUDA");
      await type(page, "[name=driver]", "new");
      await said("invalid value new");
      assert.equal(await page.$eval("[name=driver]", (it) => document.getElementById(it.getAttribute("aria-describedby")).textContent.includes("new")), true);
      await page.close();
    });

    test("the link of an answer gives it again", async () => {
      const { page } = await open(`${server.address}?gpu=4090&driver=R550&os=Linux&with=torchvision&utm_source=x`);
      // What was read as something else is said; what the fields show anyway is not.
      assert.equal(await text(page, ".read-as"), "4090 is read as GeForce RTX 4090; R550 is read as 550; Linux is read as linux-64");
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

    test("what a link asks and the page cannot read is said", async () => {
      for (const [query, expected] of [
        ["?gup=4090&gpu=8.6", /^gup is unknown and left out$/],
        ["?gpu=8.6&python=312", /^312 is read as 3\.12$/],
        ["?gpu=A100#machine=AAAA", /^The machine in this link cannot be read; the answer is for the choices alone$/],
        ["?gpu=A100&client=pip&shell=rc", /^invalid value pip for --client: expected one of .*; invalid value rc for --shell/],
        // 400 MiB of blanks.
        [`?gpu=A100#machine=${deflateRawSync(Buffer.alloc(400 << 20, 32)).toString("base64url")}`, /cannot be read/],
      ]) {
        const { page, errors } = await open(server.address + query);
        assert.match(await text(page, ".read-as"), expected);
        await type(page, "[name=driver]", "580");
        await until(page, () => document.querySelector(".read-as") === null);
        assert.deepEqual(errors, []);
        await page.close();
      }
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
      await until(page, () => document.querySelector("#gpu").value === "NVIDIA GeForce RTX 3060");
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
      assert.deepEqual([...new Set(server.requests)].filter((it) => !["/conda-torch/", "/conda-torch/sw.js"].includes(it)), []);
      const reached = await page.evaluate(async (address) => {
        try {
          await fetch(address);
          return true;
        } catch {
          return false;
        }
      }, `${server.address}elsewhere`);
      assert.equal(reached, false);
      assert.ok(!server.requests.includes("/conda-torch/elsewhere"));
      await page.close();
    });

    test("nothing moves where that is asked for", async () => {
      // Firefox is started with the wish.
      for (const motion of name === "chromium" ? ["reduce", "no-preference"] : ["reduce"]) {
        const { page } = await open(`${server.address}?gpu=A100&platform=linux-64`, { motion });
        await page.$$eval("details", (all) => all.forEach((it) => (it.open = true)));
        const moving = await page.$$eval("*", (all) => all.map((it) => getComputedStyle(it)).filter((it) =>
          it.transitionDuration.split(", ").some((time) => time !== "0s") || it.animationName !== "none" || it.scrollBehavior !== "auto").length);
        assert.equal(moving > 0, motion !== "reduce", `${moving} elements`);
        await page.close();
      }
    });

    test("a GPU that WebGPU alone names is a guess too, unless something was chosen meanwhile", async () => {
      for (const isChosen of [false, true]) {
        const page = await browser.newPage();
        await page.evaluateOnNewDocument(() => {
          Object.defineProperty(navigator, "platform", { value: "Linux x86_64" });
          Object.defineProperty(navigator, "userAgentData", { value: undefined });
          HTMLCanvasElement.prototype.getContext = () => null;
          const adapter = { info: { vendor: "nvidia", architecture: "ada", description: "NVIDIA GeForce RTX 4070" } };
          const asked = new Promise((done) => (window.answerWebGpu = () => done(adapter)));
          Object.defineProperty(navigator, "gpu", { value: { requestAdapter: () => asked } });
        });
        await page.goto(server.address);
        await page.waitForSelector("html[data-ready]");
        assert.match(await text(page, "#source"), /^The platform is a first guess/);
        if (isChosen) await page.type("#gpu", "T4");
        await page.evaluate(() => window.answerWebGpu());
        if (isChosen) {
          await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
          assert.equal(await page.$eval("#gpu", (it) => it.value), "T4");
        } else {
          await until(page, () => document.querySelector("#gpu").value === "NVIDIA GeForce RTX 4070");
          assert.match(await text(page, "#source"), /^Platform and GPU are a first guess/);
        }
        await page.close();
      }
    });

    test("a mirror and a folder are in the command and in the link, a login in neither", async () => {
      const { page } = await open(`${server.address}?platform=linux-64&gpu=A100&driver=580`);
      await page.click("#more summary");
      await set(page, "[name=channel]", "https://me:SECRET@mirror.example/t/TOKEN/conda-forge");
      await set(page, "[name=prefix]", "./env");
      const question = [["platform", "linux-64"], ["gpu", "A100"], ["driver", "580"], ["prefix", "./env"], ["channel", "https://mirror.example/conda-forge"]];
      assert.equal(await command(page), program(["advise", "--format=commands", ...flags(question)]).split("\n")[0]);
      assert.match(await command(page), / create -p \.\/env .*-c https:\/\/mirror\.example\/conda-forge /);
      await until(page, () => location.search.endsWith("&prefix=./env&channel=https://mirror.example/conda-forge"));
      // Not an address yet: it may have a login in it, which does not go into the address of the page.
      await set(page, "[name=channel]", "me:SECRET@mirror.example/conda-forge");
      assert.match(await text(page, "#channel-error"), /is no channel/);
      await until(page, () => !location.search.includes("channel"));
      assert.ok(!(await text(page, "body")).includes("SECRET"));
      await set(page, "[name=channel]", "./mirror");
      assert.equal(await text(page, "#channel-error"), "./mirror depends on the current folder");
      await set(page, "[name=channel]", "pytorch");
      assert.match(await text(page, "#answer"), /ended with PyTorch 2\.5.*leave it out/i);
      await page.close();
    });

    test("the footer has the command of each part of the page", async () => {
      const { page } = await open(`${server.address}?platform=linux-64&gpu=RTX+4090&driver=550&package=torchvision&client=mamba`);
      const line = () => text(page, "#command-line");
      assert.equal(await line(), 'conda-torch advise torchvision --platform linux-64 --gpu "RTX 4090" --driver 550 --client mamba');
      await page.click("[data-view=gpus]");
      await page.click("#map-all");
      assert.equal(await line(), "conda-torch matrix --platform linux-64 --all");
      await page.click("[data-view=migrate]");
      assert.equal(await line(), "conda-torch migrate FILE");
      await page.click("#migrate-here");
      assert.equal(await line(), 'conda-torch migrate FILE --platform linux-64 --gpu "RTX 4090" --driver 550');
      await page.click("[data-view=error]");
      assert.equal(await line(), 'conda-torch explain FILE --platform linux-64 --gpu "RTX 4090" --driver 550 --client mamba');
      // A flag is no part of a line that breaks at its hyphens.
      const isWhole = await page.$$eval("#command-line .word", (all) => all.every((it) => it.getClientRects().length === 1));
      assert.ok(isWhole);
      await page.close();
    });

    test("a migration without a machine offers the one under Install", async () => {
      const { page } = await open(`${server.address}?view=migrate&platform=win-64`);
      await set(page, "#migrate-text", "name: a\nchannels: [pytorch]\ndependencies: [pytorch=2.5]\n");
      assert.match(await text(page, "#migrate-result"), /assuming linux-64 \(use the machine under Install to override\)/);
      await page.click("#migrate-result .to-field");
      assert.match(await text(page, "#migrate-result"), /^For the platform under Install; no GPU or driver is chosen/);
      assert.doesNotMatch(await text(page, "#migrate-result"), /assuming linux-64/);
      await page.close();
    });

    test("a value that the page does not offer is not replaced by another", async () => {
      const { page } = await open(`${server.address}?platform=linux-ppc64le&gpu=A100`);
      assert.equal(await page.$eval("[name=platform]", (it) => it.value), "linux-ppc64le");
      assert.match(await text(page, "#headline"), /^No PyTorch on conda-forge runs on this machine/);
      const other = await open(`${server.address}?platform=beos&gpu=A100`);
      assert.match(await text(other.page, "#answer"), /beos/);
      await page.close();
      await other.page.close();
      // The field shows the driver alone; its CUDA stays in the question until the driver changes.
      const both = await open(`${server.address}?platform=linux-64&gpu=A100&driver=535&cuda=12.4`);
      await until(both.page, () => location.search.endsWith("driver=535&cuda=12.4"));
      await type(both.page, "[name=driver]", "580");
      await until(both.page, () => location.search.endsWith("driver=580"));
      await both.page.close();
    });

    test("an error is judged by the machine that is named, or by none", async () => {
      const { page } = await open(`${server.address}?view=error&platform=linux-64`);
      const failure = "RuntimeError: CUDA error: no kernel image is available for execution on the device";
      await set(page, "#error-text", failure);
      assert.match(await text(page, "#error-result"), /^Without a machine, nothing is confirmed/);
      assert.doesNotMatch(await text(page, "#error-result"), /was found here|Confirmed/);
      await page.click("#error-result .to-field");
      await type(page, "#gpu", "Tesla K80");
      await page.click("[data-view=error]");
      await set(page, "#error-text", failure);
      assert.match(await text(page, "#error-result"), /^Judged for Tesla K80 \(compute capability 3\.7\), .*, as under Install\./);
      await set(page, "#error-text", `${smi}\n${failure}`);
      assert.match(await text(page, "#error-result"), /^Judged for 2 × NVIDIA A100-SXM4-40GB .*, as the text describes it\./);
      await page.close();
    });

    test("it works without a network once it was open", async () => {
      const other = await serve();
      const { page } = await open(`${other.address}?gpu=A100&platform=linux-64`);
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
      await until(page, () => navigator.serviceWorker.controller !== null);
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      other.close();
      const reached = other.requests.length;
      if (name === "chromium") await page.setOfflineMode(true);
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      assert.match(await command(page), /pytorch-gpu=/);
      assert.equal(other.requests.length, reached);
      await page.close();
    });
  });
}
