/** The overlay of keyboard shortcuts. */

import { open } from "./dialog";
import { PLACES, pageKeys, singleKeys } from "./keys";
import { t } from "./language";
import { recall, remember } from "./store";

function row(list: HTMLElement, keys: string[], what: string): void {
  const term = document.createElement("dt");
  keys.forEach((key, at) => {
    if (at > 0) term.append(" ");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    term.append(kbd);
  });
  const text = document.createElement("dd");
  text.textContent = what;
  list.append(term, text);
}

export function show(): void {
  if (document.querySelector("dialog.shortcuts") !== null) return;
  const { body } = open(t("Keyboard shortcuts", "Tastenkürzel"), "shortcuts");
  const list = document.createElement("dl");
  list.className = "keys";
  row(list, ["/"], t("Find anything", "Alles finden"));
  row(list, [/Mac|iP/.test(navigator.platform) ? "⌘" : t("Ctrl", "Strg"), "K"], t("Do anything: pages, drives, jobs, commands", "Alles tun: Seiten, Laufwerke, Aufgaben, Befehle"));
  row(list, ["?"], t("This overview", "Diese Übersicht"));
  for (const [key, place] of Object.entries(PLACES)) {
    const link = document.querySelector<HTMLAnchorElement>(`.rail a[href="${place}"]`);
    if (link !== null) row(list, ["g", key], link.textContent?.trim() ?? place);
  }
  for (const [key, element] of pageKeys()) row(list, [key], element.dataset["shortcutLabel"] ?? element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "");
  row(list, ["Esc"], t("Close what is open", "Schließen, was offen ist"));
  const choice = document.createElement("label");
  choice.className = "form-check mt-3";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.className = "form-check-input";
  box.checked = singleKeys();
  box.addEventListener("change", () => remember("keys", box.checked ? "on" : "off"));
  choice.append(box, t("Shortcuts of a single key", "Kürzel aus einer einzigen Taste"));
  body.append(list, choice);
  if (recall("keys") === null) remember("keys", "on");
}
