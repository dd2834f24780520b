// Who is signed in, and what ends with the session.

import { signal } from "@preact/signals";
import { hub, told } from "../api";
import { asProblem, type Problem } from "../problem";
import type { Me } from "../types";

export const me = signal<Me | null>(null);
export const signedOut = signal(false);
export const failure = signal<Problem | null>(null);
/** Rises after a gap: whoever shows something asks for it again. */
export const fresh = signal(0);

/** What else must end or begin with the session; filled by the modules that keep something. */
export const onSignIn: ((user: string) => void)[] = [];
export const onSignOut: ((user: string) => void)[] = [];

export async function loadMe() {
  try {
    const it = await told(hub.GET("/api/v1/me"));
    const isNew = me.peek()?.staff.id !== it.staff.id;
    if (isNew) for (const begin of onSignIn) begin(it.staff.id);
    me.value = it;
    failure.value = null;
    signedOut.value = false;
  } catch (error) {
    const problem = asProblem(error);
    if (problem.status === 401) signedOut.value = true;
    else if (!me.peek()) failure.value = problem;
  }
}

/** Ends the session at the hub; the problem if it did not happen, since then one is still signed in. */
export async function endSession(): Promise<Problem | null> {
  try {
    await told(hub.DELETE("/api/v1/session"));
    return null;
  } catch (error) {
    const problem = asProblem(error);
    return problem.status === 401 ? null : problem;
  }
}

/** Takes everything of the session off this tab. */
export function leave() {
  const user = me.peek()?.staff.id;
  if (user) for (const end of onSignOut) end(user);
  signedOut.value = true;
  me.value = null;
}
