// What the hub finds for words that are being typed.

import { useEffect, useState } from "preact/hooks";
import { attempt } from "../state/toasts";

/** Typing that rests so long is asked for. */
const REST_MS = 200;

/** The answer to what was typed last; null while nothing is asked or was answered yet. */
export function useTyped<Found>(typed: string, find: (q: string) => Promise<Found>): Found | null {
  const [found, setFound] = useState<Found | null>(null);
  // Asked anew as other words are typed, and not as it is drawn again.
  useEffect(() => {
    if (!typed) return setFound(null);
    let isOver = false;
    const wait = setTimeout(async () => {
      const answer = await attempt(() => find(typed));
      if (answer && !isOver) setFound(() => answer);
    }, REST_MS);
    return () => {
      isOver = true;
      clearTimeout(wait);
    };
  }, [typed]);
  return found;
}
