// Who else is at a conversation just now, as the hub tells it, and telling it that one is there oneself.
// Nothing of it is kept: whoever does not say it again is gone.

import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { hub, told } from "../api";
import type { Doing, LivePresence } from "../types";
import { type Said, toSay } from "./presence_rules";
import { me } from "./session";

const LOOK_MS = 1_000;

const there = signal<LivePresence[]>([]);
/** When somebody here last wrote in the composer. */
const typedAt = signal(0);

export function heard(it: LivePresence) {
  const others = there.peek().filter((one) => !isSame(one, it));
  there.value = it.state ? [...others, it] : others;
}

const isSame = (a: LivePresence, b: LivePresence) =>
  a.conversation_id === b.conversation_id && a.staff_id === b.staff_id;

/** After a gap the hub tells all of it again. */
export const forget = () => {
  there.value = [];
};

/** What a tab that was just opened has not heard. */
export const allThere = () => there.peek();

/** The first names of those who are at a conversation beside oneself, by what they do. */
export function othersAt(conversation: string): Record<Doing, string[]> {
  const here = there.value.filter(
    (it) => it.conversation_id === conversation && it.staff_id !== me.value?.staff.id,
  );
  const named = (state: Doing) =>
    here
      .filter((it) => it.state === state)
      .map((it) => me.value?.staff_list.find((staff) => staff.id === it.staff_id)?.name)
      .filter((name) => name !== undefined)
      .toSorted();
  return { typing: named("typing"), looking: named("looking") };
}

export const typed = () => {
  typedAt.value = Date.now();
};

/** Says that one is at the conversation for as long as it is before one. */
export function useBeingAt(id: string) {
  useEffect(() => {
    typedAt.value = 0;
    let last: Said | null = null;
    const look = () => {
      if (document.hidden || !document.hasFocus()) return;
      const at = Date.now();
      const state = toSay(at, typedAt.peek(), last);
      if (!state) return;
      last = { state, at };
      const params = { path: { id } };
      // Nobody asked for it: what failed is said again before long.
      void told(hub.PUT("/api/v1/conversations/{id}/presence", { params, body: { state } })).catch(() => {});
    };
    const stop = effect(() => {
      typedAt.value;
      look();
    });
    const timer = setInterval(look, LOOK_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [id]);
}
