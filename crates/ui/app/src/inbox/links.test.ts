import { expect, test } from "vitest";
import { pieces } from "./links";

const links = (text: string) =>
  pieces(text)
    .filter((it) => it.href)
    .map((it) => [it.text, it.href]);

test("what can be opened is found, and what ends the sentence is not part of it", () => {
  expect(links("See https://example.org/a?b=1. Or www.example.org!")).toEqual([
    ["https://example.org/a?b=1", "https://example.org/a?b=1"],
    ["www.example.org", "https://www.example.org/"],
  ]);
  expect(links("write to rose.g+x@mail.example, or ring +44 7700 900 317.")).toEqual([
    ["rose.g+x@mail.example", "mailto:rose.g+x@mail.example"],
    ["+44 7700 900 317", "tel:+447700900317"],
  ]);
});

test("nothing else opens", () => {
  for (const text of [
    "javascript:alert(1)",
    "<b>hi</b>",
    "12 May 2026",
    "1+1=2",
    "http://",
    "file:///etc/passwd",
  ])
    expect(links(text)).toEqual([]);
});

test("no sign of the text is lost", () => {
  const text = "a https://x.example, b@c.example\n+441134960555 😀 end";
  expect(
    pieces(text)
      .map((it) => it.text)
      .join(""),
  ).toBe(text);
});
