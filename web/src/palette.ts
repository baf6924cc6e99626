/** The command palette: go anywhere, do the next thing, by a few letters. */

import { api, Refusal } from "./api";
import { open } from "./dialog";
import { say } from "./enhance";
import { t } from "./language";
import * as notify from "./notify";

type Command = { text: string; hint: string; run: () => void };

const go = (url: string) => () => location.assign(url);

/** What this page knows without asking. */
function known(): Command[] {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(".rail a")];
  const commands: Command[] = links.map((link) => ({ text: link.textContent?.trim() ?? "", hint: t("Page", "Seite"), run: go(link.href) }));
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".menu a[hreflang]")) {
    commands.push({ text: link.textContent ?? "", hint: t("Language", "Sprache"), run: go(link.href) });
  }
  commands.push({ text: t("Keyboard shortcuts", "Tastenkürzel"), hint: "?", run: () => void import("./shortcuts").then((module) => module.show()) });
  if (notify.possible) {
    const text = notify.isOn() ? t("Switch browser notifications off", "Browser-Benachrichtigungen ausschalten") : t("Switch browser notifications on", "Browser-Benachrichtigungen einschalten");
    commands.push({ text, hint: "", run: () => void notify.toggle() });
  }
  const out = document.querySelector<HTMLFormElement>('form[action="/ui/logout"]');
  if (out !== null) commands.push({ text: t("Sign out", "Abmelden"), hint: "", run: () => out.requestSubmit() });
  return commands;
}

/** What runs and what lies in the drives. */
async function live(): Promise<Command[]> {
  const [drives, jobs] = await Promise.all([
    api("GET", "/api/v1/disks", {}),
    api("GET", "/api/v1/jobs", { query: { status: ["queued", "running", "paused"], limit: 30 } }),
  ]);
  const commands: Command[] = [];
  for (const drive of drives.items) {
    const disc = drive.media?.label ?? "";
    if (drive.state === "idle" && drive.media) {
      const run = () => void act(api("POST", "/api/v1/jobs", { body: { device: drive.path, mode: drive.settings?.mode ?? "standard" } }));
      commands.push({ text: `${t("Image", "Abbild erstellen von")} ${disc || t("the disc", "der Disc")}`, hint: drive.name, run });
    }
    if (drive.media && drive.state !== "copying") {
      commands.push({ text: `${t("Eject", "Auswerfen:")} ${drive.name}`, hint: disc, run: () => void act(api("POST", "/api/v1/disks/{id}/eject", { path: { id: drive.id } })) });
    }
    commands.push({ text: drive.name, hint: t("Drive", "Laufwerk"), run: go(`/search?q=${encodeURIComponent(drive.name)}`) });
  }
  for (const job of jobs.items) commands.push({ text: job.disk_label || job.device, hint: t("Job", "Aufgabe"), run: go(`/jobs/${job.uuid}`) });
  return commands;
}

async function act(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    say(error instanceof Refusal ? error.message : t("The service does not answer; nothing was changed.", "Der Dienst antwortet nicht; nichts wurde geändert."));
  }
}

/** What the service finds. */
async function found(q: string): Promise<Command[]> {
  const images = await api("GET", "/api/v1/isos", { query: { q, limit: 8 } });
  const commands: Command[] = images.items.map((image) => ({ text: image.filename, hint: t("Image", "Abbild"), run: go(`/library/${image.id}`) }));
  return [...commands, { text: t(`Find “${q}”`, `„${q}“ finden`), hint: "/", run: go(`/search?q=${encodeURIComponent(q)}`) }];
}

/** Opens it. */
export function show(): void {
  if (document.querySelector("dialog.palette") !== null) return;
  const { dialog, body } = open(t("Do anything", "Alles tun"), "palette");
  const input = document.createElement("input");
  input.className = "form-control";
  input.autocomplete = "off";
  input.placeholder = t("Page, drive, job, command …", "Seite, Laufwerk, Aufgabe, Befehl …");
  const list = document.createElement("ul");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", t("Commands", "Befehle"));
  for (const [name, value] of Object.entries({ role: "combobox", "aria-label": t("Command", "Befehl"), "aria-expanded": "true", "aria-controls": list.id, "aria-autocomplete": "list" })) {
    input.setAttribute(name, value);
  }
  body.append(input, list);
  let all = known();
  let remote: Command[] = [];
  let shown: Command[] = [];
  let at = 0;
  let timer: number | undefined;

  const mark = () => {
    [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    const item = list.children[at];
    if (item === undefined) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    }
  };
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    dialog.close();
    command.run();
  };
  const render = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (command: Command) => words.every((word) => `${command.text} ${command.hint}`.toLowerCase().includes(word));
    shown = [...all.filter(fits), ...remote].slice(0, 40);
    at = Math.min(at, Math.max(0, shown.length - 1));
    list.replaceChildren(
      ...shown.map((command, number) => {
        const item = document.createElement("li");
        item.id = `palette-${number}`;
        item.setAttribute("role", "option");
        item.append(command.text);
        const hint = document.createElement("small");
        hint.textContent = command.hint;
        item.append(" ", hint);
        item.addEventListener("click", () => run(command));
        return item;
      }),
    );
    mark();
  };
  input.addEventListener("input", () => {
    at = 0;
    remote = [];
    render();
    window.clearTimeout(timer);
    const q = input.value.trim();
    if (q.length < 2) return;
    timer = window.setTimeout(() => {
      void found(q)
        .then((commands) => {
          if (input.value.trim() !== q) return;
          remote = commands;
          render();
        })
        .catch(() => undefined);
    }, 200);
  });
  input.addEventListener("keydown", (event) => {
    const last = shown.length - 1;
    const moves: Record<string, number> = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, PageDown: Math.min(last, at + 8), PageUp: Math.max(0, at - 8) };
    const to = moves[event.key];
    if (to !== undefined) at = Math.max(0, to);
    else if (event.key === "Enter") run(shown[at]);
    else return;
    event.preventDefault();
    mark();
  });
  render();
  input.focus();
  void live()
    .then((commands) => {
      all = [...all, ...commands];
      render();
    })
    .catch(() => undefined);
}
