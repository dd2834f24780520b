import { expect, test } from "vitest";
import type { Change } from "../types";
import { holds } from "./changes";

const change = {
  contact: { id: "ct_1", name: "Rose Gonzalez" },
  record_id: "003xx",
  error: null,
  fields: [{ name: "city", label: "City", before: null, after: "Austin" }],
} as unknown as Change;

test("an entry is found by its name, field, value or record, by all words at once", () => {
  for (const find of ["rose", "GONZALEZ city", "austin", "003x"]) expect(holds(change, find)).toBe(true);
  for (const find of ["rose london", "title"]) expect(holds(change, find)).toBe(false);
});
