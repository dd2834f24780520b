import { expect, test } from "vitest";
import { amongTabs, inPage } from "./alone";

const settled = () => new Promise((done) => setTimeout(done));

test("of one name there is one at a time, also behind one that failed; names do not wait for each other", async () => {
  const alone = inPage();
  const told: string[] = [];
  let end = () => {};
  const first = alone("a", async () => {
    await new Promise<void>((done) => {
      end = done;
    });
    told.push("first");
    throw new Error("no");
  });
  const second = alone("a", async () => told.push("second"));
  await alone("b", async () => told.push("other"));
  end();
  await expect(first).rejects.toThrow("no");
  await second;
  expect(told).toEqual(["other", "first", "second"]);
});

test("among tabs the turn lasts until the others see what was written, and its answer is told at once", async () => {
  const turns: { name: string; isOver: boolean }[] = [];
  const request = async (name: string, turn: () => Promise<void>) => {
    const it = { name, isOver: false };
    turns.push(it);
    await turn();
    it.isOver = true;
  };
  const alone = amongTabs({ request } as unknown as LockManager);
  expect(await alone("outbox:k1", async () => 7)).toBe(7);
  await settled();
  expect(turns).toEqual([{ name: "tieline:outbox:k1", isOver: false }]);
  await new Promise((done) => setTimeout(done, 100));
  expect(turns[0]!.isOver).toBe(true);
  await expect(alone("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
});
