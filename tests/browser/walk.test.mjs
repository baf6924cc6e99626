// Every page, with and without script, on phone and desktop, in English and German.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desktop, launch, phone, visitor } from "./browser.mjs";
import { foreign, pages } from "./pages.mjs";
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
          // Playwright can look into pages whose own scripts do not run.
          const found = await page.evaluate(() => ({
            language: document.documentElement.lang,
            headings: document.querySelectorAll("h1").length,
            wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            widest: [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest(".scroll-x")).slice(0, 3).map((element) => `${element.tagName}.${element.className}`),
            ids: [...document.querySelectorAll("[id]")].map((element) => element.id).filter((id, at, all) => all.indexOf(id) !== at),
            inline: document.querySelectorAll("script:not([src]), [onclick]").length,
            text: document.body.innerText,
            title: document.title,
          }));
          expect(found.language === language, `lang=${found.language}`);
          expect(found.headings === 1, `${found.headings} h1`);
          expect(found.wide <= 0, `${found.wide} px too wide: ${found.widest.join(", ")}`);
          expect(found.ids.length === 0, `ids twice: ${found.ids}`);
          expect(found.inline === 0, "inline script");
          expect(/disk2iso/.test(found.title), `title ${found.title}`);
          const strangers = foreign[language].filter((word) => new RegExp(`(^|[^\\p{L}])${word}([^\\p{L}]|$)`, "u").test(found.text));
          expect(strangers.length === 0, `words of the other language: ${strangers}`);
          expect(complaints.length === 0, complaints.join("; "));
        }
        await context.close();
        assert.deepEqual(failures, []);
      });
    }
  }
}
