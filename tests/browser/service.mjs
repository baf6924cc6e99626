// The real program with virtual drives in a folder of its own, spoken to over REST.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
const binary = resolve(root, process.env["DISK2ISO"] ?? "target/release/disk2iso");
/** Longest wait for anything; generous, because a test machine may be busy with others. */
const PATIENCE = 60_000;

function freePort() {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** Waits until `look` gives something. */
export async function eventually(what, look, patience = PATIENCE) {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export class Service {
  /** Starts one with so many drives. */
  static async start({ drives = 1, settings = {} } = {}) {
    const service = new Service();
    service.folder = mkdtempSync(join(tmpdir(), "disk2iso-browser-"));
    service.port = await freePort();
    service.url = `http://127.0.0.1:${service.port}`;
    const folders = [...Array(drives).keys()].map((number) => service.drive(number));
    folders.forEach((folder) => mkdirSync(folder));
    service.environment = {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      DISK2ISO_LISTEN: `127.0.0.1:${service.port}`,
      DISK2ISO_STATE_DIR: join(service.folder, "state"),
      DISK2ISO_OUTPUT_DIR: join(service.folder, "images"),
      DISK2ISO_VIRTUAL_DRIVES: folders.join(","),
      DISK2ISO_REAL_DRIVES: "0",
      DISK2ISO_AUTH: "off",
      ...settings,
    };
    await service.restart();
    return service;
  }

  /** Folder of a drive. */
  drive(number) {
    return join(this.folder, `drive${number}`);
  }

  /** Starts the program (again) and waits until it is ready. */
  async restart() {
    const log = openSync(join(this.folder, "log"), "a");
    this.child = spawn(binary, ["serve"], { env: this.environment, stdio: ["ignore", log, log] });
    this.ended = new Promise((done) => this.child.once("exit", done));
    await eventually("the service to be ready", async () => {
      if (this.child.exitCode !== null) throw new Error(`the service ended:\n${this.log()}`);
      return (await fetch(`${this.url}/health/ready`).catch(() => null))?.ok;
    });
  }

  /** SIGTERM, and waits until it is gone. */
  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
  }

  /** Ends it and takes its folder away. */
  async end() {
    if (this.child.exitCode === null) this.child.kill("SIGKILL");
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  log() {
    return readFileSync(join(this.folder, "log"), "utf8").split("\n").slice(-40).join("\n");
  }

  async call(method, path, body) {
    const request = { method, headers: {} };
    if (body !== undefined) {
      request.headers["content-type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    const answer = await fetch(this.url + path, request);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  get(path) {
    return this.call("GET", path);
  }

  /** What the drive does at its next insertion. */
  script(number, text) {
    writeFileSync(join(this.drive(number), "drive.toml"), text);
  }

  /** Puts a disc in and waits until the drive knows it. */
  async insert(number, image) {
    await this.call("POST", `/api/v1/disks/virtual-drive${number}/insert`, { image });
    await eventually("the disc to be known", async () => (await this.get(`/api/v1/disks/virtual-drive${number}`)).state === "idle");
  }

  /** A job on the disc in a drive; gives its id. */
  async image(number, options = {}, rest = {}) {
    const job = await this.call("POST", "/api/v1/jobs", { device: this.drive(number), mode: "standard", options, ...rest });
    return job.uuid;
  }

  job(uuid) {
    return this.get(`/api/v1/jobs/${uuid}`);
  }

  until(uuid, status) {
    return eventually(`job ${uuid} to be ${status}`, async () => {
      const job = await this.job(uuid);
      return job.status === status && job;
    });
  }

  /** A disc with files on it; `mebibytes` of what cannot be guessed. */
  disc(label, mebibytes = 1) {
    const name = createHash("md5").update(label).digest("hex").slice(0, 8);
    const files = join(this.folder, `files-${name}`);
    const image = join(this.folder, `${name}.iso`);
    for (let number = 0; number < 4; number += 1) {
      const folder = join(files, `SUMMER_${2000 + number}`);
      mkdirSync(folder, { recursive: true });
      const bytes = Buffer.alloc((mebibytes << 20) / 4);
      let word = Buffer.from(createHash("sha256").update(`${label} ${number}`).digest());
      for (let at = 0; at < bytes.length; at += 32) {
        word.copy(bytes, at);
        word.writeUInt32LE((word.readUInt32LE(0) * 1103515245 + 12345) >>> 0, 0);
      }
      writeFileSync(join(folder, `IMG_${1000 + number}.JPG`), bytes);
    }
    const made = spawnSync("xorriso", ["-as", "mkisofs", "-quiet", "-J", "-R", "-V", label, "-o", image, files]);
    if (made.status !== 0) throw new Error(`xorriso: ${made.stderr}`);
    rmSync(files, { recursive: true });
    return image;
  }
}

/** A world with something of everything: a disc that waits, one that is read, images good and damaged, a question, a failure. */
export async function furnished() {
  const service = await Service.start({ drives: 4 });
  try {
    const bad = (from, count) => `[[fault]]\nkind = "bad"\nlba = ${from}\ncount = ${count}\n`;
    const made = {};
    await service.insert(0, service.disc("HOLIDAYS_2004"));
    made.complete = await service.image(0);
    await service.until(made.complete, "completed");
    // A name as hostile as a label may be, in both directions of writing, and long.
    const hostile = await service.image(0, {}, { filename: "צילומים 💿 <b>Ferien & Familie, sehr lang und ohne Ende.iso" }).catch(() => null);
    if (hostile !== null) await service.until(hostile, "completed");
    service.script(1, bad(700, 6));
    await service.insert(1, service.disc("SCRATCHED", 2));
    made.damaged = await service.image(1, { retries: 0 });
    await service.until(made.damaged, "completed");
    service.script(2, bad(600, 40));
    await service.insert(2, service.disc("DECIDE", 2));
    made.asking = await service.image(2, { on_loss: "ask", retries: 0 });
    await service.until(made.asking, "paused");
    // Slow enough to be running until all tests have seen it.
    service.script(3, "speed_bytes_per_second = 12000\n");
    await service.insert(3, service.disc("LONG_PLAY", 4));
    made.running = await service.image(3);
    await eventually("progress", async () => (await service.job(made.running)).progress > 0);
    made.queued = await service.image(3, {}, { filename: "next.iso" }).catch(() => null);
    const cancelled = await service.image(1, {}, { filename: "cancelled.iso" }).catch(() => null);
    if (cancelled !== null) await service.call("POST", `/api/v1/jobs/${cancelled}/cancel`, {}).catch(() => null);
    const isos = (await service.get("/api/v1/isos?limit=50")).items;
    made.image = isos.find((iso) => iso.job_uuid === made.complete).id;
    made.damagedImage = isos.find((iso) => iso.job_uuid === made.damaged).id;
    made.drive = "virtual-drive0";
    const marks = ["BOX-3/1", "BOX-3/2", "<b>BOX</b>-3/3 צילומים"];
    made.batch = (await service.call("POST", "/api/v1/batches", { title: "Attic, box 3", marks })).id;
    return { service, ...made };
  } catch (error) {
    console.error(service.log());
    await service.end();
    throw error;
  }
}
