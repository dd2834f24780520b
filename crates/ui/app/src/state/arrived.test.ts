import { expect, test } from "vitest";
import type { Message } from "../types";
import { hasArrived } from "./arrived";
import type { Outgoing } from "./outbox";

const DAY_MS = 24 * 60 * 60 * 1_000;
const NOW = 1_000 * DAY_MS;
const text = { key: "k1", at: NOW } as Outgoing;

/** A thread with a message a day, the newest of today, told by pages of ten. */
function thread(days: number, ours?: number) {
  const all = Array.from({ length: days }, (_, i) => {
    const seq = i + 1;
    return { seq, at: NOW - (days - seq) * DAY_MS, client_key: seq === ours ? "k1" : null } as Message;
  });
  const asked: (number | undefined)[] = [];
  const pageBefore = async (seq = days + 1) => {
    asked.push(seq);
    const before = all.filter((it) => it.seq < seq);
    const items = before.slice(-10);
    return { items, has_more: before.length > 10, has_newer: false, first_unread_seq: null };
  };
  return { asked, pageBefore };
}

test("a text is found though much was said since", async () => {
  const { asked, pageBefore } = thread(100, 89);
  expect(await hasArrived(text, pageBefore)).toBe(true);
  expect(asked).toEqual([101, 91]);
});

test("the end of the looking is long before the text, or where the thread begins", async () => {
  const long = thread(100);
  expect(await hasArrived(text, long.pageBefore)).toBe(false);
  expect(long.asked).toEqual([101, 91]);
  const short = thread(12);
  expect(await hasArrived(text, short.pageBefore)).toBe(false);
  expect(short.asked).toEqual([13, 3]);
  expect(await hasArrived(text, thread(0).pageBefore)).toBe(false);
});
