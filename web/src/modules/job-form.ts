/** Checks the name of an image while it is typed, with the words that the service uses when the form is sent. */

import { api } from "../api";

const PAUSE_MS = 250;

export function attach(element: HTMLElement): () => void {
  const name = () => element.querySelector<HTMLInputElement>("input[name=filename]");
  const folder = () => element.querySelector<HTMLInputElement>("input[name=output_path]");
  let timer: number | undefined;
  let asked = 0;

  const check = async () => {
    const said = element.querySelector<HTMLElement>("[data-check]");
    const [field, place] = [name(), folder()];
    if (said === null || field === null || place === null) return;
    const number = ++asked;
    for (const input of [field, place]) clear(input);
    if (field.value.trim() === "") {
      said.textContent = "";
      return;
    }
    try {
      const found = await api("GET", "/api/v1/jobs/check-name", { query: { filename: field.value, output_path: place.value } });
      if (number !== asked) return;
      said.textContent = found.ok ? found.message : "";
      if (!found.ok) mark(found.field === "output_path" ? place : field, found.message);
    } catch {
      // The service checks again when the form is sent.
    }
  };
  const onInput = (event: Event) => {
    if (event.target !== name() && event.target !== folder()) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void check(), PAUSE_MS);
  };
  element.addEventListener("input", onInput);
  return () => {
    window.clearTimeout(timer);
    element.removeEventListener("input", onInput);
  };
}

function mark(input: HTMLInputElement, message: string): void {
  clear(input);
  input.classList.add("is-invalid");
  input.setAttribute("aria-invalid", "true");
  const line = document.createElement("p");
  line.className = "invalid-feedback d-block mb-0";
  line.id = `${input.id}-error`;
  line.setAttribute("role", "status");
  line.textContent = `✕ ${message}`;
  input.after(line);
  input.setAttribute("aria-describedby", `${input.id}-help ${line.id}`);
}

function clear(input: HTMLInputElement): void {
  input.classList.remove("is-invalid");
  input.removeAttribute("aria-invalid");
  input.setAttribute("aria-describedby", `${input.id}-help`);
  document.getElementById(`${input.id}-error`)?.remove();
}
