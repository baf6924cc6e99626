/** The server writes times in UTC; here they become those of the reader's zone. */

import { german } from "./language";

const locale = german ? "de" : (navigator.languages.find((tag) => tag.startsWith("en")) ?? "en-GB");
const short = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });

/** `<time datetime="…">`; `data-show="time"` or `"date"` shows only that part, `"as-is"` leaves it alone. */
export function localise(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const stated = element.dateTime;
    const show = element.dataset["show"];
    if (!stated.includes("T") || show === "as-is") continue;
    const at = new Date(stated);
    if (Number.isNaN(at.getTime())) continue;
    element.textContent = (show === "time" ? clock : show === "date" ? day : short).format(at);
    element.title = exact.format(at);
  }
}
