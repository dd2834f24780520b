import { expect, test } from "vitest";
import { inSight } from "./excerpt";

const plain = (text: string) => ({ hit: false, text });
const hit = (text: string) => ({ hit: true, text });

test("what stands before the find is cut at a word, so that the find is seen", () => {
  expect(inSight([plain("Northgate used the old "), hit("template"), plain(" again")])).toEqual([
    plain("…used the old "),
    hit("template"),
    plain(" again"),
  ]);
});

test("little before it and a find at the start stay as they are", () => {
  for (const pieces of [[plain("the old "), hit("template")], [hit("template"), plain(" again")], []])
    expect(inSight(pieces)).toEqual(pieces);
});
