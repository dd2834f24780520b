import { expect, test } from "vitest";
import type { Message } from "../types";
import { Thread } from "./thread";

const said = (seq: number, direction: "in" | "out" = "in") =>
  ({ id: `m${seq}`, seq, direction, state: "received" }) as Message;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => said(from + i));
const seqs = (thread: Thread) => thread.messages.map((it) => it.seq);

test("the newest page joins what is known where they meet", () => {
  const known = new Thread(range(1, 6), false);
  expect(seqs(known.withNewest(range(5, 9), true))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(known.withNewest(range(7, 9), true).hasMore).toBe(false);
});

test("after a gap what is older is left out, so that none is hidden", () => {
  const thread = new Thread(range(1, 6), false).withNewest(range(8, 9), true);
  expect(seqs(thread)).toEqual([8, 9]);
  expect(thread.hasMore).toBe(true);
});

test("what the stream told while a page was on its way stays", () => {
  expect(seqs(new Thread(range(1, 4), false).withNewest(range(1, 3), false))).toEqual([1, 2, 3, 4]);
});

test("a message stands in its place, and once", () => {
  const thread = new Thread([said(1), said(3)], false).with(said(2)).with(said(3));
  expect(seqs(thread)).toEqual([1, 2, 3]);
  expect(thread.withState("m2", { state: "delivered" }).messages[1]!.state).toBe("delivered");
});

test("earlier messages come before, without doubles", () => {
  expect(seqs(new Thread(range(4, 5), true).withEarlier(range(1, 4), false))).toEqual([1, 2, 3, 4, 5]);
});

test("reading goes on at the first of the messages that came in unread", () => {
  const thread = new Thread([said(1), said(2), said(3, "out"), said(4)], false);
  expect(thread.firstUnread(2)).toBe("m2");
  expect(thread.firstUnread(0)).toBe(null);
  expect(thread.firstUnread(9)).toBe(null);
});
