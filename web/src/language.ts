/** Texts that only scripts show, in the page's language. */

export const german: boolean = document.documentElement.lang === "de";

/** One of two texts. */
export function t(en: string, de: string): string {
  return german ? de : en;
}

/** "12 s", "3 min", "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
