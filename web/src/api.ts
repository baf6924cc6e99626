/** Calls of the API. Refusals are [`Refusal`]s with the service's own words. */

/** What the service answers when it refuses (RFC 9457). */
export type Problem = { title: string; detail: string; code: string; status: number; field?: string };

/** A refusal. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }
}

type Options = { path?: Record<string, string | number>; query?: Record<string, string | number | boolean | undefined>; body?: unknown };

/** The token that writes carry. */
export function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** One call: `api<Job>("POST", "/api/v1/jobs/{uuid}/pause", { path: { uuid } })`. */
export async function api<T>(method: string, address: string, options: Options = {}): Promise<T> {
  const path = address.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(options.path?.[name] ?? "")));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) if (value !== undefined) query.set(name, String(value));
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf();
  const request: RequestInit = { method, headers };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(options.body);
  }
  const response = await fetch(query.size > 0 ? `${path}?${query}` : path, request);
  const text = await response.text();
  const said: unknown = text === "" ? null : JSON.parse(text);
  if (!response.ok) throw new Refusal(said as Problem);
  return said as T;
}
