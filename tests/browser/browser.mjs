// Chromium, and what is watched on every page.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { foreign } from "./pages.mjs";

export const phone = { width: 390, height: 844 };
export const desktop = { width: 1440, height: 900 };

export function launch() {
  const found = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));
  if (found === undefined) throw new Error("Chromium is missing; deploy/bootstrap.sh test installs it");
  return chromium.launch({ executablePath: found, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A browser of its own: language, size, colours, with or without script. Complaints of its pages gather in `complaints`. */
export async function visitor(browser, { language = "en", viewport = desktop, script = true, dark = false, ...rest } = {}) {
  const context = await browser.newContext({
    locale: language === "de" ? "de-DE" : "en-GB",
    viewport,
    javaScriptEnabled: script,
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    ...rest,
  });
  const complaints = [];
  const page = await context.newPage();
  page.on("console", (message) => {
    // Chromium tells of a page's own status as an error.
    if (["error", "warning"].includes(message.type()) && !/the server responded with a status of 404/.test(message.text())) {
      complaints.push(`${message.type()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  return { context, page, complaints };
}

/** What is wrong with the page that is open: [] if nothing is. Playwright can look into pages whose own scripts do not run. */
export async function faults(page, language) {
  const found = await page.evaluate(() => ({
    language: document.documentElement.lang,
    headings: document.querySelectorAll("h1").length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    widest: [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".scroll-x"))
      .slice(0, 3)
      .map((element) => `${element.tagName}.${element.getAttribute("class")}`),
    ids: [...document.querySelectorAll("[id]")].map((element) => element.id).filter((id, at, all) => all.indexOf(id) !== at),
    inline: document.querySelectorAll("script:not([src]), [onclick]").length,
    text: document.body.innerText,
    title: document.title,
  }));
  const wrong = [];
  const expect = (holds, what) => holds || wrong.push(what);
  expect(found.language === language, `lang=${found.language}`);
  expect(found.headings === 1, `${found.headings} h1`);
  expect(found.wide <= 0, `${found.wide} px too wide: ${found.widest.join(", ")}`);
  expect(found.ids.length === 0, `ids twice: ${found.ids}`);
  expect(found.inline === 0, "inline script");
  expect(/disk2iso/.test(found.title), `title ${found.title}`);
  const strangers = foreign[language].filter((word) => new RegExp(`(^|[^\\p{L}])${word}([^\\p{L}]|$)`, "u").test(found.text));
  expect(strangers.length === 0, `words of the other language: ${strangers}`);
  return wrong;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds on the page that is open. */
export async function violations(page) {
  // Through the debugger, where the page's policy does not matter.
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const where = (nodes) => nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`);
  return found.violations.map(({ id, help, nodes }) => `${id} (${help}): ${where(nodes).join(" | ")}`);
}
