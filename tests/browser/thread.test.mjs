// The thread: who an unknown sender may be, jumps to what was found, where reading goes on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, openWindow, textFrom, until } from "./demo.mjs";
import { area, office, row, say } from "./office.mjs";

const at = office();
const { opened, somebody } = at;
const bubble = (page, text) => page.locator(".bubble").getByText(text, { exact: true });
/** The conversation in which somebody texted these words. */
async function talkOf(page, words) {
  const found = async () =>
    (await ask(page, "GET", `/api/v1/conversations?q=${encodeURIComponent(words)}`)).body.items[0];
  await until(`"${words}" never came`, found);
  return (await found()).id;
}
async function isInSight(page, line) {
  const [it, box] = [await line.boundingBox(), await page.locator(".scroll").boundingBox()];
  return !!it && it.y >= box.y - 1 && it.y + it.height <= box.y + box.height + 1;
}

test("somebody nobody knows is added as new, and the conversation is with them at once", async (t) => {
  const page = await opened(t);
  await textFrom(at.demo, "+447700900461", "My sister gave me your number");
  const id = await talkOf(page, "My sister gave me");
  await page.goto(`${at.demo.app}/inbox/${id}`);
  await page.getByText("Nobody has this number yet.").waitFor();
  await page.getByLabel("Name or number of the person").fill("Bridget Sisterly");
  await page.getByRole("button", { name: "Add Bridget Sisterly as new" }).click();
  await page.getByRole("heading", { name: "Bridget Sisterly", level: 1 }).waitFor();
  const { contact } = (await ask(page, "GET", `/api/v1/conversations/${id}`)).body;
  assert.equal(contact.name, "Bridget Sisterly");
});

test("a number that several have says so, and one of them is chosen", async (t) => {
  const page = await opened(t);
  const [one, other] = [await somebody(page), await somebody(page)];
  const shared = "+447700900463";
  for (const { id } of [one, other]) {
    const { version } = (await ask(page, "GET", `/api/v1/contacts/${id}`)).body;
    await ask(page, "PATCH", `/api/v1/contacts/${id}`, { version, fields: { mobile_phone: shared } });
  }
  await textFrom(at.demo, shared, "It is one of the two of us");
  const id = await talkOf(page, "one of the two");
  await page.goto(`${at.demo.app}/inbox/${id}`);
  await page.getByText("2 people have this number. Say who it is.").waitFor();
  await page.getByRole("button", { name: `This is ${other.name}` }).click();
  await page.getByRole("heading", { name: other.name, level: 1 }).waitFor();
});

test("a search marks what it found and leads to the message with what is around it", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  for (let i = 0; i < 70; i++) await say(page, one.conversation, `Before ${i}`);
  await say(page, one.conversation, "The heliotrope papers are ready");
  for (let i = 0; i < 160; i++) await say(page, one.conversation, `Line ${i}`);
  await page.goto(`${at.demo.app}/inbox`);
  await page.getByLabel("Search conversations").fill("heliotrope");
  await row(page, one.name).locator("mark").getByText("heliotrope").waitFor();
  await row(page, one.name).click();
  const found = page.locator(".found .bubble");
  await found.getByText("The heliotrope papers are ready").waitFor();
  await until("the message is not in sight", () => isInSight(page, found));
  assert.equal(await bubble(page, "Line 159").count(), 0, "what lies between was not brought");
  const read = await ask(page, "GET", `/api/v1/conversations/${one.conversation}`);
  assert.equal(read.status, 200);
  await page.locator(".scroll").evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await until("what came after never came", async () => {
    await page.locator(".scroll").evaluate((box) => box.scrollTo(0, box.scrollHeight));
    return (await bubble(page, "Line 159").count()) === 1;
  });
  assert.equal(await bubble(page, "Line 60").count(), 1, "without a gap");
});

test("from a message of long ago one press leads to the newest, and a text that is sent does too", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await say(page, one.conversation, "The vermilion papers are ready");
  for (let i = 0; i < 130; i++) await say(page, one.conversation, `Line ${i}`);
  const go = async () => {
    await page.goto(`${at.demo.app}/inbox?q=vermilion`);
    await row(page, one.name).click();
    await page.locator(".found").waitFor();
  };
  await go();
  await page.getByRole("button", { name: "To the newest" }).click();
  await until("the newest is not in sight", () => isInSight(page, bubble(page, "Line 129")));
  await go();
  await area(page).fill("Sent from far up");
  await page.keyboard.press("Control+Enter");
  await until("what was sent is not in sight", () => isInSight(page, bubble(page, "Sent from far up")));
});

