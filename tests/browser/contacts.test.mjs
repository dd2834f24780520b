// Contacts: found by filters that the address keeps, their numbers told as they are read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, textFrom, until } from "./demo.mjs";
import { area, office } from "./office.mjs";

const at = office(220, 30);
const { opened, somebody } = at;
const rows = (page) => page.locator(".people-rows .person-row");
const change = async (page, id, fields) => {
  const { version } = (await ask(page, "GET", `/api/v1/contacts/${id}`)).body;
  const changed = await ask(page, "PATCH", `/api/v1/contacts/${id}`, { version, fields });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
};

test("filters and order are in the address, hold over a reload, and the total is the hub's", async (t) => {
  const page = await opened(t);
  const total = async (query) => (await ask(page, "GET", `/api/v1/contacts?limit=1&${query}`)).body.total;
  await page.goto(`${at.demo.app}/contacts`);
  await page.getByLabel("Which records").selectOption("Lead records");
  const leads = await total("object=Lead");
  await page.getByRole("status").getByText(`${leads} found`, { exact: true }).waitFor();
  await page.getByLabel("Order").selectOption("Last changed first");
  await until("the address does not say it", () => /record=Lead.*sort=changed/.test(page.url()));
  await page.reload();
  await page.getByRole("status").getByText(`${leads} found`, { exact: true }).waitFor();
  const first = (await ask(page, "GET", "/api/v1/contacts?limit=1&object=Lead&sort=changed")).body.items[0];
  await until("another is first", async () => (await rows(page).first().innerText()).includes(first.name));
  assert.equal(await page.getByLabel("Which records").inputValue(), "Lead");
  await page.getByLabel("Which records").selectOption("Only in Tieline");
  const unlinked = await total("linked=false");
  await page.getByRole("status").getByText(`${unlinked} found`, { exact: true }).waitFor();
});

test("who opted out and who has no number is found, and one comes back to the same list", async (t) => {
  const page = await opened(t);
  const [out, without] = [await somebody(page), await somebody(page)];
  await textFrom(at.demo, out.number, "STOP");
  await change(page, without.id, { mobile_phone: "", phone: "", home_phone: "", other_phone: "" });
  const has = async (query, id) =>
    (await ask(page, "GET", `/api/v1/contacts?${query}&ids=${id}`)).body.items.length === 1;
  await until("the STOP never came", () => has("opted_out=true", out.id));
  await page.goto(`${at.demo.app}/contacts`);
  const texting = page.getByLabel("Who can be texted");
  await texting.selectOption("Opted out");
  const row = rows(page).filter({ hasText: out.name });
  await row.getByLabel("Opted out").waitFor();
  await row.click();
  await page.getByRole("heading", { name: out.name, level: 1 }).waitFor();
  await page.getByRole("link", { name: "All contacts" }).click();
  await row.waitFor();
  assert.equal(await texting.inputValue(), "opted_out");
  await texting.selectOption("Without a number");
  await rows(page).filter({ hasText: without.name }).waitFor();
});

test("a number is told under the field as it is typed: how it is read, whose it is, why it is not", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await change(page, one.id, { country: "" });
  await page.goto(`${at.demo.app}/contacts/${one.id}`);
  const mobile = page.getByLabel("Mobile", { exact: true });
  const told = page.locator(".field.dirty [role=status]");
  for (const [typed, words] of [
    ["07700 900317", /Read as \+44/],
    ["+1 512 555 0111", /Read as \+1 512-555-0111, (the )?United States\./],
    ["07700 905500 (wife)", /Read as \+44 7700 905500/],
    ["123", /This is no phone number\. Nobody is texted there\./],
    ["07700 900317 / 07700 900318", /These are several numbers\./],
  ]) {
    await mobile.fill(typed);
    await told.getByText(words).waitFor();
  }
  await mobile.press("Escape");
});

