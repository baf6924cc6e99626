/** A button beside each `<code data-copy="NAME">` below the element, or else beside each `<code>`, which puts its text on the clipboard. */

import { t } from "../language";

export function attach(element: HTMLElement): (() => void) | void {
  // Without TLS, browsers give pages no clipboard; the texts can be selected all the same.
  if (navigator.clipboard === undefined) return;
  const named = element.querySelectorAll<HTMLElement>("code[data-copy]");
  const codes = named.length > 0 ? named : element.querySelectorAll<HTMLElement>("code");
  const buttons = [...codes].map((code) => {
    const button = document.createElement("button");
    const name = code.dataset["copy"] ?? code.textContent ?? "";
    button.type = "button";
    button.className = "btn copy";
    button.textContent = t("Copy", "Kopieren");
    button.setAttribute("aria-label", t(`Copy ${name}`, `${name} kopieren`));
    button.addEventListener("click", () => void copy(code, button));
    code.after(button);
    return button;
  });
  return () => buttons.forEach((button) => button.remove());
}

async function copy(code: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.textContent = t("Copied", "Kopiert");
  } catch {
    // Refused by the browser: at least select it, so that Ctrl+C is enough.
    getSelection()?.selectAllChildren(code);
    button.textContent = t("Press Ctrl+C", "Strg+C drücken");
  }
  setTimeout(() => (button.textContent = said), 2000);
}
