// node audit.mjs OUT RUNS FOLDER:PAGE,PAGE... [FOLDER:PAGE...]
// For each page, light at a desk and dark on a phone: axe-core's violations of WCAG 2.2 A and AA,
// requests to other hosts, console errors, pictures that never came, pixels by which the page is
// wider than the screen, code and panels that cannot be read, and how many of them were measured;
// and Lighthouse's mobile profile, the median of RUNS. OUT is written after each page, and pages that
// it already holds are not measured again: a long run may be stopped.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";
import { serve } from "./server.mjs";

const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const [out, runs, ...sites] = process.argv.slice(2);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

// Nine tenths of the time would go into thousands of words of code in the same few colours, and into
// the letters of formulas: they are drawn, and axe weighs the colour of each against what lies behind
// it. Each colour of code is left once on each kind of block, and formulas without colours of their
// own become one piece of text, the fourth and later ones of a kind a piece of the text around them;
// so does what a screen reader is told of them. How wide they are stays as it was.
function thin() {
  const seen = {};
  const count = (kind) => (seen[kind] = (seen[kind] ?? 0) + 1);
  for (const word of document.querySelectorAll("div.highlight pre span:not(:has(*))")) {
    const block = word.closest(".cell_output, .cell_input")?.className;
    if (count(`${word.className} ${block}`) > 1) word.replaceWith(word.textContent);
  }
  // All is measured before anything is changed: else each change would be laid out.
  const formulas = [...document.querySelectorAll(".katex-html:not(:has([style*=color])), math")].map((node) => {
    const whole = node.closest(".math") ?? node.closest(".katex");
    const [own, around] = [node, whole.parentElement].map((one) => getComputedStyle(one).color);
    const kind = own === around && `${own} ${whole.parentElement.tagName} ${whole.parentElement.className}`;
    return { node, whole, kind, width: node.closest(".katex-display") && node.scrollWidth };
  });
  for (const { node, whole, kind, width } of formulas) {
    node.textContent = node.textContent;
    if (width) node.style.cssText += `; width: ${width}px; white-space: normal; overflow-wrap: anywhere`;
    else if (kind && !node.matches("math") && count(kind) > 3) whole.replaceWith(node.textContent);
  }
}

// Pixels by which the page is too wide; code that is cut off, broken although there is room, or too
// small; panels too small to read.
function layout(wide) {
  const faults = [];
  const seen = { code: 0, panels: 0 };
  const name = (text) => JSON.stringify(text.trim().slice(0, 60));
  for (const pre of document.querySelectorAll(".bd-article div.highlight pre")) {
    const { lineHeight, paddingTop, paddingBottom, fontSize } = getComputedStyle(pre);
    const height = pre.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
    const lines = pre.textContent.trimEnd().split("\n").length;
    const printed = pre.closest(".cell_output");
    seen.code += 1;
    if (!pre.clientWidth) faults.push(`code that was not laid out: ${name(pre.textContent)}`);
    if (parseFloat(fontSize) < 12.5) faults.push(`code of ${fontSize}: ${name(pre.textContent)}`);
    if (pre.scrollWidth > pre.clientWidth && (wide || !printed)) faults.push(`code is cut off: ${name(pre.textContent)}`);
    if (wide && !printed && Math.round(height / parseFloat(lineHeight)) !== lines) faults.push(`lines are broken: ${name(pre.textContent)}`);
  }
  for (const img of document.querySelectorAll("figure.output-figure:not(.with-lab) a.enlarge img")) {
    if (wide || !img.checkVisibility()) continue;
    seen.panels += 1;
    const figure = img.closest("figure");
    const natural = Number(img.getAttribute("width"));
    const more = figure.scrollWidth - figure.clientWidth;
    if (img.getBoundingClientRect().width < natural / 2) faults.push(`less than half of its size: ${figure.id}`);
    if (more > 0 !== natural > 640) faults.push(`${natural} pixels wide, and ${more} of them to scroll: ${figure.id}`);
  }
  return { faults, seen, wider: document.documentElement.scrollWidth - innerWidth };
}

// Headless Chromium stops drawing now and then, whatever the page: no frame comes any more, so
// nothing that waits for one goes on. Seen once in about 800 pages.
const STALLED = 20_000;
class Stalled extends Error {}

