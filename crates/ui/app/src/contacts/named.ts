// People by a name that is typed.

import { useEffect, useState } from "preact/hooks";
import { hub, told } from "../api";
import { attempt } from "../state/toasts";
import type { ContactRow } from "../types";

const FOUND_MAX = 6;
const WAIT_MS = 200;

/** Those found so far; null while nothing is asked or was found yet. */
export function useNamed(asked: string): ContactRow[] | null {
  const [found, setFound] = useState<ContactRow[] | null>(null);
  useEffect(() => {
    if (!asked) return setFound(null);
    let isOver = false;
    const wait = setTimeout(async () => {
      const query = { q: asked, limit: FOUND_MAX };
      const page = await attempt(() => told(hub.GET("/api/v1/contacts", { params: { query } })));
      if (page && !isOver) setFound(page.items);
    }, WAIT_MS);
    return () => {
      isOver = true;
      clearTimeout(wait);
    };
  }, [asked]);
  return found;
}
