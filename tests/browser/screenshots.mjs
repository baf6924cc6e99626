// Every page as a picture: phone and desktop, light and dark, English and German; empty, full, and with the connection lost.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { desktop, launch, phone, visitor } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { Service, furnished, root } from "./service.mjs";

const folder = join(root, "target/screenshots");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/** All pages of a world, in these forms. */
async function shoot(browser, world, what, list, forms, prepare = async () => {}) {
  for (const { language, dark, viewport } of forms) {
    const { context, page } = await visitor(browser, { language, dark, viewport });
    for (const { name, at } of list) {
      await page.goto(world.service.url + at(world), { waitUntil: "load" });
      const mend = await prepare(page);
      // What is loaded late (charts, drawings) shall be in the picture.
      await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => undefined);
      const file = `${name}.${what}.${viewport.width}.${dark ? "dark" : "light"}.${language}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: true });
      await mend?.();
    }
    await context.close();
  }
}

const every = [phone, desktop].flatMap((viewport) => [false, true].flatMap((dark) => ["en", "de"].map((language) => ({ viewport, dark, language }))));
const few = [
  { viewport: phone, dark: true, language: "de" },
  { viewport: desktop, dark: false, language: "en" },
];

const browser = await launch();
const world = await furnished();
const bare = { service: await Service.start({ drives: 0 }) };
try {
  await shoot(browser, world, "full", pages, every);
  await shoot(browser, bare, "empty", pages.filter((page) => !page.furnished), few);
  await shoot(browser, world, "lost", pages.slice(0, 1), few, async (page) => {
    await world.service.stop();
    await page.locator("[data-connection]").waitFor({ state: "visible" });
    return () => world.service.restart();
  });
  console.log(`pictures are in ${folder}`);
} finally {
  await browser.close();
  await world.service.end();
  await bare.service.end();
}
