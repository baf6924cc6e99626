/** Notifications of the browser, if somebody asked for them: a disc is done, failed, or needs a decision. */

import { api } from "./api";
import type { Message } from "./channel";
import { t } from "./language";
import { messages } from "./live";
import { recall, remember } from "./store";

export const possible = "Notification" in window && window.isSecureContext;

/** Whether they are wanted and allowed. */
export function isOn(): boolean {
  return possible && Notification.permission === "granted" && recall("notify") === "on";
}

/** Switches them on, which asks the person, or off. Gives what holds then. */
export async function toggle(): Promise<boolean> {
  if (isOn()) {
    remember("notify", "off");
  } else if ((await Notification.requestPermission()) === "granted") {
    remember("notify", "on");
  }
  return isOn();
}

async function tell(uuid: string): Promise<void> {
  const job = await api("GET", "/api/v1/jobs/{uuid}", { path: { uuid } });
  const asks = job.status === "paused" && job.reason === "loss";
  const words: Record<string, string> = {
    completed: t("Disc done", "Disc fertig"),
    failed: t("A job failed", "Eine Aufgabe ist fehlgeschlagen"),
    paused: t("A disc needs a decision", "Eine Disc braucht eine Entscheidung"),
  };
  const title = words[job.status];
  if (title === undefined || (job.status === "paused" && !asks)) return;
  // The tag lets several tabs say it once.
  const notification = new Notification(title, { body: job.disk_label || job.device, tag: `${uuid} ${job.status}`, icon: document.querySelector<HTMLLinkElement>('link[rel="apple-touch-icon"]')?.href ?? "" });
  notification.addEventListener("click", () => {
    window.focus();
    location.assign(`/jobs/${uuid}`);
  });
}

/** Starts. */
export function start(): void {
  messages.addEventListener("message", (event) => {
    const message = (event as CustomEvent<Message>).detail;
    if (message.type !== "changed" || !message.event?.job_uuid || !isOn()) return;
    if (document.visibilityState === "visible" && document.hasFocus()) return;
    if (/^job\.(completed|failed|paused)/.test(message.event.kind)) void tell(message.event.job_uuid).catch(() => undefined);
  });
}
