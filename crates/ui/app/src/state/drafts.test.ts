import { expect, test } from "vitest";
import { Drafts } from "./drafts";
import { Kept } from "./kept";
import { shelf } from "./shelf.fake";

const begun = (of = shelf(), user = "st_1") => new Drafts(new Kept(of, user), () => 7);

test("a note and a reply are two drafts, and the mode stays with them", () => {
  const drafts = begun();
  drafts.write("c1", "Half a reply");
  drafts.open("c1", "note");
  expect(drafts.of("c1").note).toBe("");
  drafts.write("c1", "She is late with every bill");
  expect(drafts.of("c1")).toEqual({
    mode: "note",
    reply: "Half a reply",
    note: "She is late with every bill",
    at: 7,
  });
  drafts.open("c1", "reply");
  expect(drafts.take("c1")).toEqual({ mode: "reply", text: "Half a reply" });
  expect(drafts.of("c1").note).toBe("She is late with every bill");
});

test("drafts are there after a reload, for the user who wrote them", () => {
  const browser = shelf();
  begun(browser).write("c1", "kept");
  expect(begun(browser).of("c1").reply).toBe("kept");
  expect(begun(browser, "st_2").of("c1").reply).toBe("");
});

test("what was sent is no draft any more, and takes no room", () => {
  const browser = shelf();
  const drafts = begun(browser);
  drafts.write("c1", "  gone ");
  expect(drafts.take("c1")?.text).toBe("gone");
  expect(drafts.take("c1")).toBe(null);
  expect(browser.length).toBe(0);
});

test("words are given back only into an empty box", () => {
  const drafts = begun();
  drafts.write("c1", "new words");
  expect(drafts.giveBack("c1", "reply", "old words")).toBe(false);
  expect(drafts.giveBack("c1", "note", "old note")).toBe(true);
  expect(drafts.of("c1")).toMatchObject({ mode: "note", reply: "new words", note: "old note" });
});

test("a list marks what waits to be finished", () => {
  const drafts = begun();
  expect(drafts.mark("c1")).toBe(null);
  drafts.open("c1", "note");
  drafts.write("c1", "a note");
  drafts.open("c1", "reply");
  expect(drafts.mark("c1")).toEqual({ mode: "note", text: "a note" });
});

test("signing out leaves nothing of the user, and all of others", () => {
  const browser = shelf();
  begun(browser).write("c1", "mine");
  begun(browser, "st_2").write("c1", "theirs");
  new Kept(browser, "st_1").clear();
  expect(begun(browser).of("c1").reply).toBe("");
  expect(begun(browser, "st_2").of("c1").reply).toBe("theirs");
});

test("a browser without room keeps drafts while the tab lives", () => {
  const drafts = begun(shelf(true));
  drafts.write("c1", "here");
  expect(drafts.of("c1").reply).toBe("here");
});
