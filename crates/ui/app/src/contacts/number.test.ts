import { expect, test } from "vitest";
import type { NumberRead } from "../types";
import { sayNumber } from "./number";

const read = (change: Partial<NumberRead>): NumberRead => ({
  number: "+447700900123",
  display: "+44 7700 900123",
  country: "GB",
  kind: "mobile",
  doubtful: false,
  reason: null,
  ...change,
});

test("a number is said with its country, also where it is another's", () => {
  expect(sayNumber(read({}))).toEqual({
    text: "Read as +44 7700 900123, United Kingdom.",
    isWarning: false,
  });
  const other = { number: "+15125550111", display: "+1 512-555-0111", country: "US" };
  expect(sayNumber(read(other)).text).toBe("Read as +1 512-555-0111, United States.");
  expect(sayNumber(read({ country: null })).text).toBe("Read as +44 7700 900123.");
});

test("what cannot be read says why, and that nobody is texted there", () => {
  const said = sayNumber(read({ number: null, reason: "several" }));
  expect(said).toEqual({
    text: "These are several numbers. Nobody is texted there.",
    isWarning: true,
  });
});

test("a number of ours that is none in their country is doubted, and a landline told", () => {
  expect(sayNumber(read({ doubtful: true }))).toEqual({
    text: "No number in their own country. Read as +44 7700 900123, United Kingdom: check it before you text.",
    isWarning: true,
  });
  expect(sayNumber(read({ kind: "landline" })).text).toMatch(/A landline/);
});
