/** Calls of the API, with the types of its OpenAPI document. Refusals are [`Refusal`]s with the service's own words. */

import type { components, paths } from "./schema";

/** What the service says, by name: `Schemas["Job"]`. */
export type Schemas = components["schemas"];
/** What the service answers when it refuses (RFC 9457). */
export type Problem = Schemas["ProblemDocument"];

/** A refusal. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }
}

type Methods = { GET: "get"; POST: "post"; PUT: "put"; PATCH: "patch"; DELETE: "delete" };
type Method = keyof Methods;
/** Addresses that know a method. */
type Address<M extends Method> = { [P in keyof paths]: paths[P] extends Record<Methods[M], { responses: unknown }> ? P : never }[keyof paths];
type Operation<M extends Method, P extends keyof paths> = Methods[M] extends keyof paths[P] ? NonNullable<paths[P][Methods[M]]> : never;
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Statuses<O> = O extends { responses: infer R } ? R : never;
type Good<R> = { [S in keyof R]: S extends 200 | 201 | 202 ? Json<R[S]> : never }[keyof R];
/** What a call answers; `null` where there is nothing to say. */
type Answer<O> = [Good<Statuses<O>>] extends [never] ? null : Good<Statuses<O>>;
type Part<O, Name extends string> = O extends { parameters: infer Parameters } ? (Name extends keyof Parameters ? NonNullable<Parameters[Name]> : never) : never;
type Body<O> = O extends { requestBody?: infer B } ? Json<NonNullable<B>> : never;
type Given<Name extends string, T> = [T] extends [never] ? unknown : { [N in Name]?: T };
type Needed<Name extends string, T> = [T] extends [never] ? unknown : { [N in Name]: T };
type Options<O> = Needed<"path", Part<O, "path">> & Given<"query", Part<O, "query">> & Given<"body", Body<O>>;

/** The token that writes carry. */
export function csrf(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** One call: `await api("POST", "/api/v1/jobs/{uuid}/pause", { path: { uuid } })`. */
export async function api<M extends Method, P extends Address<M>>(method: M, address: P, options: Options<Operation<M, P>>): Promise<Answer<Operation<M, P>>> {
  const given = options as { path?: Record<string, string | number>; query?: Record<string, unknown>; body?: unknown };
  const path = String(address).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(given.path?.[name] ?? "")));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {})) if (value !== undefined && value !== null) query.set(name, String(value));
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf();
  const request: RequestInit = { method, headers };
  if (given.body !== undefined) {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(given.body);
  }
  const response = await fetch(query.size > 0 ? `${path}?${query}` : path, request);
  const text = await response.text();
  const said: unknown = text === "" ? null : JSON.parse(text);
  if (!response.ok) throw new Refusal(said as Problem);
  return said as Answer<Operation<M, P>>;
}
