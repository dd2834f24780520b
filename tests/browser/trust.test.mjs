// What staff must be able to trust: nothing typed is lost or misdirected, what is open stays open, what
// is said is true. Each test has its own window and its own people.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, openWindow, textFrom, until } from "./demo.mjs";
import { area, office, row, say } from "./office.mjs";

const at = office();
const { opened, somebody } = at;

test("a note's draft never stands where a reply is sent from", async (t) => {
  const page = await opened(t);
  const [one, other] = [await somebody(page), await somebody(page)];
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await area(page).fill("Half a reply");
  await page.locator(".scroll").focus();
  await page.keyboard.press("n");
  await area(page, "Note").fill("She is late with every bill, do not tell her.");
  await row(page, other.name).click();
  await page.getByRole("heading", { name: other.name, level: 1 }).waitFor();
  await row(page, one.name).click();
  assert.match(await area(page, "Note").inputValue(), /late with every bill/);
  assert.equal(await page.getByRole("button", { name: /^Send/ }).count(), 0);
  await page.getByRole("button", { name: "Reply" }).click();
  assert.equal(await area(page).inputValue(), "Half a reply");
});

test("drafts are there after a reload and marked in the list, and gone once signed out", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await area(page).fill("Not finished");
  await page.reload();
  await area(page).waitFor();
  assert.equal(await area(page).inputValue(), "Not finished");
  await page.goto(`${at.demo.app}/inbox`);
  await row(page, one.name).getByText("Draft: Not finished").waitFor();
});

test("a field under the hand is never touched, and the other side's change is shown beside it", async (t) => {
  const page = await opened(t);
  const [one, other] = [await somebody(page), await somebody(page)];
  await page.goto(`${at.demo.app}/contacts/${one.id}`);
  const city = page.getByLabel("City", { exact: true });
  const before = await city.inputValue();
  await city.fill("Lond");
  const change = async (id, fields) => {
    const { version } = (await ask(page, "GET", `/api/v1/contacts/${id}`)).body;
    assert.equal((await ask(page, "PATCH", `/api/v1/contacts/${id}`, { version, fields })).status, 200);
  };
  await change(other.id, { title: "Somebody else's title" });
  await change(one.id, { title: "Changed by another" });
  await until("the change was never shown", async () =>
    (await page.getByLabel("Title", { exact: true }).inputValue()) === "Changed by another");
  assert.equal(await city.inputValue(), "Lond");
  assert.notEqual(before, "Lond");
  await change(one.id, { city: "Leeds" });
  await page.getByText("Changed meanwhile to “Leeds”.").waitFor();
  assert.equal(await city.inputValue(), "Lond");
  await page.getByRole("button", { name: "Keep mine" }).click();
  await page.getByText("City saved").waitFor();
  assert.equal((await ask(page, "GET", `/api/v1/contacts/${one.id}`)).body.fields.city, "Lond");
});

test("a refused value stays with the reason, which names the field", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/contacts/${one.id}`);
  const email = page.getByLabel("Email", { exact: true });
  await email.fill("not an address");
  await email.blur();
  const reason = page.locator(".field .problem");
  await reason.waitFor();
  assert.match(await reason.innerText(), /^Email/);
  assert.match(await reason.innerText(), /\. Undo$/);
  assert.equal(await email.inputValue(), "not an address");
});

test("the address opens a conversation, in no list, closed or after a reload", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await say(page, one.conversation, "You can read this");
  await ask(page, "PATCH", `/api/v1/conversations/${one.conversation}`, { status: "closed" });
  for (const address of [one.conversation, `${one.conversation}?view=mine`, `${one.conversation}?q=nobody-has-this`]) {
    await page.goto(`${at.demo.app}/inbox/${address}`);
    await page.getByRole("heading", { name: one.name, level: 1 }).waitFor();
    await page.locator(".bubble").getByText("You can read this").waitFor();
  }
  await page.getByLabel("Search conversations").fill("other words");
  await page.getByText("Nothing found").waitFor();
  await page.locator(".bubble").getByText("You can read this").waitFor();
  await page.goto(`${at.demo.app}/inbox/conv_00000000000000000000000000000000`);
  await page.getByText("This conversation does not exist, or you may not see it").waitFor();
});

test("writing a text from a contact puts the cursor into it", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/contacts/${one.id}`);
  await page.getByRole("button", { name: "Write a text" }).click();
  await area(page).waitFor();
  await until("the cursor is elsewhere", () => area(page).evaluate((it) => it === document.activeElement));
});

