import { expect, test } from "vitest";
import { parse, withQuery } from "./route";

test("an address names a page, a thing on it and what was asked for", () => {
  expect(parse("")).toMatchObject({ place: "inbox", id: null });
  expect(parse("inbox/conv_1?view=mine")).toMatchObject({ place: "inbox", id: "conv_1" });
  expect(parse("contacts/")).toMatchObject({ place: "contacts", id: null });
  expect((parse("contacts?q=a%20b") as { query: URLSearchParams }).query.get("q")).toBe("a b");
});

test("what no page answers to is said to be missing, and is not the inbox", () => {
  for (const it of ["nowhere", "inbox/a/b", "settings/x"]) expect(parse(it)).toEqual({ place: "missing" });
});

test("a query changes one word and keeps the others", () => {
  expect(withQuery({ q: "rose" }, "inbox/c1?view=mine")).toBe("inbox/c1?view=mine&q=rose");
  expect(withQuery({ view: null }, "inbox/c1?view=mine")).toBe("inbox/c1");
});
