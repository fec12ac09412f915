// Holds pages of reports to what they promise, in Chromium: node check.js PAGE.html …
//
// Nothing is requested, nothing is complained about on the console, links lead somewhere, folds open, tables filter, nothing is wider
// than the window, all can be read without scripts, and axe-core finds nothing serious.
import axe from "axe-core";
import { chromium } from "playwright-core";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const WINDOWS = [{ width: 1280, height: 900 }, { width: 400, height: 800 }];
// Axe looks at every element: pages above so many bytes are looked at for all else.
const AXE = 400_000;

const wrong = [];
const pages = process.argv.slice(2).map(file => pathToFileURL(resolve(file)).href);
const profile = mkdtempSync(join(tmpdir(), "browser-test-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS, bypassCSP: false, viewport: WINDOWS[0],
});
try {
  for (const url of pages) {
    await look(url);
    await unscripted(url);
  }
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
for (const said of wrong) console.error(said);
console.log(`${pages.length} pages, ${wrong.length} wrong`);
process.exit(wrong.length > 0 || pages.length === 0 ? 1 : 0);

async function opened(url, context = browser) {
  const page = await context.newPage();
  const says = text => wrong.push(`${url}: ${text}`);
  page.on("console", message => ["error", "warning"].includes(message.type()) && says(`console: ${message.text()}`));
  page.on("pageerror", error => says(`error: ${error}`));
  page.on("request", request => request.url().split("#")[0] !== url && says(`requests ${request.url()}`));
  await page.goto(url);
  return [page, says];
}

async function look(url) {
  const [page, says] = await opened(url);
  for (const window of WINDOWS) {
    await page.setViewportSize(window);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > window.width) says(`is ${wide} wide in a window of ${window.width}`);
  }
  await page.setViewportSize(WINDOWS[0]);
  await links(page, says);
  await filters(page, says);
  const length = await page.evaluate(() => document.documentElement.outerHTML.length);
  for (const colorScheme of length <= AXE ? ["light", "dark"] : []) {
    await page.emulateMedia({ colorScheme });
    await accessible(page, `${url}, ${colorScheme}`);
  }
  await page.close();
}

async function links(page, says) {
  const lost = await page.evaluate(() => {
    const lost = [...document.querySelectorAll("a")].map(a => a.getAttribute("href"));
    return lost.filter(href => !href?.startsWith("#") || !document.getElementById(decodeURIComponent(href.slice(1))));
  });
  if (lost.length > 0) says(`links lead nowhere: ${[...new Set(lost)].slice(0, 5).join(" ")}`);
  // A link into what is folded opens it.
  const folded = await page.evaluate(() => {
    const into = [...document.querySelectorAll("a[href^='#']")].find(a => document.getElementById(a.hash?.slice(1) ?? "")?.closest("details:not([open])"));
    into?.click();
    return into?.getAttribute("href").slice(1);
  });
  if (folded === undefined) return;
  await page.waitForFunction(id => location.hash.slice(1) === id, folded);
  const shows = await page.evaluate(id => document.getElementById(id).closest("details:not([open])") === null, folded);
  if (!shows) says(`#${folded} stays folded`);
}

async function filters(page, says) {
  const box = page.locator("input[type=search]").first();
  if (await box.count() === 0) return;
  const rows = () => page.evaluate(() => {
    const all = [...document.querySelector("[data-filter]").querySelectorAll("tbody tr")];
    return [all.length, all.filter(row => !row.hidden).length];
  });
  await box.fill("zzz nobody says this");
  const [, none] = await rows();
  await box.fill("");
  const [all, shown] = await rows();
  if (none !== 0 || shown !== all) says(`the filter shows ${none} of ${all} rows for nonsense, ${shown} for nothing`);
}

async function accessible(page, name) {
  // Given to the page by its debugger: the page's own policy lets nothing in.
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, impact, help, nodes } of found.violations) {
    if (!["serious", "critical"].includes(impact)) continue;
    wrong.push(`${name}: axe: ${impact}: ${help} (${id}), ${nodes.length} times, as in ${nodes[0].html.slice(0, 160)}`);
  }
}

async function unscripted(url) {
  const session = await browser.newPage();
  const client = await browser.newCDPSession(session);
  await client.send("Emulation.setScriptExecutionDisabled", { value: true });
  await session.goto(url);
  const seen = await session.locator("h1").count();
  if (seen !== 1) wrong.push(`${url}: without scripts there are ${seen} headlines`);
  await session.close();
}
