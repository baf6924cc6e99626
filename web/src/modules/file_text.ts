/** Reads a text file that somebody chose into the text field that is named by `data-target`. */

const MOST_BYTES = 60_000;

export function attach(element: HTMLElement): void {
  const input = element.querySelector<HTMLInputElement>("input[type=file]");
  const target = document.getElementById(element.dataset["target"] ?? "");
  if (input === null || !(target instanceof HTMLTextAreaElement)) return;
  element.hidden = false;
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file === undefined) return;
    void file
      .slice(0, MOST_BYTES)
      .text()
      .then((text) => {
        target.value = text;
        target.focus();
      });
  });
}
