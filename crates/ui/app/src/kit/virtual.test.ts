import { expect, test } from "vitest";
import { revealed, spanOf } from "./virtual";

const rows = (n: number, height = 60) => Array.from({ length: n }, () => height);

test("of twenty thousand rows only those in sight and around are drawn", () => {
  const span = spanOf(rows(20_000), 60_000, 600, 2);
  expect(span).toEqual({ from: 998, to: 1012, above: 998 * 60, below: (20_000 - 1012) * 60 });
});

test("all heights together stay what they are", () => {
  const heights = [32, ...rows(5), 32, ...rows(9)];
  for (const top of [0, 31, 32, 200, 5_000]) {
    const { from, to, above, below } = spanOf(heights, top, 120, 1);
    const drawn = heights.slice(from, to).reduce((sum, it) => sum + it, 0);
    expect(above + drawn + below).toBe(heights.reduce((sum, it) => sum + it, 0));
  }
});

test("a row is brought into sight by the shortest way, and not moved when it is there", () => {
  expect(revealed(rows(100), 2, 0, 600)).toBe(0);
  expect(revealed(rows(100), 10, 0, 600)).toBe(60);
  expect(revealed(rows(100), 1, 300, 600)).toBe(60);
});
