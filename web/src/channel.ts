/**
 * One way to hear of changes: a WebSocket; where that is not let through, server-sent events; where those are not either, asking
 * every few seconds. It comes back by itself, at once when the page is looked at again or the network is back.
 */

export type Message =
  | { type: "changed"; event: ServiceEvent | null }
  | { type: "progress"; job_uuid: string; progress: number; eta_seconds: number | null };

export type ServiceEvent = { kind: string; level: string; message: string; job_uuid: string | null; drive_id: string | null; iso_id: string | null };

type Listener = { message(message: Message): void; connected(): void; lost(): void };

/** Silence after which a connection is dead; the service sends a sign of life every 15 s. */
const SILENCE_MS = 40_000;
/** After waking up, silence for longer than this is looked into at once. */
const STALE_MS = 17_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const POLL_MS = 5_000;

export class Channel {
  private socket: WebSocket | null = null;
  private source: EventSource | null = null;
  private heard = 0;
  private wait = FIRST_WAIT_MS;
  private retry: number | undefined;
  private watch: number | undefined;
  private poll: number | undefined;
  /** Sockets that failed without ever having opened, while the service answers otherwise. */
  private refusals = 0;

  constructor(
    private readonly topics: string[],
    private readonly listener: Listener,
  ) {
    const wake = () => {
      if (document.visibilityState === "visible") this.check();
    };
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", wake);
    document.addEventListener("resume", wake);
    // A page that is left must not keep a connection of the few that a browser opens.
    window.addEventListener("pagehide", () => this.drop());
    this.connect();
  }

  /** Connects now if there is no living connection. */
  check(): void {
    const silent = performance.now() - this.heard;
    const alive = this.socket !== null || this.source !== null;
    if (alive && silent < STALE_MS) return;
    this.wait = FIRST_WAIT_MS;
    this.drop();
    this.connect();
  }

  private drop(): void {
    window.clearTimeout(this.retry);
    window.clearTimeout(this.watch);
    window.clearInterval(this.poll);
    this.poll = undefined;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.source?.close();
    this.source = null;
  }

  private sign(): void {
    this.heard = performance.now();
    window.clearTimeout(this.watch);
    this.watch = window.setTimeout(() => this.fail(), SILENCE_MS);
  }

  private connected(): void {
    this.wait = FIRST_WAIT_MS;
    this.listener.connected();
  }

  private connect(): void {
    if (this.refusals >= 2) return this.listen();
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    let opened = false;
    this.socket = socket;
    this.sign();
    socket.addEventListener("open", () => {
      opened = true;
      this.refusals = 0;
      socket.send(JSON.stringify({ subscribe: this.topics }));
    });
    socket.addEventListener("message", (message: MessageEvent<string>) => {
      if (socket !== this.socket) return;
      this.sign();
      const said = JSON.parse(message.data) as { type: string; event?: ServiceEvent } & Record<string, unknown>;
      if (said.type === "progress") this.listener.message(said as unknown as Message);
      else if (said.type === "snapshot") this.connected();
      else if (said.type === "event") this.listener.message({ type: "changed", event: said.event ?? null });
      else if (said.type === "resync") this.listener.message({ type: "changed", event: null });
    });
    socket.addEventListener("close", () => {
      if (socket !== this.socket) return;
      if (!opened) void this.ask();
      this.fail();
    });
  }

  /** The service answers, but no WebSocket comes through: something between does not know them. */
  private async ask(): Promise<void> {
    try {
      if ((await fetch("/health/live", { cache: "no-store" })).ok) this.refusals += 1;
    } catch {
      this.refusals = 0;
    }
  }

  private listen(): void {
    const source = new EventSource("/api/v1/events/system");
    this.source = source;
    this.sign();
    source.addEventListener("open", () => {
      this.sign();
      this.connected();
    });
    source.addEventListener("message", (message: MessageEvent<string>) => {
      this.sign();
      this.listener.message({ type: "changed", event: JSON.parse(message.data) as ServiceEvent });
    });
    source.addEventListener("progress", (message: MessageEvent<string>) => {
      this.sign();
      this.listener.message({ type: "progress", ...(JSON.parse(message.data) as object) } as Message);
    });
    source.addEventListener("resync", () => this.listener.message({ type: "changed", event: null }));
    source.addEventListener("error", () => {
      if (source !== this.source) return;
      source.close();
      this.source = null;
      this.askNowAndThen();
      this.fail();
    });
  }

  private askNowAndThen(): void {
    this.poll ??= window.setInterval(() => this.listener.message({ type: "changed", event: null }), POLL_MS);
  }

  private fail(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.source?.close();
    this.source = null;
    window.clearTimeout(this.watch);
    if (this.poll === undefined) this.listener.lost();
    window.clearTimeout(this.retry);
    // Spread, so that not all tabs of all people come back in the same moment.
    this.retry = window.setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 1.7, LONGEST_WAIT_MS);
  }
}
