import { expect, test } from "vitest";
import type { Message } from "../types";
import { Thread, type ThreadPage } from "./thread";

const said = (seq: number, direction: "in" | "out" = "in") =>
  ({ id: `m${seq}`, seq, direction, state: "received" }) as Message;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => said(from + i));
const page = (items: Message[], change: Partial<ThreadPage> = {}): ThreadPage => ({
  items,
  has_more: false,
  has_newer: false,
  first_unread_seq: null,
  ...change,
});
const thread = (items: Message[], change: Partial<ThreadPage> = {}) => Thread.of(page(items, change));
const seqs = (it: Thread) => it.messages.map((message) => message.seq);

test("the newest page joins what is known where they meet", () => {
  const known = thread(range(1, 6));
  expect(seqs(known.withNewest(page(range(5, 9), { has_more: true })))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(known.withNewest(page(range(7, 9), { has_more: true })).hasMore).toBe(false);
});

test("after a gap what is older is left out, so that none is hidden", () => {
  const it = thread(range(1, 6)).withNewest(page(range(8, 9), { has_more: true }));
  expect(seqs(it)).toEqual([8, 9]);
  expect(it.hasMore).toBe(true);
});

test("what the stream told while a page was on its way stays", () => {
  expect(seqs(thread(range(1, 4)).withNewest(page(range(1, 3))))).toEqual([1, 2, 3, 4]);
});

test("a message stands in its place, and once", () => {
  const it = thread([said(1), said(3)])
    .with(said(2))
    .with(said(3));
  expect(seqs(it)).toEqual([1, 2, 3]);
  expect(it.withState("m2", { state: "delivered" }).messages[1]!.state).toBe("delivered");
});

test("earlier messages come before and later ones behind, without doubles", () => {
  const it = thread(range(4, 5), { has_more: true, has_newer: true });
  expect(seqs(it.withEarlier(page(range(1, 4))))).toEqual([1, 2, 3, 4, 5]);
  expect(seqs(it.withLater(page(range(5, 7))))).toEqual([4, 5, 6, 7]);
  expect(it.withLater(page(range(5, 7))).hasNewer).toBe(false);
  expect(it.withLater(page(range(5, 7))).hasMore).toBe(true);
});

test("a stretch of long ago takes in no message that comes now, which would hide what lies between", () => {
  const it = thread(range(4, 5), { has_newer: true });
  expect(seqs(it.with(said(90)))).toEqual([4, 5]);
  expect(seqs(it.with(said(90)).movedTo(page(range(80, 89))))).toEqual([...range(80, 90).map((m) => m.seq)]);
  expect(seqs(it.with(said(8)).withLater(page(range(6, 7))))).toEqual([4, 5, 6, 7, 8]);
  expect(seqs(it.withLater(page(range(6, 90))).with(said(91))).at(-1)).toBe(91);
});

test("reading goes on at the first of theirs that the hub says is not read", () => {
  const items = [said(1), said(2), said(3, "out"), said(4)];
  expect(thread(items, { first_unread_seq: 2 }).unreadFrom()).toBe("m2");
  expect(thread(items, { first_unread_seq: 3 }).unreadFrom()).toBe("m4");
  expect(thread(items).unreadFrom()).toBe(null);
  expect(thread(range(5, 9), { first_unread_seq: 2, has_more: true }).unreadFrom()).toBe(null);
});
