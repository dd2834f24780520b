// Hands: by keyboard alone, on a small screen, with a pointer that goes for a row.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, textFrom, until } from "./demo.mjs";
import { area, office, row, say } from "./office.mjs";

const at = office();
const { opened, somebody } = at;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const focused = (page) =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.tagName);

test("the first Tab offers to skip to the text, and Escape leaves it for the thread", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await area(page).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "Text message");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "Messages");
});

test("j goes down the list with the row in sight, and z takes back what e closed", async (t) => {
  const page = await opened(t);
  const people = [];
  for (let i = 0; i < 16; i++) people.push(await somebody(page));
  for (const it of people) await say(page, it.conversation, "Somebody to move past");
  await page.goto(`${at.demo.app}/inbox`);
  await page.locator(".row").nth(9).waitFor();
  for (let i = 0; i < 16; i++) await page.keyboard.press("j");
  const current = page.locator(".row[aria-current]");
  await current.waitFor();
  const [line, box] = [await current.boundingBox(), await page.locator(".rows").boundingBox()];
  assert.ok(line.y >= box.y && line.y + line.height <= box.y + box.height + 1, "the marked row is in sight");
  const id = page.url().match(/conv_\w+/)[0];
  const status = async () => (await ask(page, "GET", `/api/v1/conversations/${id}`)).body.status;
  await page.keyboard.press("e");
  await until("it was never closed", async () => (await status()) === "closed");
  await page.locator(".toast").getByText("Closed.").waitFor();
  await page.keyboard.press("z");
  await until("it was never opened again", async () => (await status()) === "open");
  assert.ok(page.url().includes(id), "what was taken back is open");
});

test("what was closed by a slip of the hand waits for us again once that is undone", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await textFrom(at.demo, one.number, "Are you open on Sunday?");
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await page.locator(".bubble").getByText("Are you open on Sunday?").waitFor();
  const stands = async () => {
    const { status, turn } = (await ask(page, "GET", `/api/v1/conversations/${one.conversation}`)).body;
    return `${status}, ${turn}`;
  };
  assert.equal(await stands(), "open, ours");
  await page.keyboard.press("e");
  await until("it was never closed", async () => (await stands()) === "closed, theirs");
  await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
  await until("it does not wait for us again", async () => (await stands()) === "open, ours");
});

test("where the facts slide over they are whole, Escape closes them, and the focus goes back", async (t) => {
  const page = await opened(t, { viewport: { width: 1024, height: 768 } });
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  const toggle = page.getByRole("button", { name: "Facts", exact: true });
  await toggle.click();
  const facts = page.getByRole("complementary", { name: "Facts" });
  await facts.waitFor();
  const link = facts.getByRole("link", { name: "Open the record in Salesforce" });
  const isOnTop = await link.evaluate((it) => {
    const { x, y, width, height } = it.getBoundingClientRect();
    return it.contains(document.elementFromPoint(x + width / 2, y + height / 2));
  });
  assert.ok(isOnTop, "the link to the record is under something");
  assert.ok(await facts.evaluate((it) => it.contains(document.activeElement)), "the focus came along");
  await page.keyboard.press("Escape");
  await until("they stay", async () => (await facts.count()) === 0);
  assert.equal(await focused(page), "Facts");
});

test("on a phone targets are 44 px, fields 16 px, and each figure of the sync stands by its object", async (t) => {
  const page = await opened(t, PHONE);
  const one = await somebody(page);
  const places = ["inbox", `inbox/${one.conversation}`, "contacts", `contacts/${one.id}`, "sync", "settings"];
  for (const place of places) {
    await page.goto(`${at.demo.app}/${place}`);
    await page.waitForTimeout(600);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button, select, input:not([type=checkbox]), textarea, .place, .row")]
        .filter((it) => it.checkVisibility({ visibilityProperty: true }) && !it.matches(".skip, .from-here"))
        .filter((it) => it.getBoundingClientRect().height < 43.5)
        .map((it) => it.outerHTML.slice(0, 80)));
    assert.deepEqual(small, [], `${place}: too small for a finger`);
    const tiny = await page.evaluate(() =>
      [...document.querySelectorAll("input:not([type=checkbox]), select, textarea")]
        .filter((it) => it.checkVisibility() && Number.parseFloat(getComputedStyle(it).fontSize) < 16)
        .map((it) => it.outerHTML.slice(0, 80)));
    assert.deepEqual(tiny, [], `${place}: phones zoom into it`);
  }
  await page.goto(`${at.demo.app}/contacts/${one.id}`);
  const numbers = await page.getByRole("heading", { name: "Numbers" }).boundingBox();
  const known = await page.getByRole("heading", { name: "What we know" }).boundingBox();
  assert.ok(numbers.y < known.y, "numbers and consent go before the fields");
  await page.goto(`${at.demo.app}/sync`);
  const status = (await ask(page, "GET", "/api/v1/sync")).body;
  for (const { object, records } of status.mappings) {
    const name = await page.locator(".sides .end").getByText(object, { exact: true }).boundingBox();
    const figure = page.locator(".sides .end.right b").getByText(`${records}`, { exact: true });
    const beside = await Promise.all((await figure.all()).map((it) => it.boundingBox()));
    assert.ok(beside.some((it) => it && Math.abs(it.y - name.y) < 24), `${object} has its figure beside it`);
  }
});

