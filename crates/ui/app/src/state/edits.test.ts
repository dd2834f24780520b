import { expect, test } from "vitest";
import { Edits, standing } from "./edits";
import { Kept } from "./kept";
import { shelf } from "./shelf.fake";

const begun = (of = shelf()) => new Edits(new Kept(of, "st_1"));
const FIELD = "ct_1 city";

test("a field that nobody touches follows its value", () => {
  expect(standing("Bath", undefined)).toEqual({ shown: "Bath", isDirty: false, theirs: null });
});

test("what is typed stands, whatever the other side does, and theirs is shown beside it", () => {
  const edits = begun();
  edits.type(FIELD, "Lond", "Bath");
  edits.type(FIELD, "London", "Leeds");
  expect(standing("Leeds", edits.of(FIELD))).toEqual({ shown: "London", isDirty: true, theirs: "Leeds" });
  edits.keepMine(FIELD, "Leeds");
  expect(standing("Leeds", edits.of(FIELD)).theirs).toBe(null);
});

test("who typed what the other side wrote as well has nothing to decide", () => {
  const edits = begun();
  edits.type(FIELD, "Leeds", "Bath");
  expect(standing("Leeds", edits.of(FIELD))).toEqual({ shown: "Leeds", isDirty: false, theirs: null });
});

test("a refused value stays with the reason until it is changed, over a reload", () => {
  const browser = shelf();
  const edits = begun(browser);
  edits.type(FIELD, "not an address", "");
  edits.refuse(FIELD, "E-mail: it is none.");
  expect(begun(browser).of(FIELD)).toEqual({
    text: "not an address",
    base: "",
    refusal: "E-mail: it is none.",
  });
  edits.type(FIELD, "a@b.example", "");
  expect(edits.of(FIELD)?.refusal).toBe(null);
});

test("a save ends the edit, unless more was typed meanwhile", () => {
  const edits = begun();
  edits.type(FIELD, "London", "Bath");
  edits.type(FIELD, "London W1", "Bath");
  edits.end(FIELD, "London");
  expect(edits.of(FIELD)?.text).toBe("London W1");
  edits.end(FIELD, "London W1");
  expect(edits.of(FIELD)).toBe(undefined);
});
