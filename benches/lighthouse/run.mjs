// Lighthouse, mobile profile (slow phone, slow network, both simulated), on a service with something of everything.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { furnished } from "../../tests/browser/service.mjs";

const rounds = Number(process.env["ROUNDS"] ?? 3);
const wanted = { performance: 95, accessibility: 100, "best-practices": 95 };
const names = { dashboard: "/", jobs: "/jobs", library: "/library" };
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const world = await furnished();
const chrome = await launch({ chromePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
let good = true;
console.log(`| page | ${Object.keys(wanted).join(" | ")} | first contentful paint | largest | blocked | shift | bytes |`);
console.log("|---|---|---|---|---|---|---|---|---|");
try {
  for (const [name, path] of Object.entries(names)) {
    const runs = [];
    for (let round = 0; round < rounds; round += 1) {
      const { lhr } = await lighthouse(world.service.url + path, { port: chrome.port, logLevel: "error", onlyCategories: Object.keys(wanted) });
      runs.push(lhr);
    }
    const scores = Object.entries(wanted).map(([category, least]) => {
      const score = Math.round(median(runs.map((run) => run.categories[category].score * 100)));
      if (score < least) {
        good = false;
        for (const { id } of runs[0].categories[category].auditRefs) {
          const audit = runs[0].audits[id];
          if (audit.score !== null && audit.score < 0.9) console.error(`${name}: ${category}: ${id}: ${audit.title} ${audit.displayValue ?? ""}`);
        }
      }
      return score;
    });
    const number = (id) => median(runs.map((run) => run.audits[id]?.numericValue ?? 0));
    const time = (id) => `${(number(id) / 1000).toFixed(2)} s`;
    const bytes = `${Math.round(number("total-byte-weight") / 1000)} kB`;
    console.log(`| ${name} | ${scores.join(" | ")} | ${time("first-contentful-paint")} | ${time("largest-contentful-paint")} | ${Math.round(number("total-blocking-time"))} ms | ${number("cumulative-layout-shift").toFixed(3)} | ${bytes} |`);
  }
} finally {
  chrome.kill();
  await world.service.end();
}
process.exitCode = good ? 0 : 1;
