/** Fetches this page as it is now and patches what changed. */

import { localise } from "./dates";
import { attachModules } from "./modules";
import { morph } from "./morph";

/** Told after each patch. */
export const patched = new EventTarget();

/** A page that the server sent. */
export function parse(html: string): Document {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  localise(fresh);
  return fresh;
}

/** The title without what the shell puts before it. */
export let title = document.title;

/** Puts the changing parts of a page into this one. */
export function patch(fresh: Document): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-live][id]")) {
    // A part inside another one is patched with it.
    if (part.parentElement?.closest("[data-live]") !== null && part.parentElement?.closest("[data-live]") !== undefined) continue;
    const other = fresh.getElementById(part.id);
    if (other !== null) morph(part, other);
  }
  title = fresh.title;
  attachModules();
  patched.dispatchEvent(new Event("patched"));
}

/** Whether another version of the program answers: its scripts and styles are others, too. */
export function isOther(fresh: Document): boolean {
  const script = (page: Document) => page.querySelector('script[type="module"]')?.getAttribute("src");
  return script(fresh) !== script(document);
}

/** Whether somebody is in the middle of a form. */
function isTyping(): boolean {
  return [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("main input, main textarea")].some(
    (field) => field.type !== "hidden" && field.type !== "checkbox" && field.value !== field.defaultValue,
  );
}

/** Fetches and patches. */
export async function refresh(): Promise<void> {
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
  const there = new URL(response.url);
  // Signed out meanwhile.
  if (response.redirected && there.pathname !== location.pathname) {
    location.assign(there);
    return;
  }
  if (!response.ok) throw new Error(`the page answers ${response.status}`);
  const fresh = parse(await response.text());
  if (isOther(fresh) && !isTyping()) {
    location.reload();
    return;
  }
  patch(fresh);
}