test("one begins to read where one stopped, however much came in since", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await textFrom(at.demo, one.number, "Read long ago");
  const id = await talkOf(page, "Read long ago");
  await ask(page, "POST", `/api/v1/conversations/${id}/read`);
  for (let i = 0; i < 70; i++) await textFrom(at.demo, one.number, `Missed ${i}`);
  await until("the last never came", async () =>
    (await ask(page, "GET", `/api/v1/conversations/${id}`)).body.unread === 70);
  await page.goto(`${at.demo.app}/inbox/${id}`);
  const divider = page.getByText("New since you last looked");
  await divider.waitFor();
  await until("the divider is not in sight", () => isInSight(page, divider));
  await until("the first that was missed is not in sight", () => isInSight(page, bubble(page, "Missed 0")));
  const { unread } = (await ask(page, "GET", `/api/v1/conversations/${id}`)).body;
  assert.equal(unread, 70, "what was not looked at stays unread");
});

test("from a message of theirs on a conversation is marked as unread", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  for (const text of ["First of three", "Second of three", "Third of three"]) {
    await textFrom(at.demo, one.number, text);
    await talkOf(page, text);
    // Notes part them, so that each has a state line of its own.
    await say(page, one.conversation, `Note after ${text}`, "note");
  }
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await bubble(page, "Third of three").waitFor();
  const unread = async () =>
    (await ask(page, "GET", `/api/v1/conversations/${one.conversation}`)).body.unread;
  await until("it was never read", async () => (await unread()) === 0);
  const said = page.locator(".said").filter({ hasText: "Second of three" });
  await said.hover();
  await said.getByRole("button", { name: "Mark unread from here" }).click();
  await until("it is not unread", async () => (await unread()) === 2);
  await page.waitForTimeout(500);
  assert.equal(await unread(), 2, "what is left stays unread");
  await row(page, one.name).click();
  await page.getByText("New since you last looked").waitFor();
  const [line, second] = [page.locator(".fresh"), bubble(page, "Second of three")];
  assert.ok((await line.boundingBox()).y < (await second.boundingBox()).y);
  assert.ok((await line.boundingBox()).y > (await bubble(page, "First of three").boundingBox()).y);
});

/** Tom, signed in by a link that Priya made for him. */
async function tomAt(t, page, address) {
  const { staff_list } = (await ask(page, "GET", "/api/v1/me")).body;
  const tom = staff_list.find((it) => it.name.startsWith("Tom"));
  const link = await ask(page, "POST", `/api/v1/staff/${tom.id}/sign-in-link`);
  const context = await openWindow(at.browser);
  t.after(() => context.close());
  const theirs = await context.newPage();
  await theirs.goto(link.body.url);
  await theirs.getByRole("button", { name: "Sign in" }).click();
  await theirs.waitForURL(/\/app/);
  await theirs.goto(address);
  return theirs;
}

test("who else is at a conversation is said above the composer, in every tab, until they go", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  const address = `${at.demo.app}/inbox/${one.conversation}`;
  const present = (it, text) => it.locator(".present").getByText(text, { exact: true }).waitFor();
  await page.goto(address);
  const tom = await tomAt(t, page, address);
  await present(page, "Tom is looking");
  await present(tom, "Priya is looking");
  const second = await page.context().newPage();
  await second.goto(address);
  await present(second, "Tom is looking");
  await area(tom).fill("Shall I");
  await present(page, "Tom is writing");
  await present(second, "Tom is writing");
  await tom.goto(`${at.demo.app}/sync`);
  await until("Tom never went", async () => (await page.locator(".present").innerText()) === "", 150);
  assert.equal(await second.locator(".present").innerText(), "");
});

test("what could not be sent has its ways out in sight, however full the thread is", async (t) => {
  const page = await opened(t, { viewport: { width: 390, height: 560 } });
  const one = await somebody(page);
  for (let i = 0; i < 8; i++) await say(page, one.conversation, `Line ${i}`);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await bubble(page, "Line 7").waitFor();
  await page.route("**/messages", (it) => (it.request().method() === "POST" ? it.abort() : it.fallback()));
  await area(page).fill("Goes nowhere");
  await page.keyboard.press("Control+Enter");
  const discard = page.getByRole("button", { name: "Discard" });
  await discard.waitFor();
  await page.waitForTimeout(300);
  assert.ok(await isInSight(page, discard), "they are below the end");
});
