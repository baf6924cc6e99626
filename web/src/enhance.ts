/** Forms with `data-inline` are sent without leaving the page: what they changed is patched in, what they say is shown. */

import { take } from "./live";
import { morph } from "./morph";
import { t } from "./language";

const STASH = "disk2iso:notice";

/** Shows the notice of a page, or takes the old one away. */
function showNotice(fresh: Document): void {
  const from = document.getElementById("notices");
  const to = fresh.getElementById("notices");
  if (from !== null && to !== null) morph(from, to);
}

/** Says something that no page said. */
export function say(text: string): void {
  const place = document.getElementById("notices");
  if (place === null) return;
  const notice = document.createElement("div");
  notice.className = "notice caution";
  notice.setAttribute("role", "alert");
  const sentence = document.createElement("p");
  sentence.textContent = `▲ ${text}`;
  notice.append(sentence);
  place.replaceChildren(notice);
}

async function submit(form: HTMLFormElement, submitter: HTMLElement | null): Promise<void> {
  if (form.dataset["sending"] !== undefined) return;
  form.dataset["sending"] = "";
  const buttons = [...form.querySelectorAll<HTMLButtonElement>("button:not([disabled])")];
  const data = new FormData(form, submitter);
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  try {
    const body = new URLSearchParams();
    for (const [name, value] of data) if (typeof value === "string") body.append(name, value);
    const action = submitter?.getAttribute("formaction") ?? form.action;
    const response = await fetch(action, { method: "POST", body, headers: { Accept: "text/html" } });
    const html = await response.text();
    const there = new URL(response.url);
    if (response.redirected && there.pathname !== location.pathname) {
      const notice = new DOMParser().parseFromString(html, "text/html").getElementById("notices")?.innerHTML.trim();
      if (notice) sessionStorage.setItem(STASH, notice);
      location.assign(there);
      return;
    }
    const fresh = take(html);
    if (response.ok) {
      showNotice(fresh);
      form.closest("dialog")?.close();
      form.closest("details.more, details.menu")?.removeAttribute("open");
      if (form.hasAttribute("data-reset")) form.reset();
    } else if (response.status === 422 && fresh.getElementById(form.id) !== null && form.id !== "") {
      // The form again, with what is wrong beside its fields.
      morph(form, fresh.getElementById(form.id)!);
      form.querySelector<HTMLElement>("[aria-invalid=true], .is-invalid")?.focus();
    } else {
      say(fresh.querySelector("main h1")?.textContent?.trim() || t("That was not possible.", "Das war nicht möglich."));
    }
  } catch {
    say(t("The service does not answer; nothing was changed. Try again.", "Der Dienst antwortet nicht; nichts wurde geändert. Noch einmal versuchen."));
  } finally {
    delete form.dataset["sending"];
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  }
}

/** Starts. */
export function start(): void {
  const stash = sessionStorage.getItem(STASH);
  const notices = document.getElementById("notices");
  if (stash !== null && notices !== null) {
    sessionStorage.removeItem(STASH);
    if (notices.childElementCount === 0) notices.innerHTML = stash;
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-inline") || form.method !== "post" || event.defaultPrevented) return;
    event.preventDefault();
    void submit(form, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-dismiss]")) target.closest(".notice")?.remove();
    // Menus close when something else is clicked.
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open], details.more[open]")) {
      if (target === null || !menu.contains(target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open], details.more[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
