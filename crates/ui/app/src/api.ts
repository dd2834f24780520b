// Requests to the hub, typed by the description of its API. A refusal becomes a Problem, whose words
// are for people.

import createClient from "openapi-fetch";
import type { components, paths } from "../api/types";

type Code = components["schemas"]["ProblemCode"] | "offline" | "unknown";

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: Code,
    detail: string,
    readonly fix: string | null,
    readonly field: string | null,
  ) {
    super(detail);
  }
}

export const hub = createClient<paths>();

type Told<T> = { data?: T; error?: unknown; response: Response };

/** What the hub answered to a request. */
export async function told<T>(asked: Promise<Told<T>>): Promise<T> {
  let answer: Told<T>;
  try {
    answer = await asked;
  } catch {
    throw new Problem(
      0,
      "offline",
      "Tieline cannot be reached.",
      "Check your connection; it is tried again by itself.",
      null,
    );
  }
  if (answer.response.ok) return answer.data as T;
  const { status } = answer.response;
  const problem = (answer.error ?? {}) as Partial<components["schemas"]["Problem"]>;
  throw new Problem(
    status,
    problem.code ?? "unknown",
    problem.detail ?? `The server answered ${status}.`,
    problem.fix ?? null,
    problem.field ?? null,
  );
}

export const newKey = () => crypto.randomUUID();

/** The parameters of a request that is done once, however often it is sent. */
export const keyed = () => ({ header: { "Idempotency-Key": newKey() } });
