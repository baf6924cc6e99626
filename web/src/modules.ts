/** Which script belongs to `data-module="…"`. Each is loaded when a page has such an element, and not before. */

type Module = { attach(element: HTMLElement): void | (() => void) };

const modules: Record<string, () => Promise<Module>> = {
  file_text: () => import("./modules/file_text"),
  logs: () => import("./modules/logs"),
  chart: () => import("./modules/chart"),
  queue: () => import("./modules/queue"),
  selection: () => import("./modules/selection"),
  "job-form": () => import("./modules/job-form"),
  machine: () => import("./modules/machine"),
  "new-job": () => import("./modules/new-job"),
  copy: () => import("./modules/copy"),
  disc: () => import("./modules/disc"),
};

const attached = new Map<HTMLElement, (() => void) | null>();

/** Attaches what is new on the page, and lets go of what has left it. */
export function attachModules(): void {
  for (const [element, detach] of attached) {
    if (!element.isConnected) {
      detach?.();
      attached.delete(element);
    }
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-module]")) {
    if (!attached.has(element)) void attach(element);
  }
}

async function attach(element: HTMLElement): Promise<void> {
  const name = element.dataset["module"] ?? "";
  const load = modules[name];
  if (load === undefined) {
    attached.set(element, null);
    console.warn(`there is no module ${name}`);
    return;
  }
  attached.set(element, null);
  try {
    const detach = (await load()).attach(element);
    if (!element.isConnected) detach?.();
    else attached.set(element, detach ?? null);
  } catch (error) {
    // The page works without it; the next change of the page tries again.
    attached.delete(element);
    console.warn(`module ${name}`, error);
  }
}
