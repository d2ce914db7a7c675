import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";
import { serve } from "./server.mjs";
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", args: ["--headless=new","--no-sandbox","--disable-gpu"] });
const server = await serve("/work/main/_build/html");
for (const p of process.argv.slice(2)) {
  const T = [Date.now()]; const lap = () => T.push(Date.now());
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 844 });
  await page.goto(server.address + p, { waitUntil: "load" }); lap();
  await page.addStyleTag({ content: "* { content-visibility: visible !important; }" });
  const n = await page.evaluate(async () => {
    for (const box of document.querySelectorAll("details")) box.open = true;
    for (const box of document.querySelectorAll(".toggle-hidden")) box.classList.remove("toggle-hidden");
    let n = 0;
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
      scrollTo(0, y); n++;
      await new Promise((done) => setTimeout(done, 30));
    }
    scrollTo(0, 0); return n;
  }); lap();
  await new Promise((done) => setTimeout(done, 300)); lap();
  await page.evaluate(axe); lap();
  const r = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags } }), TAGS); lap();
  const r2 = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }), TAGS); lap();
  await page.close(); lap();
  console.log(p, n, T.slice(1).map((t, i) => t - T[i]).join(" "), "load scroll wait axe run run2 close", r.violations.length, r2.violations.length);
}
server.close(); await browser.close();
