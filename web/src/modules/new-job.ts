/** Opens what `a[data-dialog]` leads to as a dialog: the form of a new job, without leaving the page. */

import { attachModules } from "../modules";
import { parse } from "../page";
import { t } from "../language";

export function attach(element: HTMLElement): () => void {
  const onClick = (event: MouseEvent) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-dialog]") : null;
    if (link === null || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void open(link.href, link);
  };
  element.addEventListener("click", onClick);
  return () => element.removeEventListener("click", onClick);
}

async function open(address: string, opener: HTMLElement | null): Promise<void> {
  const content = await load(address);
  if (content === null) {
    location.assign(address);
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "sheet-dialog";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close close";
  close.setAttribute("aria-label", t("Close", "Schließen"));
  dialog.append(close, content);
  fit(dialog);
  dialog.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const other = target?.closest<HTMLAnchorElement>("a[data-dialog]");
    if (other) {
      event.preventDefault();
      void swap(dialog, other.href);
    } else if (target?.closest("[data-close], .close")) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  attachModules();
  dialog.querySelector<HTMLElement>("input[name=filename]")?.focus();
}

async function load(address: string): Promise<HTMLElement | null> {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return null;
    return parse(await response.text()).getElementById("new-job");
  } catch {
    return null;
  }
}

async function swap(dialog: HTMLDialogElement, address: string): Promise<void> {
  const content = await load(address);
  if (content === null) location.assign(address);
  else dialog.querySelector("#new-job")?.replaceWith(content);
  fit(dialog);
  attachModules();
}

/** A dialog has a name, and leads back to the page below it. */
function fit(dialog: HTMLDialogElement): void {
  const heading = dialog.querySelector("h1");
  if (heading !== null) {
    heading.id = "dialog-title";
    dialog.setAttribute("aria-labelledby", heading.id);
  }
  const form = dialog.querySelector("form");
  if (form === null || form.querySelector("input[name=next]") !== null) return;
  const next = document.createElement("input");
  next.type = "hidden";
  next.name = "next";
  next.value = location.pathname + location.search;
  form.append(next);
}
