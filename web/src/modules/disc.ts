/**
 * The disc as a disc, to explore: the server's drawing becomes a canvas that can be zoomed and moved, that follows a job as it
 * reads, and that tells which sectors and which files lie under the pointer or the cursor. Without this script the drawing and
 * the table beside it say the same.
 */

import { messages } from "../live";
import type { Message } from "../channel";

type Area = { start: number; count: number; state: string };
type Picture = { sectors: number; class: string; layers: number[]; areas: Area[] };
type Found = { files: { path: string; size: number; start: number }[]; files_all: number; system: boolean; known: string };
type Words = Record<string, string>;
type Place = { layer: number; radius: number };

/** The job is asked again no faster than this. */
const FETCH_MS = 2_500;
/** Pointing somewhere for so long asks which files lie there. */
const LOOK_MS = 250;
const RIM = 190;
const MAX_ZOOM = 2_000;
/** A damaged place nearer to the pointer than this is meant, in pixels. */
const SNAP = 5;
/** Inner and outer radius in millimetres, and sectors of a layer. */
const MEDIA: Record<string, [number, number, number]> = { cd: [25, 58, 360_000], bd: [24, 58, 12_219_392] };
const DVD: [number, number, number] = [24, 58, 2_295_104];
const STANDS_OUT = new Set(["bad", "skipped", "trimmed"]);
const DASHES: Record<string, number[]> = { bad: [3, 1.2], skipped: [1, 1.6], slow: [7, 2], trimmed: [1.2, 2.4] };
const COLOURS: Record<string, string> = { read: "--active", bad: "--bad", skipped: "--caution", slow: "--caution", trimmed: "--neutral" };

/** Where sectors lie, as on the server. */
class Geometry {
  readonly hub: number;
  private readonly ends: number[];
  private readonly longest: number;

  constructor(readonly picture: Picture) {
    const [inner, outer] = MEDIA[picture.class] ?? DVD;
    this.hub = (RIM * inner) / outer;
    this.ends = [...picture.layers.slice(1), picture.sectors];
    this.longest = Math.max(1, ...picture.layers.map((start, layer) => (this.ends[layer] ?? start) - start));
  }

  get layers(): number {
    return Math.max(1, this.picture.layers.length);
  }

  place(sector: number): Place {
    let layer = this.picture.layers.length - 1;
    while (layer > 0 && (this.picture.layers[layer] ?? 0) > sector) layer -= 1;
    const along = (sector - (this.picture.layers[layer] ?? 0)) / this.longest;
    const share = Math.min(1, Math.max(0, layer % 2 === 0 ? along : 1 - along));
    return { layer, radius: Math.sqrt(this.hub ** 2 + share * (RIM ** 2 - this.hub ** 2)) };
  }

  /** The sector at a radius, which may be none. */
  sector(layer: number, radius: number): number | null {
    if (radius < this.hub || radius > RIM) return null;
    const area = (radius ** 2 - this.hub ** 2) / (RIM ** 2 - this.hub ** 2);
    const start = this.picture.layers[layer] ?? 0;
    const sector = start + Math.floor((layer % 2 === 0 ? area : 1 - area) * this.longest);
    const end = this.ends[layer] ?? start;
    return end > start && sector <= end ? Math.min(sector, end - 1) : null;
  }

  millimetres(sector: number): number {
    const [inner, outer, full] = MEDIA[this.picture.class] ?? DVD;
    const { layer } = this.place(sector);
    const along = sector - (this.picture.layers[layer] ?? 0);
    const fromHub = layer % 2 === 0 ? along : (this.picture.layers[1] ?? 0) - along;
    const share = Math.min(1, Math.max(0, fromHub / full));
    return Math.sqrt(inner ** 2 + share * (outer ** 2 - inner ** 2));
  }
}

