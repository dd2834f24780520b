// Which rows of a long list are drawn: those in sight and a few around. Each row's height is known.

export type Span = { from: number; to: number; above: number; below: number };

/** Rows drawn beyond each edge, so that a quick flick shows no holes. */
const AROUND = 6;

export function spanOf(heights: number[], top: number, height: number, around = AROUND): Span {
  let from = 0;
  let y = 0;
  while (from < heights.length && y + heights[from]! <= top) y += heights[from++]!;
  let to = from;
  let end = y;
  while (to < heights.length && end < top + height) end += heights[to++]!;
  const first = Math.max(0, from - around);
  const last = Math.min(heights.length, to + around);
  return {
    from: first,
    to: last,
    above: sum(heights, 0, first),
    below: sum(heights, last, heights.length),
  };
}

/** How far down a row begins. */
export const topOf = (heights: number[], at: number) => sum(heights, 0, at);

/** How far to scroll so that a row is wholly in sight; as it is, if it is. */
export function revealed(heights: number[], at: number, top: number, height: number): number {
  const y = topOf(heights, at);
  const end = y + (heights[at] ?? 0);
  if (y < top) return y;
  return end > top + height ? end - height : top;
}

function sum(heights: number[], from: number, to: number): number {
  let all = 0;
  for (let i = from; i < to; i++) all += heights[i]!;
  return all;
}
