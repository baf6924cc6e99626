// axe-core finds nothing on any page, in light and in dark.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desktop, launch, phone, violations, visitor } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { furnished } from "./service.mjs";

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
        for (const violation of await violations(page)) failures.push(`${name} ${viewport.width}: ${violation}`);
      }
      await context.close();
    }
    assert.deepEqual(failures, []);
  });
}
