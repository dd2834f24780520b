import { describe, expect, test } from "vitest";
import { Problem, sentence } from "./problem";

describe("a problem in words", () => {
  const said = (detail: string, fix: string | null, field = "") =>
    sentence(new Problem(422, "invalid_field", detail, fix), field);

  test("is cause and way out, each a sentence", () => {
    expect(said("it is blank", "give at least a last name")).toBe("It is blank. Give at least a last name.");
  });

  test("names the field first, once", () => {
    expect(said("it is blank", null, "Last name")).toBe("Last name: it is blank.");
    expect(said("Last name is blank.", "Give one.", "Last name")).toBe("Last name is blank. Give one.");
  });

  test("says nothing twice", () => {
    const all = "this contact has no phone number that can be read; add one first";
    expect(said(all, all)).toBe("This contact has no phone number that can be read; add one first.");
    expect(said(`${all}.`, "add one first")).toBe(`T${all.slice(1)}.`);
  });

  test("keeps a mark of its own at the end", () => {
    expect(said("Is that right?", null)).toBe("Is that right?");
  });
});

test("only what nobody judged may be sent again by itself", () => {
  const transient = (status: number, code: Problem["code"]) => new Problem(status, code, "x").isTransient;
  expect(transient(0, "offline")).toBe(true);
  expect(transient(503, "not_stored")).toBe(true);
  expect(transient(409, "key_in_use")).toBe(true);
  expect(transient(422, "opted_out")).toBe(false);
  expect(transient(404, "not_found")).toBe(false);
});
