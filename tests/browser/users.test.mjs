// Several people at one browser, and what becomes of what they wrote: nothing of one's goes out in
// another's name or is seen by them, and nothing is lost but by signing out. Each test has users of its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, openWindow, until } from "./demo.mjs";
import { area, office, row, say } from "./office.mjs";

const at = office();
const { opened, somebody } = at;
const PASSWORD = "correct horse battery staple 9";
let made = 0;

/** A new user with a password, a member of the inbox; `admin` is a page of Priya's. */
async function user(admin, name) {
  const email = `user${++made}@example.com`;
  const added = await ask(admin, "POST", "/api/v1/staff", { email, name, role: "staff" });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  const it = { id: added.body.id, email, name };
  await givePassword(admin, it, PASSWORD);
  const inbox = (await ask(admin, "GET", "/api/v1/me")).body.inboxes[0].id;
  await ask(admin, "PUT", `/api/v1/inboxes/${inbox}/members/${it.id}`);
  return { ...it, inbox };
}

const givePassword = (admin, { id }, password) =>
  ask(admin, "PUT", `/api/v1/staff/${id}/password`, { password });

async function signIn(page, { email }, password = PASSWORD) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
}

/** Signs in by a link, as somebody else may who comes to the same browser. */
async function signInByLink(page, admin, { id }) {
  const { body } = await ask(admin, "POST", `/api/v1/staff/${id}/sign-in-link`);
  await page.goto(body.url);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/app/);
}

/** A browser of its own with a page of the user's; its texts reach the hub once `line.isUp`. */
async function browserOf(t, one) {
  const context = await openWindow(at.browser);
  t.after(() => context.close());
  const line = { isUp: true, tries: 0 };
  await context.route("**/messages", (route) => {
    if (route.request().method() !== "POST") return route.continue();
    line.tries++;
    return line.isUp ? route.continue() : route.abort();
  });
  const page = await context.newPage();
  await page.goto(at.demo.app);
  await signIn(page, one);
  return { context, page, line };
}

const textsOf = async (page, conversation) =>
  (await ask(page, "GET", `/api/v1/conversations/${conversation}/messages`)).body.items.map((it) => [
    it.author.name,
    it.text,
  ]);

async function write(page, conversation, text) {
  await page.goto(`${at.demo.app}/inbox/${conversation}`);
  await area(page).fill(text);
  await page.keyboard.press("Control+Enter");
  await page.getByText("Not sent yet.").waitFor();
}

test("what one user wrote waits for them, and never goes out in the name of who signs in next", async (t) => {
  const admin = await opened(t);
  const [ann, bo] = [await user(admin, "Ann Able"), await user(admin, "Bo Baker")];
  const [one, other] = [await somebody(admin), await somebody(admin)];
  const { context, page, line } = await browserOf(t, ann);
  line.isUp = false;
  await page.goto(`${at.demo.app}/inbox/${other.conversation}`);
  await area(page).fill("Half a text of Ann's");
  await write(page, one.conversation, "Words of Ann's");
  const second = await context.newPage();
  await signInByLink(second, admin, bo);
  line.isUp = true;
  await second.goto(at.demo.app);
  await page.getByText("You are Bo Baker here now").waitFor();
  line.tries = 0;
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await area(page).waitFor();
  assert.equal(await page.getByText("Words of Ann's").count(), 0);
  await page.goto(`${at.demo.app}/inbox/${other.conversation}`);
  await area(page).waitFor();
  assert.equal(await area(page).inputValue(), "");
  // The texts that wait are tried again within seconds.
  await new Promise((done) => setTimeout(done, 3_000));
  assert.equal(line.tries, 0);
  assert.deepEqual(await textsOf(admin, one.conversation), []);
  await second.goto(`${at.demo.app}/settings`);
  await second.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Tieline" }).waitFor();
  await signIn(page, ann);
  await until("it never left", async () => (await textsOf(admin, one.conversation)).length > 0);
  assert.deepEqual(await textsOf(admin, one.conversation), [["Ann Able", "Words of Ann's"]]);
  await page.goto(`${at.demo.app}/inbox/${other.conversation}`);
  await area(page).waitFor();
  assert.equal(await area(page).inputValue(), "Half a text of Ann's");
});

