// Chromium, and what is watched on every page.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

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
