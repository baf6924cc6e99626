// Setting up, signing in and out, in the browser; and the pages that there are only with accounts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { desktop, faults, launch, phone, violations, visitor } from "./browser.mjs";
import { Service, eventually } from "./service.mjs";

const PASSWORD = "correct horse battery staple";
let browser, service;
before(async () => {
  [browser, service] = await Promise.all([launch(), Service.start({ settings: { DISK2ISO_AUTH: "on" } })]);
});
after(async () => {
  await browser?.close();
  await service?.end();
});

/** Everything that is wrong with a page, in both languages, light and dark, with the cookies of somebody. */
async function check(addresses, storageState) {
  const failures = [];
  for (const [language, viewport, dark] of [["en", desktop, false], ["de", phone, true], ["de", desktop, false], ["en", phone, true]]) {
    const { context, page, complaints } = await visitor(browser, { language, viewport, dark, storageState });
    for (const address of addresses) {
      complaints.length = 0;
      await page.goto(service.url + address, { waitUntil: "load" });
      const wrong = [...(await faults(page, language)), ...(await violations(page)), ...complaints];
      failures.push(...wrong.map((what) => `${address} ${viewport.width} ${language}: ${what}`));
    }
    await context.close();
  }
  assert.deepEqual(failures, []);
}

test("the first start leads through the assistant, then to signing in and out", async () => {
  const log = () => readFileSync(join(service.folder, "log"), "utf8");
  const link = await eventually("the link", () => /http:\/\/\S+\/setup\?secret=\S+/.exec(log())?.[0]);
  const { context, page } = await visitor(browser, { script: false });
  await page.goto(`${service.url}/`);
  assert.match(page.url(), /\/setup$/, "nothing but the assistant answers");
  await check(["/setup", new URL(link).pathname + new URL(link).search]);
  await page.goto(link);
  await page.getByLabel("Name").fill("anna");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByLabel("Password once more").fill("short");
  await page.getByRole("button", { name: "Make the account" }).click();
  // The browser refuses it itself; the link is still good.
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password once more").fill(PASSWORD);
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.goto(`${service.url}/account`);
  await page.locator("main").getByText("anna").first().waitFor();
  await page.locator(".menu summary").click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.goto(`${service.url}/search?q=x`);
  assert.match(page.url(), /\/login\?next=/);
  await page.getByLabel("Name").fill("anna");
  await page.getByLabel("Password").fill("wrong horse battery staple");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/\/search\?q=x/);
  const state = await context.storageState();
  await check(["/login?next=%2Fjobs"]);
  await check(["/account", "/account/second-step", "/settings/users"], state);
  await context.close();
});
