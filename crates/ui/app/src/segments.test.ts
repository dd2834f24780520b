import { expect, test } from "vitest";
import FAILURES from "../../../domain/src/failure.rs?raw";
import HUB from "../../../domain/src/segments.rs?raw";
import { BASIC, EXTENSION, LENGTH_MAX, segments } from "./segments";

/** A string of Rust as what it means. */
const unquoted = (literal: string) =>
  JSON.parse(`"${literal.replace(/\\u\{(\w+)\}/g, (_, hex) => `\\u${hex.padStart(4, "0")}`)}"`);

test("the alphabets are the hub's", () => {
  const literal = (name: string) =>
    unquoted(new RegExp(`const ${name}: &str = "((?:[^"\\\\]|\\\\.)*)";`).exec(HUB)?.[1] ?? "");
  expect(BASIC).toBe(literal("BASIC"));
  expect(EXTENSION).toBe(literal("EXTENSION"));
});

test("each case of the hub's own test counts alike", () => {
  const cases = [...HUB.matchAll(/\("(.)"\.repeat\((\d+)\), (\d+)\)/gu)];
  expect(cases.length).toBeGreaterThan(10);
  for (const [, char, times, parts] of cases) {
    expect(segments(char!.repeat(Number(times))).parts, `${times} of ${char}`).toBe(Number(parts));
  }
});

test("what is used and what there is room for", () => {
  expect(segments("")).toEqual({ used: 0, room: 160, parts: 0 });
  expect(segments("€5")).toEqual({ used: 3, room: 160, parts: 1 });
  expect(segments("a".repeat(161))).toEqual({ used: 161, room: 306, parts: 2 });
});

test("the longest text is the hub's", () => {
  const max = /TEXT_MAX: usize = ([\d_]+);/.exec(FAILURES)?.[1] ?? "";
  expect(LENGTH_MAX).toBe(Number(max.replace("_", "")));
});
