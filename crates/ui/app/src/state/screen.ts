// How wide the window is, as far as what is shown depends on it.

import { signal } from "@preact/signals";

const NARROW = "(max-width: 720px)";
const TABLET = "(max-width: 960px)";
const MEDIUM = "(max-width: 1180px)";

function watched(query: string) {
  const list = globalThis.matchMedia?.(query);
  const matches = signal(list?.matches ?? false);
  list?.addEventListener("change", (event) => {
    matches.value = event.matches;
  });
  return matches;
}

/** One column, as on a phone. */
export const isNarrow = watched(NARROW);
/** A table of twelve columns has no room. */
export const isTablet = watched(TABLET);
/** The facts have no column of their own and slide over. */
export const factsSlide = watched(MEDIUM);
/** Whether the facts are open: where they have a column, as it was left; where they slide, not at first. */
export const factsShown = signal(globalThis.localStorage?.getItem("facts") !== "hidden");
export const factsOver = signal(false);

/** Whether somebody is about to begin a conversation. */
export const beginning = signal(false);

export function toggleFacts() {
  if (factsSlide.peek()) {
    factsOver.value = !factsOver.peek();
    return;
  }
  factsShown.value = !factsShown.peek();
  localStorage.setItem("facts", factsShown.peek() ? "shown" : "hidden");
}
