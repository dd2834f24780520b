// People by a name that is typed.

import { hub, told } from "../api";
import { useTyped } from "../kit/typed";
import type { ContactRow } from "../types";

const FOUND_MAX = 6;

/** Those found so far; null while nothing is asked or was found yet. */
export const useNamed = (typed: string): ContactRow[] | null => useTyped(typed, named);

async function named(q: string) {
  const query = { q, limit: FOUND_MAX };
  return (await told(hub.GET("/api/v1/contacts", { params: { query } }))).items;
}
