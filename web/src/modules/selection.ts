/**
 * Selecting several items for one form: check boxes that belong to it, ranges with Shift, all of a table, the key x for the item
 * that has the focus or lies under the pointer, Escape for none.
 */

import { t } from "../language";
import { patched } from "../page";

export function attach(element: HTMLElement): () => void {
  const form = element as HTMLFormElement;
  const count = form.querySelector<HTMLElement>("[data-count]");
  let last: HTMLInputElement | null = null;
  let hovered: Element | null = null;

  const boxes = (root: ParentNode = document): HTMLInputElement[] =>
    [...root.querySelectorAll<HTMLInputElement>('input[type="checkbox"][name]')].filter((box) => box.form === form);
  const heads = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>("[data-select-all]")];
  const table = (head: HTMLInputElement): HTMLElement | null => document.getElementById(head.dataset["selectAll"] ?? "");

  function show(): void {
    const chosen = boxes().filter((box) => box.checked).length;
    form.classList.toggle("some", chosen > 0);
    if (count !== null) count.textContent = chosen === 1 ? t("1 selected", "1 gewählt") : t(`${chosen} selected`, `${chosen} gewählt`);
    for (const head of heads()) {
      const here = table(head);
      const own = here === null ? [] : boxes(here);
      const ticked = own.filter((box) => box.checked).length;
      head.checked = own.length > 0 && ticked === own.length;
      head.indeterminate = ticked > 0 && ticked < own.length;
    }
  }

  function clicked(event: MouseEvent): void {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    if (box.hasAttribute("data-select-all")) {
      const here = table(box);
      if (here !== null) boxes(here).forEach((one) => (one.checked = box.checked));
    } else if (box.form === form) {
      const all = boxes();
      const [from, to] = [last === null ? -1 : all.indexOf(last), all.indexOf(box)];
      if (event.shiftKey && from >= 0) {
        for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
      }
      last = box;
    } else {
      return;
    }
    show();
  }

  function key(event: KeyboardEvent): void {
    const target = event.target instanceof HTMLElement ? event.target : null;
    const typing = target !== null && (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox])"));
    if (event.defaultPrevented || typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
    if (event.key === "Escape" && form.classList.contains("some")) {
      form.reset();
      return;
    }
    if (event.key !== "x") return;
    const row = target?.closest("[data-key]") ?? (hovered?.isConnected ? hovered : null);
    const box = row === null ? undefined : boxes(row)[0];
    if (box === undefined) return;
    event.preventDefault();
    box.checked = !box.checked;
    last = box;
    show();
  }

  const over = (event: Event): void => {
    const row = event.target instanceof Element ? event.target.closest("[data-key]") : null;
    if (row !== null) hovered = row;
  };
  // The boxes are emptied after the event.
  const emptied = (): number => window.setTimeout(show, 0);

  document.addEventListener("click", clicked);
  document.addEventListener("keydown", key);
  document.addEventListener("mouseover", over);
  form.addEventListener("reset", emptied);
  patched.addEventListener("patched", show);
  show();
  return () => {
    document.removeEventListener("click", clicked);
    document.removeEventListener("keydown", key);
    document.removeEventListener("mouseover", over);
    form.removeEventListener("reset", emptied);
    patched.removeEventListener("patched", show);
  };
}
