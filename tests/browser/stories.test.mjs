// What people do, from start to end, in the browser.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, phone, visitor } from "./browser.mjs";
import { Service, eventually } from "./service.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A service of its own for each story, ended whatever happens. */
async function story(options, tell) {
  const service = await Service.start(options);
  const { context, page, complaints } = await visitor(browser, options.visitor);
  page.setDefaultTimeout(30_000);
  try {
    await tell(service, page);
    assert.deepEqual(complaints.filter((text) => !/WebSocket|net::ERR_/.test(text)), []);
  } catch (error) {
    console.error(service.log());
    throw error;
  } finally {
    await context.close();
    await service.end();
  }
}

test("a disc is inserted, read, found and downloaded, on a phone", () =>
  story({ visitor: { viewport: phone } }, async (service, page) => {
    const disc = service.disc("SUMMER_2004", 4);
    service.script(0, "speed_bytes_per_second = 2000000\n");
    await page.goto(service.url);
    // Nothing is loaded again by hand from here on: what happens comes by itself.
    await page.evaluate(() => (window.sameDocument = true));
    await service.call("POST", "/api/v1/disks/virtual-drive0/insert", { image: disc });
    await page.getByText("SUMMER_2004").first().waitFor();
    await page.getByRole("button", { name: "Image this disc" }).first().click();
    const bar = page.locator("progress[data-progress]").first();
    await bar.waitFor();
    const values = new Set();
    await eventually("the bar to move", async () => {
      const value = await bar.evaluate((element) => element.value, undefined, { timeout: 500 }).catch(() => null);
      if (value !== null) values.add(value);
      return values.size >= 3;
    });
    const job = (await service.get("/api/v1/jobs")).items[0].uuid;
    const done = await service.until(job, "completed");
    await page.getByText("Complete").first().waitFor();
    await page.getByRole("searchbox").fill("summer");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/search\?q=summer/);
    await page.getByRole("heading", { name: "Images" }).waitFor();
    assert.ok(await page.locator("main").getByText(/SUMMER_2004.*\.iso/).first().isVisible());
    const image = (await service.get("/api/v1/isos")).items[0];
    const waiting = page.waitForEvent("download");
    await page.evaluate((path) => {
      const link = document.createElement("a");
      link.href = path;
      link.download = "";
      document.body.append(link);
      link.click();
    }, `/api/v1/isos/${image.id}/download`);
    const bytes = readFileSync(await (await waiting).path());
    const sum = createHash("sha256").update(bytes).digest("hex");
    assert.equal(sum, done.sha256sum ?? image.sha256sum);
    assert.equal(sum, createHash("sha256").update(readFileSync(disc)).digest("hex"));
  }));

test("the page says that the service is gone, comes back by itself and shows what is new", () =>
  story({}, async (service, page) => {
    await page.goto(service.url);
    await page.getByText("Insert a disc.").first().waitFor();
    const line = page.locator("[data-connection]");
    assert.equal(await line.isVisible(), false);
    // What is typed must survive all of it.
    await page.getByRole("searchbox").fill("half a wo");
    await page.evaluate(() => (window.sameDocument = true));
    await service.stop();
    await line.waitFor({ state: "visible" });
    assert.match(await line.innerText(), /Connection lost.*\d+ s/s);
    await service.restart();
    await service.insert(0, service.disc("NEWS"));
    await page.getByText("NEWS").first().waitFor();
    await line.waitFor({ state: "hidden" });
    assert.equal(await page.getByRole("searchbox").inputValue(), "half a wo");
    assert.equal(await page.evaluate(() => window.sameDocument), true, "patched, not loaded again");
  }));

test("where no WebSocket comes through the page is told by events instead", () =>
  story({}, async (service, page) => {
    await page.addInitScript(() => {
      window.WebSocket = class extends EventTarget {
        static OPEN = 1;
        constructor() {
          super();
          setTimeout(() => this.dispatchEvent(new Event("close")), 10);
        }
        close() {}
        send() {}
      };
    });
    const listening = page.waitForRequest(/\/events\/system/);
    await page.goto(service.url);
    await listening;
    await service.insert(0, service.disc("BY_EVENTS"));
    await page.getByText("BY_EVENTS").first().waitFor();
  }));

test("a person decides about what could not be read", () =>
  story({}, async (service, page) => {
    service.script(0, '[[fault]]\nkind = "bad"\nlba = 600\ncount = 6\n');
    await service.insert(0, service.disc("SCRATCHED", 2));
    const job = await service.image(0, { on_loss: "ask", retries: 0 });
    await page.goto(service.url);
    await service.until(job, "paused");
    await page.getByRole("button", { name: /Accept the loss/ }).first().click();
    const done = await service.until(job, "completed");
    assert.equal(done.verdict, "degraded");
    await page.getByText("Damaged").first().waitFor();
  }));

/** A service with one job that runs for long and three that wait: their uuids in the order of the queue. */
async function queue(service) {
  service.script(0, "speed_bytes_per_second = 60000\n");
  await service.insert(0, service.disc("LONG_PLAY", 4));
  const first = await service.image(0);
  await service.until(first, "running");
  const waiting = [];
  for (const name of ["one", "two", "three"]) waiting.push(await service.image(0, {}, { filename: `${name}.iso` }));
  return waiting;
}

const order = (page) => page.locator("#queue > [data-job]").evaluateAll((items) => items.map((item) => item.dataset.job));

test("the queue is put in order by mouse and by keyboard, and stays so", () =>
  story({}, async (service, page) => {
    const [one, two, three] = await queue(service);
    await page.goto(`${service.url}/jobs`);
    const item = (uuid) => page.locator(`#queue > [data-job="${uuid}"]`);
    await item(three).waitFor();
    assert.deepEqual(await order(page), [one, two, three]);
    // By mouse: the third above the first.
    const grip = await item(three).locator(".grip").boundingBox();
    const top = await item(one).boundingBox();
    const kept = page.waitForResponse((answer) => answer.url().endsWith("/move") && answer.ok());
    await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
    await page.mouse.down();
    await page.mouse.move(top.x + 30, top.y + top.height / 2, { steps: 8 });
    await page.mouse.move(top.x + 30, top.y + 4, { steps: 4 });
    await page.mouse.up();
    await kept;
    assert.deepEqual(await order(page), [three, one, two]);
    // By keyboard: the first to the end.
    await item(three).locator(".grip").focus();
    await page.keyboard.press("Space");
    const moved = page.waitForResponse((answer) => answer.url().endsWith("/move") && answer.ok());
    await page.keyboard.press("End");
    await page.keyboard.press("Space");
    await moved;
    assert.deepEqual(await order(page), [one, two, three]);
    // Escape changes nothing.
    await item(one).locator(".grip").focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    await page.reload();
    await item(one).waitFor();
    assert.deepEqual(await order(page), [one, two, three]);
  }));

test("everything is reached by keyboard: search, shortcuts, palette", () =>
  story({}, async (service, page) => {
    await service.insert(0, service.disc("BY_KEYS"));
    await page.goto(service.url);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.name), "q");
    await page.keyboard.type("?");
    assert.equal(await page.locator("dialog").count(), 0, "what is typed is text");
    await page.getByRole("searchbox").blur();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Command" }).fill("image by_keys");
    await page.getByRole("option", { name: /Image BY_KEYS/ }).waitFor();
    await page.keyboard.press("Enter");
    const jobs = await eventually("a job", async () => {
      const { items } = await service.get("/api/v1/jobs");
      return items.length > 0 && items;
    });
    await service.until(jobs[0].uuid, "completed");
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.waitForURL(/\/drives$/);
  }));
