/**
 * Keeps the page up to date over the WebSocket. The server renders every word: on a change this script fetches the changed part
 * and patches it in place, so the page is the same with and without JavaScript. Progress bars move with each progress message.
 */

type Message =
  | { type: "snapshot" | "event" | "heartbeat" | "resync" | "error" | "goodbye" }
  | { type: "progress"; job_uuid: string; progress: number };

const SILENCE_MS = 40_000;
const SENTENCES_MS = 2_000;

const live = document.querySelector<HTMLElement>("[data-live]");
const connection = document.querySelector<HTMLElement>("[data-connection]");

/** Replaces what differs and leaves the rest alone: focus, selection and scroll position stay where they are. */
function patch(from: Element, to: Element): void {
  if (from.isEqualNode(to)) return;
  const before = [...from.children];
  const after = [...to.children];
  const alike =
    before.length === after.length &&
    before.length > 0 &&
    before.every((child, i) => child.tagName === after[i]!.tagName && key(child) === key(after[i]!)) &&
    attributes(from) === attributes(to);
  if (!alike || texts(from) !== texts(to)) {
    if (from.contains(document.activeElement) && before.length === 0) return;
    from.replaceWith(to.cloneNode(true));
    return;
  }
  before.forEach((child, i) => patch(child, after[i]!));
}

const key = (element: Element): string => element.getAttribute("data-key") ?? "";
const attributes = (element: Element): string => [...element.attributes].map((a) => `${a.name}=${a.value}`).join("\n");
const texts = (element: Element): string =>
  [...element.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.nodeValue?.trim()).join("\n");

let fetching = false;
let again = false;
let timer: number | undefined;
let due = Infinity;

/** Fetches the changing part, at most one request at a time; changes meanwhile lead to one more. */
async function refresh(): Promise<void> {
  if (live === null) return;
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const response = await fetch(`/ui/live${location.search}`, { headers: { Accept: "text/html" } });
    if (response.ok) {
      const fresh = document.createElement("div");
      fresh.setAttribute("data-live", "");
      fresh.innerHTML = await response.text();
      patchChildren(live, fresh);
    }
  } catch {
    // The socket notices, too, and says so.
  } finally {
    fetching = false;
    if (again) {
      again = false;
      soon(200);
    }
  }
}

/** Sections come and go, so they are matched by their heading's id. */
function patchChildren(from: HTMLElement, to: HTMLElement): void {
  const known = new Map([...from.children].map((child) => [child.getAttribute("aria-labelledby"), child]));
  const wanted = [...to.children].map((child) => {
    const old = known.get(child.getAttribute("aria-labelledby"));
    if (old === undefined) return child;
    known.delete(child.getAttribute("aria-labelledby"));
    patch(old, child);
    return old.isConnected ? old : null;
  });
  known.forEach((old) => old.remove());
  wanted.forEach((child, i) => {
    if (child !== null && from.children[i] !== child) from.insertBefore(child, from.children[i] ?? null);
  });
}

/** Refreshes after this time at the latest. */
function soon(delay: number): void {
  const wanted = performance.now() + delay;
  if (wanted >= due) return;
  window.clearTimeout(timer);
  due = wanted;
  timer = window.setTimeout(() => {
    due = Infinity;
    void refresh();
  }, delay);
}

function move(job: string, progress: number): void {
  const bar = document.querySelector<HTMLProgressElement>(`[data-progress="${CSS.escape(job)}"]`);
  if (bar !== null) bar.value = progress;
  soon(SENTENCES_MS);
}

let wait = 1_000;

function connect(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  let silence = window.setTimeout(() => socket.close(), SILENCE_MS);
  socket.addEventListener("open", () => socket.send(JSON.stringify({ subscribe: ["drives", "jobs", "isos"] })));
  socket.addEventListener("message", (message: MessageEvent<string>) => {
    window.clearTimeout(silence);
    silence = window.setTimeout(() => socket.close(), SILENCE_MS);
    const said = JSON.parse(message.data) as Message;
    if (said.type === "progress") return move(said.job_uuid, said.progress);
    if (said.type === "snapshot") {
      wait = 1_000;
      if (connection !== null) connection.hidden = true;
    }
    // A moment, because a drive's actor publishes what it knows just after its event.
    if (said.type === "snapshot" || said.type === "event") soon(150);
  });
  socket.addEventListener("close", () => {
    window.clearTimeout(silence);
    if (connection !== null) connection.hidden = false;
    window.setTimeout(connect, wait);
    wait = Math.min(wait * 2, 15_000);
  });
}

connect();
