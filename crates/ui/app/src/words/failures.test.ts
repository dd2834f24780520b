import { expect, test } from "vitest";
import HUB from "../../../../domain/src/failure.rs?raw";
import description from "../../../../web/openapi.json";
import { whyNot } from "./failures";

const codes = description.components.schemas.FailureCode.enum as Parameters<typeof whyNot>[0][];

test("every code of the hub has a sentence of its own that ends", () => {
  const all = codes.map((code) => whyNot(code, null, "the hub's"));
  expect(all.length).toBeGreaterThan(10);
  expect(new Set([...all, "the hub's"]).size).toBe(all.length + 1);
});

test("it is the sentence that programs read in the hub's answers", () => {
  for (const code of codes.filter(
    (it) => !whyNot(it, "1717", null).includes("1717") && it !== "not_delivered",
  ))
    expect(HUB).toContain(`"${whyNot(code, null, null)}"`);
});

test("a detail is told where a code has one", () => {
  for (const code of ["too_long", "carrier_refused", "carrier_unreachable", "not_delivered"] as const)
    expect(whyNot(code, "1717", null)).toContain("1717");
  expect(whyNot("not_delivered", null, null)).toBe(
    "The carrier could not deliver it and does not say why. You may try again.",
  );
});

test("a code that this app does not know is said in the hub's words", () => {
  expect(whyNot("constructor" as never, null, "The hub knows.")).toBe("The hub knows.");
});
