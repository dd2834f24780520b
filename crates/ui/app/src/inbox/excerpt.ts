// The part of a message around what a search found, cut so that the find is in sight in a narrow row.

import type { SearchHit } from "../types";

type Piece = SearchHit["excerpt"][number];

/** Characters that may stand before the find. */
const LEAD = 14;

export function inSight(excerpt: Piece[]): Piece[] {
  const [first, ...rest] = excerpt;
  if (!first || first.hit) return excerpt;
  const chars = [...first.text];
  if (chars.length <= LEAD) return excerpt;
  const tail = chars.slice(-LEAD).join("");
  // From a whole word on, if one begins there.
  const word = tail.search(/\s\S/u);
  return [{ hit: false, text: `…${word >= 0 ? tail.slice(word + 1) : tail}` }, ...rest];
}
