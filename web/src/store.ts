/** What this browser remembers. Private windows may refuse; then nothing is remembered. */

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`disk2iso:${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`disk2iso:${key}`, value);
  } catch {
    // Then not.
  }
}
