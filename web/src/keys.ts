/** Keys that work on every page. Elements with `data-shortcut="x"` are pressed by their key. */

import { recall } from "./store";

/** After `g`. */
export const PLACES: Record<string, string> = {
  d: "/",
  r: "/drives",
  j: "/jobs",
  l: "/library",
  b: "/batches",
  s: "/system",
  e: "/settings",
};

/** Whether keys without Ctrl or Alt do something. */
export function singleKeys(): boolean {
  return recall("keys") !== "off";
}

/** The shortcuts of this page. */
export function pageKeys(): Map<string, HTMLElement> {
  const found = new Map<string, HTMLElement>();
  for (const element of document.querySelectorAll<HTMLElement>("main [data-shortcut]")) {
    const key = element.dataset["shortcut"] ?? "";
    if (key !== "" && !found.has(key) && element.offsetParent !== null) found.set(key, element);
  }
  return found;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select"));
}

let afterG = -Infinity;

function single(event: KeyboardEvent): boolean {
  if (event.timeStamp - afterG < 1_500) {
    afterG = -Infinity;
    const link = document.querySelector<HTMLAnchorElement>(`.rail a[href="${PLACES[event.key] ?? "-"}"]`);
    link?.click();
    return link !== null;
  }
  switch (event.key) {
    case "/": {
      const box = document.querySelector<HTMLInputElement>("[data-find]");
      box?.focus();
      box?.select();
      return box !== null;
    }
    case "?":
      void import("./shortcuts").then((module) => module.show());
      return true;
    case "g":
      afterG = event.timeStamp;
      return true;
    default: {
      const element = pageKeys().get(event.key);
      element?.focus();
      element?.click();
      return element !== undefined;
    }
  }
}

/** Starts. */
export function start(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      void import("./palette").then((module) => module.show());
      return;
    }
    if (event.ctrlKey || event.metaKey || isTyping(event.target) || document.querySelector("dialog[open]") !== null || !singleKeys()) return;
    if (single(event)) event.preventDefault();
  });
}
