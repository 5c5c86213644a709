// Chromium and Firefox of this machine, without connections of their own.

import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

const CHROMIUM = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

const FIREFOX = {
  "app.normandy.enabled": false, "app.update.enabled": false, "browser.aboutHomeSnippets.updateUrl": "",
  "browser.newtabpage.enabled": false, "browser.safebrowsing.malware.enabled": false, "browser.startup.page": 0,
  "ui.prefersReducedMotion": 1, "datareporting.policy.dataSubmissionEnabled": false, "extensions.update.enabled": false, "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false, "services.settings.server": "", "toolkit.telemetry.enabled": false,
};

const first = (paths) => paths.find((path) => path && existsSync(path));

/** The browsers that this machine has, by name. */
export const browsers = {
  chromium: first([process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]),
  firefox: first([process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"]),
};

/** @param {"chromium" | "firefox"} name */
export const launch = (name) =>
  name === "chromium"
    ? puppeteer.launch({ executablePath: browsers.chromium, headless: true, args: CHROMIUM })
    : puppeteer.launch({ browser: "firefox", executablePath: browsers.firefox, headless: true, extraPrefsFirefox: FIREFOX });
