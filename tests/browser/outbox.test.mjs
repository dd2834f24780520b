// What was written and has not reached the hub: shown, sent once, and given back to whoever wants it. Each
// test has its own window and its own people.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, until } from "./demo.mjs";
import { area, office } from "./office.mjs";

const at = office();
const { opened, somebody } = at;

test("what did not reach the hub is shown, sent again by itself with its key, and arrives once", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  const keys = [];
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(route.request().headers()["idempotency-key"]);
    // The first never arrives; the second does, and its answer is lost.
    if (keys.length === 2) await route.fetch();
    return keys.length < 3 ? route.abort() : route.continue();
  });
  await area(page).fill("Only once, please");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Not sent yet.").waitFor();
  assert.equal(await area(page).inputValue(), "");
  await page.reload();
  await page.locator(".bubble").getByText("Only once, please").waitFor();
  await until("it never arrived", async () => keys.length >= 2 && (await page.locator(".leaving").count()) === 0);
  assert.equal(new Set(keys).size, 1);
  assert.equal(await page.locator(".bubble").getByText("Only once, please").count(), 1);
  const { items } = (await ask(page, "GET", `/api/v1/conversations/${one.conversation}/messages`)).body;
  assert.equal(items.filter((it) => it.text === "Only once, please").length, 1);
});

test("of what waits one tab at a time decides: it is sent by one, or taken back from all", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  const address = `${at.demo.app}/inbox/${one.conversation}`;
  await page.goto(address);
  await page.route("**/messages", (route) =>
    route.request().method() === "POST" ? route.abort() : route.continue());
  let tens = 0;
  const openOther = async () => {
    const other = await page.context().newPage();
    await other.route("**/messages", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      tens++;
      await new Promise((done) => setTimeout(done, 2_000));
      await route.continue();
    });
    await other.goto(address);
    await area(other).waitFor();
    return other;
  };
  const write = async (text) => {
    await area(page).fill(text);
    await page.keyboard.press("Control+Enter");
    await page.getByText("Not sent yet.").waitFor();
  };
  await write("We meet at TEN");
  const other = await openOther();
  await until("the other tab sent nothing", async () => tens === 1);
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByText("It was sent before, as it stands above.").waitFor();
  assert.equal(await area(page).inputValue(), "");
  await other.close();
  // Now the other way: while it is asked whether it arrived, another tab opens.
  await write("We meet at NINE");
  await page.route(/messages\?/, async (route) => {
    await new Promise((done) => setTimeout(done, 3_000));
    await route.continue();
  });
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByText("Asking whether it left").waitFor();
  assert.ok(await page.getByRole("button", { name: "Discard" }).isDisabled());
  const third = await openOther();
  await until("it was not taken back", async () => (await area(page).inputValue()) === "We meet at NINE");
  await until("it waits there still", async () => (await third.locator(".leaving").count()) === 0);
  await new Promise((done) => setTimeout(done, 500));
  assert.equal(tens, 1);
  const { items } = (await ask(page, "GET", `/api/v1/conversations/${one.conversation}/messages`)).body;
  assert.deepEqual(items.map((it) => it.text), ["We meet at TEN"]);
});

test("an answer that comes late takes back nothing that the stream told of the text", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  let answer = () => {};
  await page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    const response = await route.fetch();
    await new Promise((done) => (answer = done));
    return route.fulfill({ response });
  });
  await area(page).fill("On its way");
  await page.keyboard.press("Control+Enter");
  const state = page.locator(".said .state").getByText("Delivered");
  await state.waitFor();
  const late = page.waitForResponse((it) => it.request().method() === "POST" && it.url().endsWith("/messages"));
  answer();
  await late;
  await new Promise((done) => setTimeout(done, 500));
  assert.equal(await state.count(), 1);
});

test("what the hub refused is one bubble with the reason, Send again and Discard, also after a reload", async (t) => {
  const page = await opened(t);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  const problem = { code: "refused", detail: "the text may not be sent", fix: "write another", status: 422 };
  await page.route("**/messages", (route) =>
    route.request().method() === "POST" ? route.fulfill({ status: 422, json: problem }) : route.continue());
  await area(page).fill("Refused words");
  await page.keyboard.press("Control+Enter");
  await page.getByText("The text may not be sent. Write another.").waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await page.reload();
  await page.getByText("The text may not be sent. Write another.").waitFor();
  assert.equal(await page.locator(".bubble").getByText("Refused words").count(), 1);
  await area(page).fill("Other words");
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByText("Other words stand in the composer.").waitFor();
  assert.equal(await area(page).inputValue(), "Other words");
  await page.getByRole("button", { name: "Discard" }).click();
  await until("it was not discarded", async () => (await page.locator(".leaving").count()) === 0);
  await page.reload();
  await page.getByText("Nothing was said yet").waitFor();
});
