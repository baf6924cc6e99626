/** Progress at a glance: in the tab's title and in its icon, which fills from the hub outwards like the disc. */

import type { Message } from "./channel";
import { messages } from "./live";
import * as page from "./page";

/** A job that says nothing for so long does not run any more. */
const FORGOTTEN_MS = 20_000;

const running = new Map<string, { progress: number; at: number }>();
const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
const plain = icon?.href ?? "";
let shown: number | null = null;

function draw(percent: number): string {
  const [hub, rim] = [8, 22];
  const outer = Math.sqrt(hub * hub + (percent / 100) * (rim * rim - hub * hub));
  const ring = (radius: number, width: number, colour: string) =>
    `<circle cx="24" cy="24" r="${radius.toFixed(1)}" fill="none" stroke="${colour}" stroke-width="${width.toFixed(1)}"/>`;
  const drawing = ring(15, 14, "#b8c4cc") + (outer > hub ? ring((hub + outer) / 2, outer - hub, "#0b6e8a") : "");
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">${drawing}</svg>`)}`;
}

function show(): void {
  const now = performance.now();
  for (const [job, { at }] of running) if (now - at > FORGOTTEN_MS) running.delete(job);
  const all = [...running.values()];
  const percent = all.length === 0 ? null : Math.floor(all.reduce((sum, one) => sum + one.progress, 0) / all.length);
  const title = percent === null ? page.title : `${all.length > 1 ? `${all.length} × ` : ""}${percent} % · ${page.title}`;
  if (document.title !== title) document.title = title;
  if (icon !== null && percent !== shown) icon.href = percent === null ? plain : draw(percent);
  shown = percent;
}

/** Starts. */
export function start(): void {
  for (const bar of document.querySelectorAll<HTMLProgressElement>("progress[data-progress]")) {
    running.set(bar.dataset["progress"] ?? "", { progress: bar.value, at: performance.now() });
  }
  show();
  messages.addEventListener("message", (event) => {
    const message = (event as CustomEvent<Message>).detail;
    if (message.type === "progress") running.set(message.job_uuid, { progress: message.progress, at: performance.now() });
    else if (message.event?.job_uuid && /^job\.(completed|failed|cancelled|paused|queued|deleted)/.test(message.event.kind)) running.delete(message.event.job_uuid);
    show();
  });
  page.patched.addEventListener("patched", show);
  window.setInterval(show, FORGOTTEN_MS / 2);
}
