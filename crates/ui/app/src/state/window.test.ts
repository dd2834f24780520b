import { expect, test } from "vitest";
import { Problem } from "../problem";
import { ListWindow } from "./window";

type Row = { id: string; key: number };
const SIZE = 10;

/** A list as the hub keeps it, newest first, ten at a time. */
function server(keys: number[]) {
  const rows = keys.map((key) => ({ id: `r${key}`, key }));
  const hub = { rows, asked: [] as (string | null)[], broken: false };
  const page = async (cursor: string | null) => {
    hub.asked.push(cursor);
    if (hub.broken) throw new Problem(0, "offline", "away");
    const sorted = [...hub.rows].sort((a, b) => b.key - a.key);
    const rest = cursor === null ? sorted : sorted.filter((it) => it.key < Number(cursor));
    const items = rest.slice(0, SIZE);
    return {
      items,
      next_cursor: rest.length > SIZE ? String(items.at(-1)!.key) : null,
      total: sorted.length,
    };
  };
  return { hub, window: new ListWindow<Row>(page) };
}

const settled = () => new Promise((done) => setTimeout(done, 10));
const range = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, i) => from - i);
const shown = (window: ListWindow<Row>) => window.items.value!.map((it) => it.key);

test("pages come as one scrolls, and the total is the server's", async () => {
  const { window } = server(range(35, 1));
  await window.open();
  expect(shown(window)).toEqual(range(35, 26));
  expect(window.total.value).toBe(35);
  for (const rows of [20, 30, 35]) {
    await window.more();
    expect(shown(window).length).toBe(rows);
  }
  expect(window.hasMore.value).toBe(false);
});

test("a row that moved on while one scrolled is there once", async () => {
  const { hub, window } = server(range(20, 1));
  await window.open();
  hub.rows.find((it) => it.key === 15)!.key = 5.5;
  await window.more();
  expect(window.items.value!.filter((it) => it.id === "r15").length).toBe(1);
});

test("a row that moved to the top is there once, in its new place", async () => {
  const { hub, window } = server(range(30, 1));
  await window.open();
  await window.more();
  hub.rows.find((it) => it.key === 15)!.key = 99;
  await window.changed();
  expect(shown(window).slice(0, 2)).toEqual([99, 30]);
  expect(window.items.value!.filter((it) => it.id === "r15").length).toBe(1);
});

test("what no longer belongs goes, what belongs comes; nothing is guessed", async () => {
  const { hub, window } = server(range(12, 1));
  await window.open();
  hub.rows = hub.rows.filter((it) => it.key !== 11);
  hub.rows.push({ id: "r50", key: 50 });
  await window.changed();
  expect(shown(window)).toEqual([50, 12, ...range(10, 3)]);
});

test("of a long list only what is in sight is asked for, and the rest when it comes in sight", async () => {
  const { hub, window } = server(range(100, 1));
  await window.open();
  for (let i = 0; i < 9; i++) await window.more();
  window.look(42, 52, 0);
  hub.asked.length = 0;
  hub.rows = hub.rows.filter((it) => ![50, 95].includes(it.key));
  await window.changed();
  expect(hub.asked).toEqual(["61", "51"]);
  expect(shown(window)).not.toContain(50);
  expect(shown(window)).toContain(95);
  hub.asked.length = 0;
  window.look(0, 8, 0);
  await settled();
  expect(hub.asked[0]).toBe(null);
  expect(shown(window)).toEqual(range(100, 1).filter((key) => ![50, 95].includes(key)));
});

test("rows that grew past their page leave no gap", async () => {
  const { hub, window } = server(range(40, 1));
  await window.open();
  await window.more();
  await window.more();
  for (let i = 0; i < 5; i++) hub.rows.push({ id: `n${i}`, key: 39.5 + i / 100 });
  window.look(0, 10, 0);
  await window.changed();
  expect(shown(window)).toEqual(
    [...hub.rows]
      .map((it) => it.key)
      .sort((a, b) => b - a)
      .slice(0, shown(window).length),
  );
});

test("a hub that is away leaves what is known and says so, until it is back", async () => {
  const { hub, window } = server(range(5, 1));
  await window.open();
  hub.broken = true;
  await window.changed();
  expect(window.problem.value?.code).toBe("offline");
  expect(shown(window)).toEqual(range(5, 1));
  hub.broken = false;
  await window.changed();
  expect(window.problem.value).toBe(null);
});

test("a list that one may no longer read is not shown any more", async () => {
  let isOpen = true;
  const window = new ListWindow<Row>(async () => {
    if (!isOpen) throw new Problem(403, "not_allowed", "your role does not allow this");
    return { items: [{ id: "r1", key: 1 }], next_cursor: null };
  });
  await window.open();
  isOpen = false;
  await window.changed();
  expect([window.items.value, window.problem.value?.status]).toEqual([null, 403]);
  isOpen = true;
  await window.changed();
  expect(shown(window)).toEqual([1]);
});
