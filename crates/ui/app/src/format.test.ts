import { expect, test } from "vitest";
import { dayName, initials, moment, phone, short, took, when } from "./format";

const at = (text: string) => new Date(text).getTime();
const NOON = at("2026-11-27T12:00");

test("a time in a list is told by the clock, the day or the date", () => {
  expect(when(at("2026-11-27T09:14"), NOON)).toBe("09:14");
  expect(when(at("2026-11-24T09:14"), NOON)).toBe("Tue");
  expect(when(at("2026-03-03T09:14"), NOON)).toBe("3 Mar");
  expect(when(at("2024-03-03T09:14"), NOON)).toBe("3 Mar 2024");
});

test("days age as the clock goes on", () => {
  const said = at("2026-11-27T23:59");
  expect(dayName(said, at("2026-11-27T23:59:30"))).toBe("Today");
  expect(dayName(said, at("2026-11-28T00:01"))).toBe("Yesterday");
  expect(dayName(said, at("2026-11-29T00:01"))).toMatch(/^Friday/);
});

test("a moment in a sentence is as short as it can be", () => {
  expect(moment(at("2026-11-27T09:14"), NOON)).toBe("09:14");
  expect(moment(at("2026-11-26T17:42"), NOON)).toBe("Thu 17:42");
  expect(moment(at("2026-11-28T17:42"), NOON)).toBe("28 Nov");
});

test("numbers are cut as they are read aloud", () => {
  for (const [e164, read] of [
    ["+447700900317", "+44 7700 900 317"],
    ["+442079460232", "+44 20 7946 0232"],
    ["+441134960555", "+44 113 496 0555"],
    ["+441632960555", "+44 1632 960555"],
    ["+15125550111", "+1 512 555 0111"],
    ["+4930901820", "+4930901820"],
  ])
    expect(phone(e164!)).toBe(read);
});

test("initials are letters of any script", () => {
  expect(initials("Ádám Ödön")).toBe("ÁÖ");
  expect(initials("李 小龍")).toBe("李小");
  expect(initials("+44")).toBe("");
});

test("durations and counts stay short", () => {
  expect([took(300), took(8_000), took(112_000), took(3_720_000)]).toEqual([
    "0.3 s",
    "8 s",
    "1 min 52 s",
    "1 h 02 min",
  ]);
  expect([short(7), short(99), short(2005)]).toEqual(["7", "99", "99+"]);
});
