/** A button that copies what stands in the element. */

import { t } from "../language";

export function attach(element: HTMLElement): void | (() => void) {
  const text = element.querySelector("code")?.textContent ?? "";
  if (!("clipboard" in navigator) || text === "") return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-outline-secondary btn-sm";
  const name = t("Copy", "Kopieren");
  button.textContent = name;
  button.setAttribute("aria-label", `${name}: ${text}`);
  const status = document.createElement("span");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(text).then(
      () => {
        button.textContent = `✓ ${t("Copied", "Kopiert")}`;
        status.textContent = t("Copied", "Kopiert");
        window.setTimeout(() => {
          button.textContent = name;
          status.textContent = "";
        }, 2_000);
      },
      () => {
        status.textContent = t("Not copied", "Nicht kopiert");
      },
    );
  });
  element.append(button, status);
  return () => {
    button.remove();
    status.remove();
  };
}