test("counts move with what happens, in the rail, the tabs and the title", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox`);
  const counts = async () => (await ask(page, "GET", "/api/v1/conversations")).body.counts;
  const shown = async () => {
    const it = await counts();
    const badge = page.locator(".badge");
    const rail = (await badge.count()) ? Number(await badge.innerText()) : 0;
    const all = Number((await page.locator(".tabs a").first().innerText()).replace(/\D/g, ""));
    const title = Number(/\((\d+)\)/.exec(await page.title())?.[1] ?? 0);
    return rail === it.ours && all === it.all && title === it.ours;
  };
  await until("counts are not those of the hub", shown);
  const before = await counts();
  await textFrom(at.demo, one.number, "One more waits");
  await until("the text never came", async () => (await counts()).ours === before.ours + 1);
  await until("counts stood still as a text came", shown);
  await row(page, one.name).click();
  await page.keyboard.press("e");
  await page.getByText("Closed.").waitFor();
  await until("counts stood still as one was closed", shown);
});

test("what comes in appears only in the lists that it belongs to", async (t) => {
  const page = await opened(t);
  const [one, other] = [await somebody(page, "Wellington-Mine"), await somebody(page, "Nelson-Other")];
  const me = (await ask(page, "GET", "/api/v1/me")).body.staff.id;
  await ask(page, "PATCH", `/api/v1/conversations/${one.conversation}`, { assigned_to: me });
  await page.goto(`${at.demo.app}/inbox?view=mine`);
  await row(page, one.name).waitFor();
  await textFrom(at.demo, other.number, "I am in nobody's list");
  await textFrom(at.demo, one.number, "And I in yours");
  await row(page, "And I in yours").waitFor();
  assert.equal(await row(page, other.name).count(), 0);
  await page.goto(`${at.demo.app}/inbox?q=Wellington-Mine`);
  await row(page, one.name).waitFor();
  await textFrom(at.demo, other.number, "Nor in this search");
  await textFrom(at.demo, one.number, "But I am");
  await row(page, "But I am").waitFor();
  assert.equal(await row(page, other.name).count(), 0);
});

test("earlier messages come by scrolling, and the line that is read stays where it is", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  for (let i = 0; i < 120; i++) await say(page, one.conversation, `Line ${i}`);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await page.locator(".bubble").getByText("Line 119", { exact: true }).waitFor();
  const scroll = page.locator(".scroll");
  await scroll.evaluate((box) => box.scrollTo(0, 300));
  const line = page.locator(".bubble").getByText("Line 74", { exact: true });
  const top = async () => (await line.boundingBox()).y;
  const before = await top();
  await until("nothing earlier came", async () => (await page.locator(".bubble").count()) > 60);
  const moved = await scroll.evaluate((box) => box.scrollTop);
  assert.ok(moved > 600, `the place is kept by scrolling on: ${moved}`);
  assert.ok(Math.abs((await top()) - before) <= 2, `the line went from ${before} to ${await top()}`);
  assert.equal(await page.locator(".unseen").count(), 0);
});

test("who scrolls up while something changes is not taken back to the end", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  for (let i = 0; i < 30; i++) await say(page, one.conversation, `Line ${i}`);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await page.locator(".bubble").getByText("Line 29", { exact: true }).waitFor();
  const problem = { code: "refused", detail: "the text may not be sent", fix: "write another", status: 422 };
  await page.route("**/messages", (route) =>
    route.request().method() === "POST" ? route.fulfill({ status: 422, json: problem }) : route.continue());
  await area(page).fill("Refused words");
  await page.keyboard.press("Control+Enter");
  await page.getByText("The text may not be sent. Write another.").waitFor();
  // The change comes before the browser has told of the scrolling.
  const top = await page.locator(".scroll").evaluate(async (box) => {
    box.scrollTo(0, 100);
    [...box.querySelectorAll("button")].find((it) => it.textContent === "Discard").click();
    await new Promise((done) => setTimeout(done, 300));
    return box.scrollTop;
  });
  assert.equal(await page.locator(".leaving").count(), 0);
  assert.equal(top, 100);
});

test("the last line stays in sight as the composer grows, and too long a text cannot be sent", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  for (let i = 0; i < 30; i++) await say(page, one.conversation, `Line ${i}`);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  const last = page.locator(".bubble").getByText("Line 29", { exact: true });
  await last.waitFor();
  await area(page).fill("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight");
  const isAbove = async () => {
    const [line, box] = [await last.boundingBox(), await page.locator(".composer").boundingBox()];
    return line.y + line.height <= box.y;
  };
  await until("the composer covers what one answers", isAbove, 10);
  await area(page).fill("a".repeat(1_601));
  await page.getByText("1 too many: a text holds up to 1,600 characters").waitFor();
  assert.ok(await page.getByRole("button", { name: /^Send/ }).isDisabled());
});

test("signing out ends every tab, leaves nothing behind, and says when it did not happen", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.close();
  const context = await openWindow(at.browser);
  t.after(() => context.close());
  const first = await context.newPage();
  await first.goto(at.demo.app);
  const password = "correct horse battery staple 9";
  const own = await opened(t);
  const added = await ask(own, "POST", "/api/v1/staff", {
    email: `leaver@example.com`,
    name: "Lea Ver",
    role: "staff",
  });
  assert.equal(added.status, 201, JSON.stringify(added.body));
  await ask(own, "PUT", `/api/v1/staff/${added.body.id}/password`, { password });
  const inbox = (await ask(own, "GET", "/api/v1/me")).body.inboxes[0].id;
  await ask(own, "PUT", `/api/v1/inboxes/${inbox}/members/${added.body.id}`);
  await first.getByLabel("E-mail").fill(added.body.email);
  await first.getByLabel("Password").fill(password);
  await first.getByRole("button", { name: "Sign in" }).click();
  await first.getByRole("heading", { name: "Inbox" }).waitFor();
  const second = await context.newPage();
  await second.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await area(second).fill("A draft");
  await first.goto(`${at.demo.app}/settings`);
  await first.route("**/api/v1/session", (route) => route.abort());
  const leave = async () => {
    await first.getByRole("button", { name: "Sign out" }).first().click();
    await first.getByRole("dialog").getByText("1 draft is not finished.").waitFor();
    await first.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  };
  await leave();
  await first.getByText("You are still signed in.").waitFor();
  assert.equal(await area(second).inputValue(), "A draft");
  await first.unroute("**/api/v1/session");
  await leave();
  for (const page of [first, second]) await page.getByRole("heading", { name: "Sign in to Tieline" }).waitFor();
  const kept = await first.evaluate(() => Object.keys(localStorage).filter((it) => it.startsWith("tieline:")));
  assert.deepEqual(kept, []);
});

test("after ten seconds without an answer the app says so, and a page that waited fills by itself", async (t) => {
  const page = await opened(t);
  let isHung = true;
  const waiting = [];
  await page.route("**/api/v1/sync", (route) => (isHung ? waiting.push(route) : route.continue()));
  await page.getByRole("link", { name: "Sync", exact: true }).click();
  await page.getByText("Tieline has not answered for 10 seconds.").waitFor();
  isHung = false;
  for (const route of waiting) await route.abort();
  await page.getByText("As of the run at").waitFor();
});

test("the keyboard goes on to the next conversation, and the focus never falls out of the page", async (t) => {
  const page = await opened(t);
  const three = [await somebody(page), await somebody(page), await somebody(page)];
  for (const it of three) await textFrom(at.demo, it.number, "Waits");
  await page.goto(`${at.demo.app}/inbox`);
  const rows = page.locator(".row");
  await rows.nth(2).waitFor();
  await until("the texts never came", async () => (await page.locator(".row").getByText("Waits").count()) >= 3);
  await page.keyboard.press("j");
  await page.locator(".row[aria-current]").waitFor();
  const next = await rows.nth(1).locator(".name").innerText();
  await page.keyboard.press("e");
  await page.getByText("Closed.").waitFor();
  await page.getByRole("heading", { name: next, level: 1 }).waitFor();
  const focus = () => page.evaluate(() => document.activeElement?.tagName);
  assert.notEqual(await focus(), "BODY");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find a person" }).waitFor();
  await page.keyboard.press("Enter");
  assert.equal(await page.getByRole("dialog").count(), 1, "an Enter alone does nothing");
  await page.keyboard.press("Escape");
  await until("the focus fell out of the page", async () => (await focus()) !== "BODY", 5);
});

test("a contact on its way to Salesforce is in step again by itself once it is there", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/contacts/${one.id}`);
  await page.getByLabel("Department", { exact: true }).fill("Waiting room");
  await page.getByLabel("Department", { exact: true }).blur();
  await page.locator(".known").getByText("On its way to Salesforce").waitFor();
  await page.locator(".known").getByText("In step").waitFor();
});