test("a number that is none in their country is asked about before it is texted", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await change(page, one.id, { country: "United States", mobile_phone: "07700 900318", phone: "" });
  await page.goto(`${at.demo.app}/contacts/${one.id}`);
  await page.locator(".field").getByText("No number in their own country").waitFor();
  await page.getByRole("button", { name: "Write a text" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("+44 7700 900 318 is no number in their own country").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.match(page.url(), /contacts\/ct_/);
  await page.getByRole("button", { name: "Write a text" }).click();
  await dialog.getByRole("button", { name: "Text +44 7700 900 318" }).click();
  await area(page).waitFor();
});

test("a conversation begins with a number or a name, from the inbox", async (t) => {
  const page = await opened(t);
  const one = await somebody(page, "Zebulon-Begin");
  await page.goto(`${at.demo.app}/inbox`);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog", { name: "New conversation" });
  await dialog.getByLabel("Name or number").fill("12");
  await dialog.getByText("This is no phone number").waitFor();
  assert.equal(await dialog.getByRole("button", { name: /^Text / }).count(), 0);
  await dialog.getByLabel("Name or number").fill("07700 900 462");
  await dialog.getByText("Read as +44 7700 900462").waitFor();
  await dialog.getByRole("button", { name: "Text +44 7700 900462" }).click();
  await page.getByRole("heading", { name: "+44 7700 900 462", level: 1 }).waitFor();
  await until("the cursor is elsewhere", () => area(page).evaluate((it) => it === document.activeElement));
  await page.getByRole("button", { name: "New conversation" }).click();
  await dialog.getByLabel("Name or number").fill("Zebulon");
  // Each number of a person is a choice of its own.
  const tail = one.number.slice(-4);
  await dialog.getByRole("button", { name: new RegExp(`Zebulon-Begin.* ${tail}`) }).click();
  await page.getByRole("heading", { name: one.name, level: 1 }).waitFor();
  assert.ok(page.url().includes(one.conversation), "the conversation by this number");
});

test("a list is scrolled to its end, page after page, and the place is kept on coming back", async (t) => {
  const page = await opened(t);
  await page.goto(`${at.demo.app}/contacts`);
  await rows(page).first().waitFor();
  let last, cursor;
  do {
    const asked = `/api/v1/contacts?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    const { items, next_cursor } = (await ask(page, "GET", asked)).body;
    [last, cursor] = [items.at(-1), next_cursor];
  } while (cursor);
  const list = page.locator(".people-rows");
  await list.hover();
  const isThere = () => rows(page).filter({ hasText: last.name }).last().isVisible().catch(() => false);
  for (let i = 0; i < 60 && !(await isThere()); i++) {
    await page.mouse.wheel(0, 700);
    await page.waitForTimeout(60);
  }
  await rows(page).filter({ hasText: last.name }).last().waitFor();
  const top = await list.evaluate((it) => it.scrollTop);
  assert.ok(top > 8_000, `it was scrolled: ${top}`);
  await rows(page).filter({ hasText: last.name }).last().click();
  await page.getByRole("heading", { name: last.name, level: 1 }).waitFor();
  await page.getByRole("link", { name: "All contacts" }).click();
  await rows(page).filter({ hasText: last.name }).last().waitFor();
  const back = await list.evaluate((it) => it.scrollTop);
  assert.ok(Math.abs(back - top) < 60, `from ${top} to ${back}`);
});

/** Lets the hub do the next POST of a contact, and loses its answer. */
async function loseAnswer(page) {
  let isFirst = true;
  await page.route("**/api/v1/contacts", async (route) => {
    if (route.request().method() !== "POST" || !isFirst) return route.continue();
    isFirst = false;
    await route.fetch();
    return route.abort();
  });
}

test("a contact whose answer was lost is made once, with what was changed before the next try", async (t) => {
  const page = await opened(t);
  await page.goto(`${at.demo.app}/contacts`);
  await loseAnswer(page);
  await page.getByRole("button", { name: "New contact" }).click();
  const dialog = page.getByRole("dialog", { name: "New contact" });
  await dialog.getByLabel("Last name").fill("Lostagain");
  await dialog.getByRole("button", { name: "Add contact" }).click();
  await dialog.getByText("Tieline cannot be reached").waitFor();
  await dialog.getByLabel("First name").fill("Ann");
  await dialog.getByRole("button", { name: "Add contact" }).click();
  await page.getByText("Added once, with what you changed last.").waitFor();
  await page.getByRole("heading", { name: "Ann Lostagain", level: 1 }).waitFor();
  const found = (await ask(page, "GET", "/api/v1/contacts?q=Lostagain")).body;
  assert.deepEqual(found.items.map((it) => it.name), ["Ann Lostagain"]);
});

test("somebody new with a number is made once, also when their name is changed before the next try", async (t) => {
  const page = await opened(t);
  await textFrom(at.demo, "+447700900654", "Who am I?");
  const found = async () => (await ask(page, "GET", "/api/v1/conversations?q=Who+am+I")).body.items[0];
  await until("the text never came", found);
  await page.goto(`${at.demo.app}/inbox/${(await found()).id}`);
  await loseAnswer(page);
  // The stream would tell that it is done.
  await page.route("**/api/v1/live*", (route) => route.abort());
  await page.reload();
  const name = page.getByLabel("Name or number of the person");
  await name.fill("Newsome");
  await page.getByRole("button", { name: "Add Newsome as new" }).click();
  await page.getByText("Tieline cannot be reached").waitFor();
  await name.fill("Nora Newsome");
  await page.getByRole("button", { name: "Add Nora Newsome as new" }).click();
  await page.getByRole("heading", { name: "Nora Newsome", level: 1 }).waitFor();
  const people = (await ask(page, "GET", "/api/v1/contacts?q=Newsome")).body.items;
  assert.deepEqual(people.map((it) => it.name), ["Nora Newsome"]);
});
