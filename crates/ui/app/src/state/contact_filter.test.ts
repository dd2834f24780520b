import { expect, test } from "vitest";
import { askedBy, filterOf, isFiltered } from "./contact_filter";

const asked = (search: string) => askedBy(filterOf(new URLSearchParams(search)));

test("an address without words asks for everybody by name", () => {
  expect(asked("")).toEqual({});
  expect(isFiltered(filterOf(new URLSearchParams("sort=changed")))).toBe(false);
});

test("each filter of the address is one of the hub's", () => {
  expect(asked("q=ann&sort=changed&record=Lead&texting=opted_out")).toEqual({
    q: "ann",
    sort: "changed",
    object: "Lead",
    opted_out: true,
  });
  expect(asked("record=none&texting=without_number")).toEqual({ linked: false, without_number: true });
});

test("words that mean nothing are left out", () => {
  expect(asked("sort=upwards&texting=often")).toEqual({});
});
