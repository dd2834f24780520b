import { expect, test } from "vitest";
import { toSay } from "./presence_rules";

/** What is said at each moment, in ms, by somebody who typed at one. */
function saidAt(moments: number[], typedAt: number) {
  let last: Parameters<typeof toSay>[2] = null;
  return moments.map((at) => {
    const state = toSay(at, typedAt <= at ? typedAt : -60_000, last);
    if (state) last = { state, at };
    return state;
  });
}

test("who looks says so at once, and again before the hub forgets it", () => {
  expect(saidAt([0, 1_000, 9_999, 10_000, 15_000, 20_000], -60_000)).toEqual([
    "looking",
    null,
    null,
    "looking",
    null,
    "looking",
  ]);
});

test("who types says so at once, and that they look only after a pause", () => {
  expect(saidAt([0, 500, 1_000, 6_000, 6_500], 500)).toEqual(["looking", "typing", null, null, "looking"]);
});
