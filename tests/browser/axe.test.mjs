// axe-core finds nothing on any page, in light and in dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { desktop, launch, phone, visitor } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { furnished } from "./service.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser, world;
before(async () => {
  [browser, world] = await Promise.all([launch(), furnished()]);
});
after(async () => {
  await browser?.close();
  await world?.service.end();
});

for (const dark of [false, true]) {
  test(`no violation on any page, ${dark ? "dark" : "light"}`, async () => {
    const failures = [];
    for (const [viewport, language] of [[desktop, "en"], [phone, "de"]]) {
      const { context, page } = await visitor(browser, { viewport, language, dark });
      for (const { name, at } of pages) {
        await page.goto(world.service.url + at(world), { waitUntil: "load" });
        // Through the debugger, where the page's policy does not matter.
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        for (const { id, help, nodes } of violations) {
          failures.push(`${name} ${viewport.width}: ${id} (${help}): ${nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
        }
      }
      await context.close();
    }
    assert.deepEqual(failures, []);
  });
}