test("on a phone the thread says whether they may be texted, and leads to the facts", async (t) => {
  const page = await opened(t, PHONE);
  const one = await somebody(page);
  await textFrom(at.demo, one.number, "STOP");
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await page.getByText("They cannot be texted.").waitFor();
  const { gate } = (await ask(page, "GET", `/api/v1/conversations/${one.conversation}`)).body;
  await page.locator(".strip").getByText(gate.reason).waitFor();
  await page.locator(".strip").click();
  await page.getByRole("complementary", { name: "Facts" }).getByText("Not allowed").waitFor();
});

test("a conversation that is not there leads back to the list, on a phone as well", async (t) => {
  const page = await opened(t, { viewport: { width: 390, height: 844 } });
  await page.goto(`${at.demo.app}/inbox/conv_00000000000000000000000000000000`);
  await page.getByRole("button", { name: "Back to the list" }).click();
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
});

test("rows do not move while a hand goes for one of them, and do once it rests", async (t) => {
  const page = await opened(t);
  const [one, other] = [await somebody(page), await somebody(page)];
  for (const it of [one, other]) {
    await textFrom(at.demo, it.number, `Waits ${it.name}`);
    await page.waitForTimeout(300);
  }
  const newcomer = await somebody(page);
  await page.goto(`${at.demo.app}/inbox?view=all`);
  const names = () => page.locator(".row .name").allInnerTexts();
  await until("the texts never came", async () => (await names()).includes(other.name));
  const list = await page.locator(".rows").boundingBox();
  const order = async () => (await names()).slice(0, 5).join();
  const before = await order();
  let sent;
  for (let i = 0; i < 12; i++) {
    await page.mouse.move(list.x + 100 + i, list.y + 200 + (i % 3));
    // They come while the hand is on its way already.
    sent ??= Promise.all([
      textFrom(at.demo, one.number, "Now the last"),
      textFrom(at.demo, newcomer.number, "Somebody new"),
    ]);
    await page.waitForTimeout(120);
    assert.equal(await order(), before, "a row moved under the pointer");
  }
  await sent;
  await until("what came never showed", async () => (await order()) !== before);
});

test("a search looks through what a run changed, and its tabs count what they show", async (t) => {
  const page = await opened(t);
  const { items } = (await ask(page, "GET", "/api/v1/sync/runs")).body;
  const first = items.find((it) => it.trigger === "first") ?? items.at(-1);
  await page.goto(`${at.demo.app}/sync/${first.id}`);
  const { to_hub } = first.counts;
  const made = to_hub.created + to_hub.updated + to_hub.deleted + to_hub.failed;
  await page.getByRole("link", { name: `To Tieline ${made}`, exact: true }).click();
  const { body } = await ask(page, "GET", `/api/v1/sync/runs/${first.id}/changes?direction=to_hub&limit=200`);
  assert.equal(body.items.length, made, "the tab counts what it shows");
  const entry = body.items.find((it) => it.contact?.name);
  await page.getByLabel("Search what the run changed").fill(entry.contact.name);
  await page.getByText(new RegExp(`\\d+ of ${made} entries`)).waitFor();
  await page.locator(".changes").getByText(entry.contact.name).first().waitFor();
  assert.ok((await page.locator(".changes li").count()) < made);
  await page.reload();
  assert.equal(await page.getByLabel("Search what the run changed").inputValue(), entry.contact.name);
  await page.goto(`${at.demo.app}/sync/run_nope`);
  await page.getByText("There is no such run").waitFor();
});
