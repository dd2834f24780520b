// What one says of oneself at a conversation, and when.

import type { Doing } from "../types";

/** The hub holds it for 15 seconds. */
const AGAIN_MS = 10_000;
/** Who pauses for so long does not write any more. */
const PAUSE_MS = 6_000;

export type Said = { state: Doing; at: number };

/** What is to be said at a moment; nothing while what was said last holds. */
export function toSay(now: number, typedAt: number, last: Said | null): Doing | null {
  const state = now - typedAt < PAUSE_MS ? "typing" : "looking";
  return last?.state === state && now - last.at < AGAIN_MS ? null : state;
}
