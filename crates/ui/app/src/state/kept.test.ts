import { expect, test } from "vitest";
import { countKept, forgetOld, KEPT_DAYS, Kept } from "./kept";
import { shelf } from "./shelf.fake";

const DAY_MS = 24 * 60 * 60 * 1_000;

test("what a user does not come back for is taken away, and nobody else's", () => {
  const browser = shelf();
  new Kept(browser, "st_1", () => 0).put("draft", "c1", "old");
  new Kept(browser, "st_2", () => 2 * DAY_MS).put("outbox", "k1", "newer");
  new Kept(browser, "st_3", () => 0).put("draft", "c1", "here again");
  browser.setItem("look", "dark");
  forgetOld(browser, KEPT_DAYS * DAY_MS - 1);
  expect(countKept(browser, "draft")).toBe(2);
  forgetOld(browser, KEPT_DAYS * DAY_MS, "st_3");
  expect(new Kept(browser, "st_1").all("draft")).toEqual({});
  expect(new Kept(browser, "st_2").all("outbox")).toEqual({ k1: "newer" });
  expect(new Kept(browser, "st_3").all("draft")).toEqual({ c1: "here again" });
  forgetOld(browser, (KEPT_DAYS + 3) * DAY_MS);
  expect([browser.length, browser.getItem("look")]).toEqual([1, "dark"]);
});

test("who goes on writing keeps what was written before", () => {
  const browser = shelf();
  let now = 0;
  const kept = new Kept(browser, "st_1", () => now);
  kept.put("draft", "c1", "old");
  now = KEPT_DAYS * DAY_MS;
  kept.put("draft", "c2", "new");
  forgetOld(browser, now + 1);
  expect(kept.all("draft")).toEqual({ c1: "old", c2: "new" });
});

test("texts are counted whoever wrote them, and nothing else is", () => {
  const browser = shelf();
  new Kept(browser, "st_1").put("outbox", "k1", {});
  new Kept(browser, "st_1").put("draft", "outbox", {});
  new Kept(browser, "st_2").put("outbox", "k2", {});
  browser.setItem("notice", "outbox");
  expect(countKept(browser, "outbox")).toBe(2);
});

test("what is kept after all before it was taken away has its time as well", () => {
  const browser = shelf();
  const now = 20_000 * DAY_MS;
  const [kept, elsewhere] = [new Kept(browser, "st_1", () => now), new Kept(browser, "st_1", () => now)];
  kept.put("draft", "c1", "on my way");
  elsewhere.drop("draft", "c1");
  expect(browser.length).toBe(0);
  kept.put("outbox", "k1", "on my way");
  forgetOld(browser, now + DAY_MS);
  expect(kept.all("outbox")).toEqual({ k1: "on my way" });
});
