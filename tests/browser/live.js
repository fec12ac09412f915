// Holds the live page to what it promises, in Chromium: node live.js ELENCHUS EXPERIMENT
//
// A campaign runs in one process and is served by another. The page says where it stands and brings itself up to date, without losing
// what its reader opened or typed, without a complaint on the console and without asking anybody but its own server; the list filters and
// sorts without scripts; axe-core finds nothing serious.
import axe from "axe-core";
import { chromium } from "playwright-core";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const [elenchus, experiment] = process.argv.slice(2).map(path => resolve(path));
const place = mkdtempSync(join(tmpdir(), "live-test-"));
cpSync(experiment, join(place, basename(experiment)), { recursive: true });
const start = (...words) => spawn(elenchus, words, { cwd: place, stdio: ["ignore", "pipe", "inherit"] });
const wrong = [];

const run = start("run", basename(experiment), "--nonce", "1", "--iterations", "15", "--quiet");
const ended = once(run, "exit");
let server, address;
// There is nothing to serve before there is a campaign.
while (address === undefined) {
  server = spawn(elenchus, ["serve", "--listen", "127.0.0.1:0"], { cwd: place, stdio: ["ignore", "pipe", "ignore"] });
  const first = await Promise.race([once(createInterface(server.stdout), "line"), once(server, "exit")]);
  if (typeof first[0] === "string") address = first[0];
}
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
try {
  await live(await opened(address));
  await list();
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await ended;
  rmSync(place, { recursive: true, force: true });
}
for (const said of wrong) console.error(said);
console.log(`the live page and the list, ${wrong.length} wrong`);
process.exit(wrong.length > 0 ? 1 : 0);

async function opened(url) {
  const page = await browser.newPage();
  page.on("console", message => ["error", "warning"].includes(message.type()) && wrong.push(`console: ${message.text()}`));
  page.on("pageerror", error => wrong.push(`error: ${error}`));
  page.on("request", request => request.url().startsWith(address) || wrong.push(`requests ${request.url()}`));
  await page.goto(url);
  return page;
}

async function live(page) {
  await page.locator("tbody a").first().click();
  await page.waitForSelector("#live");
  const version = () => page.evaluate(() => document.getElementById("live").dataset.version);
  // By a selector: the page's policy lets nothing be evaluated in it that waits.
  const renewed = before => page.waitForSelector(`#live:not([data-version="${before}"])`, { timeout: 60_000 });
  // At once: the page may be renewed between two questions.
  const first = await page.evaluate(() => {
    document.querySelector("main").dataset.old = "yes";
    return document.getElementById("live").dataset.version;
  });
  await renewed(first);
  if (await page.locator("main[data-old]").count() > 0) wrong.push("the page says that it is new, and is the old one");
  // What a reader opened and typed stays.
  await page.waitForSelector("main details summary", { timeout: 60_000 });
  await page.evaluate(() => document.querySelector("main details").open = true);
  const fold = await page.evaluate(() => document.querySelector("main details summary").textContent);
  const box = page.locator("main input[type=search]").first();
  if (await box.count() > 0) await box.fill("F1");
  await renewed(await version());
  const kept = await page.evaluate(fold => [...document.querySelectorAll("main details")].some(d => d.open && d.querySelector("summary").textContent === fold), fold);
  if (!kept) wrong.push(`the fold "${fold}" closed when the page was brought up to date`);
  if (await box.count() > 0 && await box.inputValue() !== "F1") wrong.push("what was typed into the filter is gone");
  await page.locator("#live", { hasText: /^completed/ }).waitFor({ timeout: 300_000 });
  for (const width of [1280, 400]) {
    await page.setViewportSize({ width, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) wrong.push(`the live page is ${wide} wide in a window of ${width}`);
  }
  await accessible(page, "the live page");
  await page.close();
}

async function list() {
  const page = await opened(address);
  await page.locator("input[type=search]").fill("nobody says this");
  await page.locator("button").click();
  if (await page.locator("tbody tr").count() !== 0) wrong.push("the list's filter shows rows for nonsense");
  await page.goto(address);
  await page.locator("thead a").nth(1).click();
  if (await page.locator("th[aria-sort=ascending]").count() !== 1) wrong.push("the list is not sorted by the column that was chosen");
  await accessible(page, "the list");
  await page.close();
}

async function accessible(page, name) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, impact, help, nodes } of found.violations) {
    if (["serious", "critical"].includes(impact)) wrong.push(`${name}: axe: ${impact}: ${help} (${id}), as in ${nodes[0].html.slice(0, 160)}`);
  }
}
