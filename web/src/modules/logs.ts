/**
 * Follows a log. The list is a part of the page that is patched as events come; the switch takes it out of that and puts it back.
 * `data-poll`: what it shows is not told by events, so it is asked for.
 */

import { soon } from "../live";

const EVERY_MS = 2_000;

export function attach(element: HTMLElement): () => void {
  const target = document.getElementById(element.dataset["target"] ?? "");
  const box = element.querySelector<HTMLInputElement>("input");
  const row = element.querySelector<HTMLElement>("[hidden]");
  if (row !== null) row.hidden = false;
  const follows = () => box === null || box.checked;
  const follow = () => {
    if (target === null) return;
    if (follows()) {
      target.dataset["live"] = "system";
      soon();
    } else {
      delete target.dataset["live"];
    }
  };
  box?.addEventListener("change", follow);
  const timer = element.dataset["poll"] === undefined ? undefined : window.setInterval(() => follows() && soon(0), EVERY_MS);
  return () => {
    box?.removeEventListener("change", follow);
    window.clearInterval(timer);
  };
}