class Explorer {
  private picture: Picture | null = null;
  private geometry: Geometry | null = null;
  private damaged: Area[] = [];
  private tag = "";
  private scale = 1;
  private x = 200;
  private y = 200;
  private cursor = 0;
  private looking: AbortController | null = null;
  private timer: number | undefined;
  private fetchTimer: number | undefined;
  private fetched = 0;
  private frame = 0;
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private readonly canvas = document.createElement("canvas");
  private readonly told = document.createElement("div");
  private readonly tools = document.createElement("div");
  private readonly stop = new AbortController();
  private readonly words: Words;
  private readonly number = new Intl.NumberFormat(document.documentElement.lang || "en");
  private readonly precise = new Intl.NumberFormat(document.documentElement.lang || "en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

  constructor(
    private readonly figure: HTMLElement,
    private readonly stage: HTMLElement,
  ) {
    this.words = JSON.parse(figure.dataset["words"] ?? "{}") as Words;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "slider");
    this.canvas.setAttribute("aria-label", this.word("explore"));
    this.told.className = "disc-told";
    this.told.setAttribute("aria-live", "polite");
    this.tools.className = "disc-tools";
    const tool = (sign: string, word: string, act: () => void) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.title = this.word(word);
      button.setAttribute("aria-label", this.word(word));
      button.addEventListener("click", act, { signal: this.stop.signal });
      this.tools.append(button);
    };
    tool("+", "zoomIn", () => this.zoomAtCursor(2));
    tool("−", "zoomOut", () => this.zoomAtCursor(0.5));
    tool("○", "reset", () => this.reset());
    tool("‹", "previous", () => this.jump(-1));
    tool("›", "next", () => this.jump(1));
    this.listen();
  }

  private word(name: string): string {
    return this.words[name] ?? name;
  }

  /** Takes the place of the drawing as soon as there is something to show. */
  async start(): Promise<void> {
    await this.fetch();
    if (this.picture === null || this.picture.sectors === 0 || this.stop.signal.aborted) return;
    this.stage.append(this.canvas, this.tools, this.told);
    this.stage.classList.add("explored");
    this.say(this.damaged[0]?.start ?? 0, false);
    this.draw();
  }

  end(): void {
    this.stop.abort();
    this.looking?.abort();
    window.clearTimeout(this.timer);
    window.clearTimeout(this.fetchTimer);
    cancelAnimationFrame(this.frame);
    this.stage.classList.remove("explored");
    for (const part of [this.canvas, this.tools, this.told]) part.remove();
  }

  private async fetch(): Promise<void> {
    this.fetched = performance.now();
    try {
      const headers: Record<string, string> = { Accept: "application/json" };
      if (this.tag !== "") headers["If-None-Match"] = this.tag;
      const response = await fetch(this.figure.dataset["picture"] ?? "", { headers, signal: this.stop.signal });
      if (response.status !== 200) return;
      this.tag = response.headers.get("ETag") ?? "";
      this.picture = (await response.json()) as Picture;
      this.geometry = new Geometry(this.picture);
      this.damaged = this.picture.areas.filter((area) => area.state === "bad" || area.state === "skipped");
      this.canvas.setAttribute("aria-valuemin", "0");
      this.canvas.setAttribute("aria-valuemax", String(Math.max(0, this.picture.sectors - 1)));
      this.draw();
    } catch {
      // The connection is somebody else's to tell about; the next message tries again.
    }
  }

  private soon(): void {
    window.clearTimeout(this.fetchTimer);
    const wait = Math.max(200, FETCH_MS - (performance.now() - this.fetched));
    this.fetchTimer = window.setTimeout(() => {
      if (document.visibilityState === "visible") void this.fetch();
    }, wait);
  }

  private listen(): void {
    const { signal } = this.stop;
    const on = <K extends keyof HTMLElementEventMap>(name: K, act: (event: HTMLElementEventMap[K]) => void) =>
      this.canvas.addEventListener(name, act, { signal, passive: false });
    messages.addEventListener(
      "message",
      (event) => {
        const message = (event as CustomEvent<Message>).detail;
        const job = message.type === "progress" ? message.job_uuid : message.event?.job_uuid;
        if (job !== null && job !== undefined && (this.figure.dataset["picture"] ?? "").includes(job)) this.soon();
      },
      { signal },
    );
    on("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    on("pointermove", (event) => this.moved(event));
    for (const name of ["pointerup", "pointercancel"] as const) on(name, (event) => this.pointers.delete(event.pointerId));
    on("wheel", (event) => {
      // The page scrolls over the whole disc; what is zoomed, or asked for with a key, zooms.
      if (this.scale === 1 && !event.ctrlKey && event.deltaY > 0) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * 0.002), ...this.at(event));
    });
    on("dblclick", (event) => this.zoom(2, ...this.at(event)));
    on("keydown", (event) => this.key(event));
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(this.canvas);
    signal.addEventListener("abort", () => observer.disconnect());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
  }

  /** A place on the screen in units of the drawing. */
  private at(event: { clientX: number; clientY: number }): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    const unit = 400 / (box.width || 400) / this.scale;
    return [this.x + (event.clientX - box.left - box.width / 2) * unit, this.y + (event.clientY - box.top - box.height / 2) * unit];
  }

  private moved(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) {
      this.point(...this.at(event));
      return;
    }
    const box = this.canvas.getBoundingClientRect();
    const unit = 400 / (box.width || 400) / this.scale;
    const [one, two] = [...this.pointers.values()];
    if (this.pointers.size === 2 && one !== undefined && two !== undefined) {
      const apart = Math.hypot(one.x - two.x, one.y - two.y);
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const [a, b] = [...this.pointers.values()];
      if (a !== undefined && b !== undefined && apart > 0) {
        this.zoom(Math.hypot(a.x - b.x, a.y - b.y) / apart, ...this.at({ clientX: (a.x + b.x) / 2, clientY: (a.y + b.y) / 2 }));
      }
      return;
    }
    if (this.scale > 1) {
      this.x -= (event.clientX - before.x) * unit;
      this.y -= (event.clientY - before.y) * unit;
    }
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.point(...this.at(event));
    this.draw();
  }

  private zoom(factor: number, x: number, y: number): void {
    const scale = Math.min(MAX_ZOOM, Math.max(1, this.scale * factor));
    const real = scale / this.scale;
    this.x = x - (x - this.x) / real;
    this.y = y - (y - this.y) / real;
    this.scale = scale;
    if (scale === 1) [this.x, this.y] = [200, 200];
    this.draw();
  }

  private zoomAtCursor(factor: number): void {
    if (this.scale === 1 && factor > 1) [this.x, this.y] = this.spot(this.cursor);
    this.zoom(factor, this.x, this.y);
  }

  private reset(): void {
    [this.scale, this.x, this.y] = [1, 200, 200];
    this.draw();
  }

  /** Where the cursor for a sector is drawn. */
  private spot(sector: number): [number, number] {
    if (this.geometry === null) return [200, 200];
    const { layer, radius } = this.geometry.place(sector);
    const angle = ((layer + 0.25) / this.geometry.layers) * 2 * Math.PI;
    return [200 + radius * Math.sin(angle), 200 - radius * Math.cos(angle)];
  }

  /** The next or previous damaged place. */
  private jump(step: 1 | -1): void {
    const found = step > 0 ? this.damaged.find((area) => area.start > this.cursor) : this.damaged.filter((area) => area.start + area.count <= this.cursor).at(-1);
    const area = found ?? (step > 0 ? this.damaged[0] : this.damaged.at(-1));
    if (area === undefined) return;
    this.say(area.start, true);
    if (this.scale > 1) [this.x, this.y] = this.spot(area.start);
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    if (this.picture === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = Math.max(1, Math.round(this.picture.sectors / 200 / this.scale));
    const moves: Record<string, number> = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: step * 10, PageDown: -step * 10 };
    const move = moves[event.key];
    if (move !== undefined) this.say(this.cursor + move, true);
    else if (event.key === "Home") this.say(0, true);
    else if (event.key === "End") this.say(this.picture.sectors - 1, true);
    else if (event.key === "+" || event.key === "=") this.zoomAtCursor(2);
    else if (event.key === "-") this.zoomAtCursor(0.5);
    else if (event.key === "0" || (event.key === "Escape" && this.scale > 1)) this.reset();
    else if (event.key.toLowerCase() === "n") this.jump(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (move !== undefined && this.scale > 1) [this.x, this.y] = this.spot(this.cursor);
    this.draw();
  }

  /** Somebody points at a place of the drawing. */
  private point(x: number, y: number): void {
    if (this.geometry === null || this.picture === null) return;
    const angle = (Math.atan2(x - 200, 200 - y) / (2 * Math.PI) + 1) % 1;
    const layer = Math.min(this.geometry.layers - 1, Math.floor(angle * this.geometry.layers));
    const radius = Math.hypot(x - 200, y - 200);
    const sector = this.geometry.sector(layer, radius);
    if (sector === null) return;
    const box = this.canvas.getBoundingClientRect();
    const near = (SNAP * 400) / (box.width || 400) / this.scale;
    let best: { area: Area; distance: number } | null = null;
    for (const area of this.damaged) {
      const place = this.geometry.place(area.start + area.count / 2);
      const half = Math.abs(this.geometry.place(area.start + area.count).radius - this.geometry.place(area.start).radius) / 2;
      const distance = Math.abs(place.radius - radius) - half;
      if (place.layer === layer && distance < near && (best === null || distance < best.distance)) best = { area, distance };
    }
    const inside = best !== null && sector >= best.area.start && sector < best.area.start + best.area.count;
    this.say(best !== null && !inside ? best.area.start : sector, true);
  }

  private area(sector: number): Area | undefined {
    const areas = this.picture?.areas ?? [];
    let [low, high] = [0, areas.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const area = areas[middle];
      if (area !== undefined && area.start + area.count <= sector) low = middle + 1;
      else high = middle;
    }
    return areas[low];
  }

  /** Moves the cursor to a sector and tells what lies there. */
  private say(sector: number, look: boolean): void {
    if (this.picture === null || this.geometry === null || this.picture.sectors === 0) return;
    this.cursor = Math.min(this.picture.sectors - 1, Math.max(0, Math.round(sector)));
    const area = this.area(this.cursor);
    const where = `${this.precise.format(this.geometry.millimetres(this.cursor))} ${this.word("mm")}`;
    const layer = this.geometry.layers > 1 ? `, ${this.word("layer")} ${this.geometry.place(this.cursor).layer + 1}` : "";
    const broken = area !== undefined && STANDS_OUT.has(area.state);
    const range = broken && area.count > 1 ? `${this.number.format(area.start)} ${this.word("to")} ${this.number.format(area.start + area.count - 1)}` : this.number.format(this.cursor);
    const text = `${this.word("sector")} ${range}: ${this.word(area?.state ?? "untried")}, ${where}${layer}`;
    this.canvas.setAttribute("aria-valuenow", String(this.cursor));
    this.canvas.setAttribute("aria-valuetext", text);
    const line = document.createElement("p");
    line.textContent = text;
    this.told.replaceChildren(line);
    window.clearTimeout(this.timer);
    this.looking?.abort();
    const from = broken && area !== undefined ? area.start : this.cursor;
    const count = broken && area !== undefined ? area.count : 1;
    if (look || broken) this.timer = window.setTimeout(() => void this.look(from, count, text), LOOK_MS);
    this.draw();
  }

  private async look(from: number, count: number, text: string): Promise<void> {
    this.looking = new AbortController();
    const { signal } = this.looking;
    try {
      const response = await fetch(`${this.figure.dataset["sectors"] ?? ""}?from=${from}&count=${count}`, { signal, headers: { Accept: "application/json" } });
      if (!response.ok) return;
      const found = (await response.json()) as Found;
      const names = found.files.map((file) => file.path);
      if (found.system) names.unshift(this.word("system"));
      const line = document.createElement("p");
      line.textContent = text;
      const list = document.createElement("ul");
      for (const name of names) {
        const item = document.createElement("li");
        const isolated = document.createElement("bdi");
        isolated.textContent = name;
        item.append(isolated);
        list.append(item);
      }
      const rest = document.createElement("p");
      rest.className = "quiet";
      const left = found.files_all - found.files.length;
      if (names.length === 0) rest.textContent = this.word(found.known === "all" ? "nothing" : "unknown");
      else if (left > 0) rest.textContent = `${this.word("more")} ${this.number.format(left)}`;
      this.told.replaceChildren(line, ...(names.length > 0 ? [list] : []), ...(rest.textContent ? [rest] : []));
      this.canvas.setAttribute("aria-valuetext", [text, ...names.slice(0, 3), rest.textContent].filter(Boolean).join(". "));
    } catch {
      // Somebody points elsewhere already.
    }
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    const context = this.canvas.getContext("2d");
    const { geometry, picture } = this;
    const width = this.canvas.clientWidth;
    if (context === null || geometry === null || picture === null || width === 0) return;
    const dots = Math.min(3, window.devicePixelRatio || 1);
    const size = Math.round(width * dots);
    if (this.canvas.width !== size || this.canvas.height !== size) this.canvas.width = this.canvas.height = size;
    const unit = (size / 400) * this.scale;
    const style = getComputedStyle(this.canvas);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, size, size);
    // Rings are drawn in pixels around the middle of the disc, wherever that is.
    const [cx, cy] = [size / 2 + (200 - this.x) * unit, size / 2 + (200 - this.y) * unit];
    const circle = (radius: number, fill: string, stroke: string) => {
      context.beginPath();
      context.arc(cx, cy, radius * unit, 0, 2 * Math.PI);
      context.fillStyle = fill;
      context.fill();
      context.strokeStyle = stroke;
      context.lineWidth = dots;
      context.stroke();
    };
    circle((RIM * 60) / 58, colour("--raised"), colour("--line"));
    circle(RIM, colour("--track"), colour("--line"));
    circle(geometry.hub, colour("--raised"), colour("--line"));
    circle((RIM * 7.5) / 58, colour("--paper"), colour("--line"));
    this.rings(context, geometry, { cx, cy, unit, dots, size }, colour);
    this.marks(context, { cx, cy, unit, dots }, colour);
    const [sx, sy] = this.spot(this.cursor);
    const [px, py] = [cx + (sx - 200) * unit, cy + (sy - 200) * unit];
    for (const [line, name] of [[5, "--card"], [2.5, "--ink"]] as const) {
      context.beginPath();
      context.setLineDash([]);
      context.arc(px, py, 7 * dots, 0, 2 * Math.PI);
      context.lineWidth = line * dots;
      context.strokeStyle = colour(name);
      context.stroke();
    }
  }

  /** The server's numbered markers, which the table beside the drawing names; they stay as large as they are. */
  private marks(context: CanvasRenderingContext2D, view: { cx: number; cy: number; unit: number; dots: number }, colour: (name: string) => string): void {
    context.font = `700 ${11 * view.dots}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 1.5 * view.dots;
    for (const mark of this.stage.querySelectorAll(".spot")) {
      const circle = mark.querySelector("circle");
      const x = view.cx + (Number(circle?.getAttribute("cx")) - 200) * view.unit;
      const y = view.cy + (Number(circle?.getAttribute("cy")) - 200) * view.unit;
      context.beginPath();
      context.arc(x, y, 10 * view.dots, 0, 2 * Math.PI);
      context.fillStyle = colour("--card");
      context.fill();
      context.strokeStyle = colour("--bad");
      context.stroke();
      context.fillStyle = colour("--bad");
      context.fillText(mark.textContent ?? "", x, y);
    }
  }

  /** One ring for each row of pixels that can be seen, neighbours of one state together. */
  private rings(context: CanvasRenderingContext2D, geometry: Geometry, view: { cx: number; cy: number; unit: number; dots: number; size: number }, colour: (name: string) => string): void {
    const { cx, cy, unit, dots, size } = view;
    const corners = [[0, 0], [size, 0], [0, size], [size, size]].map(([x, y]) => Math.hypot((x ?? 0) - cx, (y ?? 0) - cy));
    const outside = cx < 0 || cy < 0 || cx > size || cy > size;
    const nearest = outside ? Math.hypot(Math.max(0, -cx, cx - size), Math.max(0, -cy, cy - size)) : 0;
    const [first, last] = [Math.max(geometry.hub * unit, nearest), Math.min(RIM * unit, Math.max(...corners))];
    const bands: { layer: number; from: number; to: number; state: string }[] = [];
    for (let layer = 0; layer < geometry.layers; layer += 1) {
      for (let at = first; at < last; at += dots) {
        const state = this.state(geometry, layer, at / unit, (at + dots) / unit);
        const before = bands.at(-1);
        if (state === null || state === "untried" || state === "gap") continue;
        if (before !== undefined && before.layer === layer && before.state === state && Math.abs(before.to - at) < dots / 2) before.to = at + dots;
        else bands.push({ layer, from: at, to: at + dots, state });
      }
    }
    bands.sort((a, b) => Number(STANDS_OUT.has(a.state)) - Number(STANDS_OUT.has(b.state)));
    for (const band of bands) {
      const least = STANDS_OUT.has(band.state) ? 2.4 * dots : 0;
      const width = Math.max(least, band.to - band.from);
      if (STANDS_OUT.has(band.state)) {
        // A lighter ring below, so that it stands out from what was read.
        context.beginPath();
        context.setLineDash([]);
        context.strokeStyle = colour("--card");
        context.lineWidth = width + dots;
        context.arc(cx, cy, (band.from + band.to) / 2, (band.layer / geometry.layers) * 2 * Math.PI - Math.PI / 2, ((band.layer + 1) / geometry.layers) * 2 * Math.PI - Math.PI / 2);
        context.stroke();
      }
      const [start, end] = [band.layer / geometry.layers, (band.layer + 1) / geometry.layers].map((turn) => turn * 2 * Math.PI - Math.PI / 2);
      const gap = geometry.layers > 1 ? 0.03 : 0;
      context.beginPath();
      context.setLineDash((DASHES[band.state] ?? []).map((length) => length * dots * 2));
      context.globalAlpha = band.state === "read" ? 0.78 : 1;
      context.strokeStyle = colour(COLOURS[band.state] ?? "--active");
      context.lineWidth = width;
      context.arc(cx, cy, (band.from + band.to) / 2, (start ?? 0) + gap, (end ?? 0) - gap);
      context.stroke();
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  /** What has to be shown between two radii: the worst of what stands out, else what lies in the middle. */
  private state(geometry: Geometry, layer: number, inner: number, outer: number): string | null {
    const a = geometry.sector(layer, Math.max(geometry.hub, inner));
    const b = geometry.sector(layer, Math.min(RIM, outer));
    if (a === null && b === null) return null;
    const [low, high] = [Math.min(a ?? b ?? 0, b ?? a ?? 0), Math.max(a ?? b ?? 0, b ?? a ?? 0)];
    let worst: string | null = null;
    for (let sector = low; sector <= high; ) {
      const area = this.area(sector);
      if (area === undefined) break;
      if (area.state === "bad") return "bad";
      if (STANDS_OUT.has(area.state)) worst = area.state === "skipped" || worst === null ? area.state : worst;
      sector = area.start + area.count;
    }
    return worst ?? this.area(Math.floor((low + high) / 2))?.state ?? null;
  }
}

export function attach(element: HTMLElement): () => void {
  const stage = element.querySelector<HTMLElement>(".disc-stage");
  if (stage === null) return () => undefined;
  const explorer = new Explorer(element, stage);
  void explorer.start();
  return () => explorer.end();
}
