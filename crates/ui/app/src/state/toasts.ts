// What happened, said for a while; several stand in a row, and one under the pointer stays.

import { signal } from "@preact/signals";
import { asProblem, sentence } from "../problem";

export type Toast = { id: number; text: string; act?: { label: string; run: () => void } };

const SHOWN_MAX = 3;
let next = 0;

export const toasts = signal<Toast[]>([]);

export function say(text: string, act?: Toast["act"]) {
  const same = toasts.peek().filter((it) => it.text !== text);
  toasts.value = [...same, { id: next++, text, act }].slice(-SHOWN_MAX);
}

export function dismiss(id: number) {
  toasts.value = toasts.peek().filter((it) => it.id !== id);
}

/** Runs a request; a refusal is told, but for those that end the page. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const problem = asProblem(error);
    if (!problem.isOfSession) say(sentence(problem));
    return undefined;
  }
}
