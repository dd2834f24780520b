import { expect, test } from "vitest";
import { AS_BEGUN, type Came, isTold, type Notice, type Seat, tomorrow } from "./notice_rules";

const told = (notice: Partial<Notice> = {}, came: Partial<Came> = {}, seat: Partial<Seat> = {}) =>
  isTold(
    { ...AS_BEGUN, ...notice },
    { inbox: "in_1", assignedTo: null, unread: 1, ...came },
    { user: "st_1", isLooking: false, now: 1_000, ...seat },
  );

test("one is told of what is one's own or nobody's", () => {
  expect(told()).toBe(true);
  expect(told({}, { assignedTo: "st_1" })).toBe(true);
  expect(told({}, { assignedTo: "st_2" })).toBe(false);
});

test("one is not told of what one looks at or has read, here or in another tab", () => {
  expect(told({}, {}, { isLooking: true })).toBe(false);
  expect(told({}, { unread: 0 })).toBe(false);
});

test("the switch, a muted inbox and do not disturb keep it quiet, the last until its end", () => {
  expect(told({ isOn: false })).toBe(false);
  expect(told({ muted: ["in_1"] })).toBe(false);
  expect(told({ muted: ["in_2"] })).toBe(true);
  expect(told({ quietUntil: 1_001 })).toBe(false);
  expect(told({ quietUntil: 1_000 })).toBe(true);
});

test("tomorrow begins at eight, also over the end of a month", () => {
  expect(new Date(tomorrow(new Date(2026, 10, 30, 23, 59).getTime()))).toEqual(new Date(2026, 11, 1, 8));
});
