/** What the menu offers where there is a script. */

import * as glance from "./glance";
import * as keys from "./keys";
import { t } from "./language";
import * as notify from "./notify";

function button(text: string, press: (button: HTMLButtonElement) => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => press(made));
  return made;
}

/** Starts. */
export function start(): void {
  glance.start();
  keys.start();
  notify.start();
  const menu = document.querySelector<HTMLElement>("[data-shell-menu]");
  if (menu === null) return;
  const close = () => menu.closest("details")?.removeAttribute("open");
  menu.append(
    button(t("Do anything …", "Alles tun …"), () => {
      close();
      void import("./palette").then((module) => module.show());
    }),
    button(t("Keyboard shortcuts", "Tastenkürzel"), () => {
      close();
      void import("./shortcuts").then((module) => module.show());
    }),
  );
  if (notify.possible && Notification.permission !== "denied") {
    const say = () => (notify.isOn() ? t("Notifications: on", "Benachrichtigungen: an") : t("Notifications: off", "Benachrichtigungen: aus"));
    const toggle = button(say(), (made) => void notify.toggle().then(() => (made.textContent = say())));
    menu.append(toggle);
  }
  menu.append(document.createElement("hr"));
  menu.hidden = false;
}
