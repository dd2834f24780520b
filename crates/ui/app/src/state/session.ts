// Who is signed in, and what ends with the session.

import { effect, signal } from "@preact/signals";
import { hub, speakAs, standing, told } from "../api";
import { asProblem, type Problem } from "../problem";
import type { Me } from "../types";

export const me = signal<Me | null>(null);
export const signedOut = signal(false);
export const failure = signal<Problem | null>(null);
/** Rises after a gap: whoever shows something asks for it again. */
export const fresh = signal(0);

/** What else must end or begin with the session; filled by the modules that keep something. */
export const onSignIn: ((user: string) => void)[] = [];
export const onSignOut: ((user: string, how: Ending) => void)[] = [];

/**
 * How a page's session came to its end: somebody signed out, and nothing of theirs stays in this browser;
 * or it ended by itself, or was followed by another user's, and what they wrote waits for them.
 */
export type Ending = "signed out" | "ended" | "turned over";

/** Says, after the page was loaded again for another user, that it was. */
const TURNED = "tieline-turned";
/** The user whose page this is; nobody else's in its life. */
let user: string | null = null;

export async function loadMe() {
  try {
    const it = await told(hub.GET("/api/v1/me"));
    const { id } = it.staff;
    if (user && user !== id) return turnOver();
    // It left before this page came to its end.
    if (user && !me.peek()) return;
    if (!user) {
      user = id;
      speakAs(id);
      for (const begin of onSignIn) begin(id);
    }
    me.value = it;
    failure.value = null;
  } catch (error) {
    const problem = asProblem(error);
    if (!problem.isOfSession && !me.peek()) failure.value = problem;
  }
}

/** Ends the session at the hub; the problem if it did not happen, since then one is still signed in. */
export async function endSession(): Promise<Problem | null> {
  try {
    await told(hub.DELETE("/api/v1/session"));
    return null;
  } catch (error) {
    return asProblem(error);
  }
}

/** Takes everything of the session off this tab. */
export function leave(how: Ending) {
  if (user) for (const end of onSignOut) end(user, how);
  signedOut.value = true;
  me.value = null;
}

/** Somebody else is signed in by now: this page ends, and begins anew as theirs. */
function turnOver() {
  if (user) for (const end of onSignOut) end(user, "turned over");
  me.value = null;
  sessionStorage.setItem(TURNED, "yes");
  location.replace("/app");
}

/** Whether the page before this one in the tab was another user's; said once. */
export function hasTurned(): boolean {
  const turned = sessionStorage.getItem(TURNED) !== null;
  sessionStorage.removeItem(TURNED);
  return turned;
}

/** Any request may be the first that hears of the session's end. */
export const followSession = () =>
  effect(() => {
    if (standing.value === "anothers") turnOver();
    if (standing.value === "over" && !signedOut.peek()) leave("ended");
  });
