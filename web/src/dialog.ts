/** A native dialog with a heading and a way out. It is taken off the page when it closes. */

import { t } from "./language";

export function open(title: string, className = ""): { dialog: HTMLDialogElement; body: HTMLElement } {
  const dialog = document.createElement("dialog");
  dialog.className = className;
  const head = document.createElement("div");
  head.className = "head";
  const heading = document.createElement("h2");
  heading.id = "dialog-title";
  heading.textContent = title;
  const close = document.createElement("button");
  close.className = "btn-close";
  close.type = "button";
  close.setAttribute("aria-label", t("Close", "Schließen"));
  close.addEventListener("click", () => dialog.close());
  head.append(heading, close);
  const body = document.createElement("div");
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(head, body);
  // A click beside it closes it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body };
}
