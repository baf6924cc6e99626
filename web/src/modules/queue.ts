/**
 * Puts the queue in order: by dragging a handle with mouse, pen or finger, or with the keyboard (Space, arrows, Space; Escape).
 * The list moves at once; the service is asked when the job is dropped. While a job is lifted, live changes leave the list alone.
 */

import { api, Refusal } from "../api";
import { say } from "../enhance";
import { t } from "../language";
import { soon } from "../live";

/** Nearer to the edge of the window than this, the page scrolls along. */
const EDGE = 72;
const STEP = 14;

type Neighbours = { before: string | null; after: string | null };

const jobOf = (item: Element | null | undefined): string | null => item?.getAttribute("data-job") ?? null;

export function attach(list: HTMLElement): () => void {
  const told = document.createElement("p");
  told.className = "visually-hidden";
  told.setAttribute("role", "status");
  // Outside of what is patched.
  document.querySelector("main")?.append(told);

  let lifted: HTMLElement | null = null;
  let home = 0;
  let pointer: number | null = null;
  let height = 0;
  let scrolling: number | undefined;

  const items = (): HTMLElement[] => [...list.querySelectorAll<HTMLElement>(":scope > [data-job]")];
  const name = (item: HTMLElement): string => item.dataset["name"] ?? "";
  const place = (item: HTMLElement): string => {
    const all = items();
    return t(`${all.indexOf(item) + 1} of ${all.length}`, `${all.indexOf(item) + 1} von ${all.length}`);
  };
  const neighbours = (item: HTMLElement): Neighbours => ({ after: jobOf(item.previousElementSibling), before: jobOf(item.nextElementSibling) });

  /** Moves the others around it: an element that is moved itself loses focus and pointer. */
  function shift(item: HTMLElement, to: number): void {
    for (let at = items().indexOf(item); at < to && item.nextElementSibling !== null; at++) item.before(item.nextElementSibling);
    for (let at = items().indexOf(item); at > to && item.previousElementSibling !== null; at--) item.after(item.previousElementSibling);
  }

  function lift(item: HTMLElement): void {
    lifted = item;
    home = items().indexOf(item);
    list.setAttribute("data-keep", "");
    item.classList.add("lifted");
    item.querySelector(".grip")?.setAttribute("aria-pressed", "true");
  }

  function release(): void {
    if (lifted === null) return;
    lifted.classList.remove("lifted");
    lifted.querySelector(".grip")?.setAttribute("aria-pressed", "false");
    lifted = null;
    pointer = null;
    window.clearInterval(scrolling);
    scrolling = undefined;
  }

  function putBack(): void {
    if (lifted === null) return;
    const item = lifted;
    shift(item, home);
    release();
    list.removeAttribute("data-keep");
    told.textContent = t(`${name(item)} stays where it was, ${place(item)}.`, `${name(item)} bleibt, wo es war, ${place(item)}.`);
    soon(0);
  }

  async function drop(): Promise<void> {
    if (lifted === null) return;
    const item = lifted;
    const uuid = jobOf(item);
    const moved = items().indexOf(item) !== home;
    const wish = neighbours(item);
    release();
    told.textContent = t(`${name(item)} dropped, ${place(item)}.`, `${name(item)} abgelegt, ${place(item)}.`);
    try {
      if (moved && uuid !== null) await api("POST", "/api/v1/jobs/{uuid}/move", { path: { uuid }, body: wish });
    } catch (error) {
      const why = error instanceof Refusal ? error.message : t("the service does not answer", "der Dienst antwortet nicht");
      say(t(`${name(item)} was not moved: ${why}`, `${name(item)} wurde nicht verschoben: ${why}`));
    } finally {
      list.removeAttribute("data-keep");
      soon(0);
    }
  }

  /** Puts the lifted job where the pointer is. */
  function follow(y: number): void {
    if (lifted === null) return;
    const others = items().filter((item) => item !== lifted);
    const at = others.findIndex((item) => {
      const box = item.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
    shift(lifted, at < 0 ? others.length : at);
  }

  function scroll(y: number): void {
    const top = EDGE + (document.querySelector(".top")?.getBoundingClientRect().height ?? 0);
    const by = y < top ? -STEP : y > window.innerHeight - EDGE - height ? STEP : 0;
    window.clearInterval(scrolling);
    scrolling = undefined;
    if (by === 0) return;
    scrolling = window.setInterval(() => {
      window.scrollBy(0, by);
      follow(y);
    }, 16);
  }

  function down(event: PointerEvent): void {
    const grip = event.target instanceof Element ? event.target.closest<HTMLElement>(".grip") : null;
    const item = grip?.closest<HTMLElement>("[data-job]");
    if (grip === null || item === null || item === undefined || event.button !== 0 || lifted !== null) return;
    event.preventDefault();
    grip.focus();
    pointer = event.pointerId;
    height = document.querySelector(".rail")?.getBoundingClientRect().width === window.innerWidth ? 64 : 0;
    lift(item);
  }

  function move(event: PointerEvent): void {
    if (event.pointerId !== pointer) return;
    event.preventDefault();
    follow(event.clientY);
    scroll(event.clientY);
  }

  function up(event: PointerEvent): void {
    if (event.pointerId === pointer) void drop();
  }

  function cancelled(event: PointerEvent): void {
    if (event.pointerId === pointer) putBack();
  }

  function key(event: KeyboardEvent): void {
    if (event.key === "Escape" && lifted !== null) {
      event.preventDefault();
      event.stopPropagation();
      putBack();
      return;
    }
    const grip = event.target instanceof Element ? event.target.closest<HTMLElement>(".grip") : null;
    const item = grip?.closest<HTMLElement>("[data-job]");
    if (grip === null || item === null || item === undefined || pointer !== null || !list.contains(item)) return;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (lifted === null) {
        lift(item);
        told.textContent = t(`${name(item)} lifted, ${place(item)}. Arrows move it, Space drops it.`, `${name(item)} aufgenommen, ${place(item)}. Pfeiltasten verschieben, Leertaste legt ab.`);
      } else {
        void drop();
      }
      return;
    }
    if (lifted !== item) return;
    const all = items();
    const at = all.indexOf(item);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const wanted = Math.min(Math.max(to, 0), all.length - 1);
    shift(item, wanted);
    grip.scrollIntoView({ block: "nearest" });
    told.textContent = `${name(item)}, ${place(item)}.`;
  }

  /** Whoever leaves the handle for something else wants nothing moved. */
  function left(event: FocusEvent): void {
    const grip = event.target;
    if (lifted === null || pointer !== null || !(grip instanceof Element) || !lifted.contains(grip)) return;
    window.setTimeout(() => {
      if (lifted !== null && pointer === null && !lifted.contains(document.activeElement)) putBack();
    }, 0);
  }

  list.addEventListener("pointerdown", down);
  window.addEventListener("pointermove", move, { passive: false });
  window.addEventListener("pointerup", up);
  window.addEventListener("pointercancel", cancelled);
  document.addEventListener("keydown", key, true);
  list.addEventListener("focusout", left);
  return () => {
    window.clearInterval(scrolling);
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", up);
    window.removeEventListener("pointercancel", cancelled);
    document.removeEventListener("keydown", key, true);
    told.remove();
  };
}
