/**
 * Keeps the page up to date. The server renders every word: on a change this fetches the page and patches its `data-live` parts in
 * place, so that it is the same with and without script. Progress bars move with each message about progress.
 */

import { Channel, type Message } from "./channel";
import { duration, t } from "./language";
import { patch, parse, refresh } from "./page";

/** A moment, because what an event is about is published just after it. */
const SOON_MS = 200;
/** Sentences follow progress no faster than this. */
const SENTENCES_MS = 2_000;
/** A connection that comes back within this time was never lost as far as people are concerned. */
const GRACE_MS = 1_200;

/** Messages for whoever else wants to know: `detail` is a [`Message`]. */
export const messages = new EventTarget();

const line = document.querySelector<HTMLElement>("[data-connection]");
let timer: number | undefined;
let due = Infinity;
let fetching = false;
let again = false;
let missed = false;
let lostAt: number | undefined;
let ticking: number | undefined;

async function run(): Promise<void> {
  if (document.visibilityState !== "visible") {
    missed = true;
    return;
  }
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    await refresh();
  } catch {
    // The channel notices, too, and says so; until it is back there is nothing to fetch.
    soon(SENTENCES_MS);
  } finally {
    fetching = false;
    if (again) {
      again = false;
      soon(SOON_MS);
    }
  }
}

/** Refreshes after this time at the latest. */
export function soon(delay: number = SOON_MS): void {
  const wanted = performance.now() + delay;
  if (wanted >= due) return;
  window.clearTimeout(timer);
  due = wanted;
  timer = window.setTimeout(() => {
    due = Infinity;
    void run();
  }, delay);
}

function move(job: string, progress: number): void {
  for (const bar of document.querySelectorAll<HTMLProgressElement>(`progress[data-progress="${CSS.escape(job)}"]`)) {
    bar.value = progress;
    bar.setAttribute("value", String(progress));
  }
  if (document.querySelector("[data-live]") !== null) soon(SENTENCES_MS);
}

function told(message: Message): void {
  messages.dispatchEvent(new CustomEvent("message", { detail: message }));
  if (message.type === "progress") move(message.job_uuid, message.progress);
  else soon();
}

function tick(): void {
  if (line === null || lostAt === undefined) return;
  const since = (performance.now() - lostAt) / 1000;
  if (since * 1000 < GRACE_MS) return;
  const time = line.querySelector("[data-since]");
  if (time !== null) time.textContent = t(`for ${duration(since)}`, `seit ${duration(since)}`);
  line.hidden = false;
}

function lost(): void {
  if (lostAt !== undefined) return;
  lostAt = performance.now();
  ticking = window.setInterval(tick, 500);
}

function connected(): void {
  lostAt = undefined;
  window.clearInterval(ticking);
  if (line !== null) line.hidden = true;
  soon();
}

/** Starts. */
export function start(): void {
  const place = location.pathname;
  const topics = ["drives", "jobs", "isos"];
  const wide = document.querySelector('[data-live="system"]') !== null || /^\/(system|settings)/.test(place);
  new Channel(wide ? [...topics, "system"] : topics, { message: told, connected, lost });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && missed) {
      missed = false;
      soon(0);
    }
  });
}

/** Patches in a page that a form was answered with. */
export function take(html: string): Document {
  const fresh = parse(html);
  patch(fresh);
  return fresh;
}
