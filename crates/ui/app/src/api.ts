// Requests to the hub, typed by the description of its API. Each has an end: after ten seconds without
// an answer the app says so, after thirty it counts as not reached. Each names the user whose page this is:
// the session is the browser's, and another tab may have signed in somebody else.

import { signal } from "@preact/signals";
import createClient from "openapi-fetch";
import type { components, paths } from "../api/types";
import { offline, Problem } from "./problem";
import { words } from "./words/problems";

const LATE_MS = 10_000;
const OVER_MS = 30_000;

/** Requests that have waited too long for an answer. */
export const late = signal(0);

/** What a refusal said of the session that this page stands on. */
export const standing = signal<"ours" | "over" | "anothers">("ours");

/** The user whose page this is, once that is known. */
let user: string | null = null;

export function speakAs(id: string) {
  user = id;
}

async function patient(request: Request): Promise<Response> {
  if (user) request.headers.set("Signed-In-As", user);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    late.value++;
  }, LATE_MS);
  try {
    return await fetch(request, { signal: AbortSignal.timeout(OVER_MS) });
  } finally {
    clearTimeout(timer);
    if (isLate) late.value--;
  }
}

export const hub = createClient<paths>({ fetch: patient });

type Told<T> = { data?: T; error?: unknown; response: Response };

/** What the hub answered to a request; what it refused is thrown as a Problem. */
export async function told<T>(asked: Promise<Told<T>>): Promise<T> {
  let answer: Told<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError")
      throw new Problem(0, "offline", words.tooLate, words.offlineFix);
    throw offline();
  }
  if (answer.response.ok) return answer.data as T;
  const { status } = answer.response;
  const problem = (answer.error ?? {}) as Partial<components["schemas"]["Problem"]>;
  const code = problem.code ?? "unknown";
  if (code === "other_user") standing.value = "anothers";
  else if (code === "not_signed_in") standing.value = "over";
  // What the hub says to programs of these is none of people's business.
  const [detail, fix] = words.codes[code] ?? [problem.detail ?? words.answered(status), problem.fix ?? null];
  throw new Problem(status, code, detail, fix, problem.field ?? null);
}

export const newKey = (): string => crypto.randomUUID();

/** The parameters of a request that is done once, however often it is sent. */
export const keyed = (key = newKey()) => ({ header: { "Idempotency-Key": key } });