test("a page that has not heard of the next user does nothing in their name", async (t) => {
  const admin = await opened(t);
  const [ann, bo] = [await user(admin, "Ann Able"), await user(admin, "Bo Baker")];
  const one = await somebody(admin);
  const { context, page } = await browserOf(t, ann);
  // It hears of nobody, not of other tabs either, and nobody tells it who is signed in.
  await page.addInitScript(() => {
    window.BroadcastChannel = class {
      postMessage() {}
      close() {}
    };
  });
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await area(page).waitFor();
  let isDeaf = true;
  const hear = (route) => (isDeaf ? route.abort() : route.continue());
  await page.route("**/api/v1/me", hear);
  await page.route("**/api/v1/live*", hear);
  const second = await context.newPage();
  await signInByLink(second, admin, bo);
  await second.close();
  await page.getByRole("heading", { name: one.name, level: 1 }).waitFor();
  isDeaf = false;
  await page.getByRole("button", { name: "Close e" }).click();
  await page.getByText("You are Bo Baker here now").waitFor();
  const { status } = (await ask(admin, "GET", `/api/v1/conversations/${one.conversation}`)).body;
  assert.equal(status, "open");
});

test("what was written when a session ended otherwise than by signing out is there after signing in", async (t) => {
  const admin = await opened(t);
  const ann = await user(admin, "Ann Able");
  const [one, other] = [await somebody(admin), await somebody(admin)];
  const { page, line } = await browserOf(t, ann);
  line.isUp = false;
  await page.goto(`${at.demo.app}/inbox/${other.conversation}`);
  await area(page).fill("Half a text");
  await write(page, one.conversation, "On its way");
  await givePassword(admin, ann, `${PASSWORD}!`);
  await page.getByText("A message that has not left waits in this browser").waitFor();
  line.isUp = true;
  await signIn(page, ann, `${PASSWORD}!`);
  await until("it never left", async () => (await textsOf(admin, one.conversation)).length > 0);
  assert.deepEqual(await textsOf(admin, one.conversation), [["Ann Able", "On its way"]]);
  await row(page, other.name).getByText("Draft: Half a text").waitFor();
});

test("a conversation that one may no longer read goes from the screen, and one's own words stay", async (t) => {
  const admin = await opened(t);
  const ann = await user(admin, "Ann Able");
  const one = await somebody(admin);
  await say(admin, one.conversation, "What was said here");
  const { page } = await browserOf(t, ann);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await page.locator(".bubble").getByText("What was said here").waitFor();
  await area(page).fill("Half a text");
  await ask(admin, "DELETE", `/api/v1/inboxes/${ann.inbox}/members/${ann.id}`);
  await page.getByRole("heading", { name: "You may no longer read this conversation" }).waitFor();
  assert.equal(await page.getByText("What was said here").count(), 0);
  assert.equal(await page.locator(".composer, .facts").count(), 0);
  await page.locator("blockquote").getByText("Half a text").waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
  await until("it was not discarded", async () => (await page.locator("blockquote").count()) === 0);
  await page.getByRole("button", { name: "Back to the list" }).click();
  await page.getByText("No conversation is open").waitFor();
});

test("words that arrived while their answer was lost are not sent a second time in another form", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  let isFirst = true;
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    if (isFirst) await route.fetch();
    isFirst = false;
    return route.abort();
  });
  // The stream would tell that it arrived.
  await page.route("**/api/v1/live*", (route) => route.abort());
  await page.reload();
  await area(page).fill("See you on Monday");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByText("It was sent before").waitFor();
  assert.equal(await area(page).inputValue(), "");
  assert.equal(await page.locator(".leaving").count(), 0);
  assert.equal((await textsOf(page, one.conversation)).length, 1);
});
