// What was refused or did not arrive, and how it is said: the cause, then the way out.

import type { components } from "../api/types";
import { words } from "./words/problems";

export type Code = components["schemas"]["ProblemCode"] | "offline" | "unknown";

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: Code,
    detail: string,
    readonly fix: string | null = null,
    readonly field: string | null = null,
  ) {
    super(detail);
  }

  /** The session is over or another user's: nothing was judged, and this page ends. */
  get isOfSession(): boolean {
    return this.code === "not_signed_in" || this.code === "other_user";
  }

  /** There is no such thing, or none that one may see. */
  get isGone(): boolean {
    return this.status === 403 || this.status === 404;
  }

  /** Whether the same request may be taken later: nothing was judged. */
  get isTransient(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 429 || this.code === "key_in_use";
  }
}

/** The code of a request that was done before, whose answer is lost. */
export const ALREADY_MADE = "already_made";

export const offline = () => new Problem(0, "offline", words.offline, words.offlineFix);

/** Any error as a problem; what is none of the hub's is a fault of the app. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, "unknown", error instanceof Error ? error.message : String(error));
}

/**
 * A problem in sentences: the field's name first where one is meant, then the cause, then the way out.
 * What the way out says already is not said twice.
 */
export function sentence(problem: Pick<Problem, "message" | "fix">, field = ""): string {
  const cause = problem.message.trim();
  const fix = problem.fix?.trim() ?? "";
  const named = field && !cause.toLowerCase().startsWith(field.toLowerCase()) ? `${field}: ${cause}` : cause;
  const parts = [named];
  if (fix && !cause.toLowerCase().includes(fix.toLowerCase())) parts.push(fix);
  return parts.map(asSentence).join(" ");
}

function asSentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]["”’)]*$/u.test(begun) ? begun : `${begun}.`;
}