async function accessible(browser, address, scheme) {
  const page = await browser.newPage();
  const found = { foreign: [], errors: [] };
  const host = new URL(address).host;
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol.startsWith("http") && asked.host !== host) found.foreign.push(asked.href);
  });
  page.on("console", (line) => line.type() === "error" && found.errors.push(line.text()));
  page.on("pageerror", (error) => found.errors.push(error.message));
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const width = scheme === "dark" ? 390 : 1280;
  await page.setViewport({ width, height: 4000 }); // a few screens at a time, until all has been seen
  await page.goto(address, { waitUntil: "load" });
  // As a reader who looks at everything: axe passes over what is folded away or not laid out.
  await page.addStyleTag({ content: "* { content-visibility: visible !important; }" });
  await page.evaluate(async () => {
    for (const box of document.querySelectorAll("details")) box.open = true;
    for (const box of document.querySelectorAll(".toggle-hidden")) box.classList.remove("toggle-hidden");
    await document.fonts.ready;
  });
  // Measured with its formulas as they are, and again with the pictures and laboratories that come.
  const early = await page.evaluate(layout, width > 1000);
  await page.evaluate(thin);
  const drawn = await page.evaluate(async (limit) => {
    // Two frames: what the page does when something comes near is done after the first.
    const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
    const stalled = () => new Promise((done) => setTimeout(done, limit));
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
      scrollTo(0, y);
      if (!await Promise.race([frames(), stalled()])) return false;
    }
    scrollTo(0, 0);
    return Promise.race([frames(), stalled()]);
  }, STALLED);
  await page.setViewport({ width, height: 844 });
  if (!drawn) throw new Stalled(`no frame of ${address} for ${STALLED / 1000} s`);
  // Pictures come, and laboratories start, in their own time; axe says what never came.
  await page.waitForFunction(() => [...document.images].every((image) => image.complete || !image.checkVisibility())
    && [...document.querySelectorAll(".flow-lab")].every((host) => host.childElementCount),
    { timeout: 5000, polling: 50 }).catch(() => {});
  await new Promise((done) => setTimeout(done, 100));
  found.missing = await page.evaluate(() => [...document.images]
    .filter((image) => image.complete && !image.naturalWidth && image.checkVisibility()).map((image) => image.src));
  const late = await page.evaluate(layout, width > 1000);
  found.wider = Math.max(early.wider, late.wider);
  found.layout = [...new Set([...early.faults, ...late.faults])];
  found.measured = late.seen;
  await page.evaluate(axe);
  const result = await page.evaluate(
    (options) => window.axe.run(document, options),
    { runOnly: { type: "tag", values: TAGS }, resultTypes: ["violations"], selectors: false });
  await page.close();
  found.violations = result.violations.map((v) => ({
    rule: v.id, places: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 160)), count: v.nodes.length,
  }));
  return found;
}

async function speed(browser, address) {
  const rows = [];
  for (let i = 0; i < Number(runs); i++) {
    const port = Number(new URL(browser.wsEndpoint()).port);
    const { lhr } = await lighthouse(address, { port, onlyCategories: CATEGORIES, logLevel: "error" });
    rows.push({
      ...Object.fromEntries(CATEGORIES.map((c) => [c, Math.round(100 * lhr.categories[c].score)])),
      lcp: lhr.audits["largest-contentful-paint"].numericValue / 1000,
      cls: lhr.audits["cumulative-layout-shift"].numericValue,
      bytes: lhr.audits["total-byte-weight"].numericValue,
      index: lhr.environment.benchmarkIndex, // how fast this machine was at that moment
      failed: CATEGORIES.slice(1).flatMap((c) => lhr.categories[c].auditRefs
        .filter((ref) => ref.weight > 0 && lhr.audits[ref.id].score !== null && lhr.audits[ref.id].score < 1)
        .map((ref) => ref.id)),
    });
  }
  const keys = Object.keys(rows[0]).filter((key) => key !== "failed");
  return { ...Object.fromEntries(keys.map((k) => [k, median(rows.map((row) => row[k]))])),
           failed: [...new Set(rows.flatMap((row) => row.failed))] };
}

const start = () => puppeteer.launch({
  executablePath: process.env.CHROME_PATH, args: FLAGS,
  protocolTimeout: 600_000, // beside other work a page may take minutes
});

/** `accessible` in a browser of its own, which is replaced if it has stopped drawing. */
class Screen {
  async look(address, scheme) {
    for (let left = 2; ; left -= 1) {
      this.browser ??= await start();
      try {
        return await accessible(this.browser, address, scheme);
      } catch (error) {
        if (!(error instanceof Stalled) || !left) throw error;
        console.error(`${error.message}: once more in a new browser`);
        await this.close();
      }
    }
  }
  async close() {
    const { browser } = this;
    this.browser = null;
    browser?.process().kill("SIGKILL"); // one that has stopped drawing may not close, either
    await browser?.close().catch(() => {});
  }
}

// Light and dark have a browser each: a tab behind another one is not laid out.
const [screen, second] = [new Screen(), new Screen()];
const results = JSON.parse(await readFile(out, "utf8").catch(() => "[]"));
try {
  for (const site of sites) {
    const [folder, pages] = site.split(":");
    const server = await serve(folder);
    for (const page of pages.split(",")) {
      if (results.some((row) => row.folder === folder && row.page === page)) continue;
      const address = server.address + page;
      const row = { folder, page };
      [row.light, row.dark] = await Promise.all([
        screen.look(address, "light"), second.look(address, "dark"),
      ]);
      if (Number(runs)) row.lighthouse = await speed(screen.browser, address);
      results.push(row);
      await writeFile(out, JSON.stringify(results, null, 1));
      console.error(`${page}: ${row.light.violations.length + row.dark.violations.length} violations`
        + (row.lighthouse ? `, performance ${row.lighthouse.performance}` : ""));
    }
    server.close();
  }
} finally {
  await Promise.all([screen.close(), second.close()]);
}
