// Every page, with and without script, on phone and desktop, in English and German.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desktop, faults, launch, phone, visitor } from "./browser.mjs";
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

for (const script of [true, false]) {
  for (const [size, viewport] of Object.entries({ phone, desktop })) {
    for (const language of ["en", "de"]) {
      test(`every page, ${script ? "with" : "without"} script, ${size}, ${language}`, async () => {
        const { context, page, complaints } = await visitor(browser, { language, viewport, script });
        const failures = [];
        for (const { name, at, main, status = 200 } of pages) {
          const expect = (holds, what) => holds || failures.push(`${name}: ${what}`);
          complaints.length = 0;
          const answer = await page.goto(world.service.url + at(world), { waitUntil: "load" });
          expect(answer.status() === status, `status ${answer.status()}`);
          expect(await page.locator(main).first().isVisible().catch(() => false), `${main} is not there`);
          for (const fault of await faults(page, language)) expect(false, fault);
          expect(complaints.length === 0, complaints.join("; "));
        }
        await context.close();
        assert.deepEqual(failures, []);
      });
    }
  }
}
