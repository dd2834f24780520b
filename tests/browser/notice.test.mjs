// Being told of texts while one looks elsewhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { textFrom, until } from "./demo.mjs";
import { office } from "./office.mjs";

const at = office();
const { opened, somebody } = at;

/** Notifications are kept in `shown` instead of shown, and the window counts as hidden. */
async function watched(page) {
  await page.addInitScript(() => {
    globalThis.shown = [];
    globalThis.asked = 0;
    globalThis.Notification = class {
      static permission = localStorage.getItem("test-permission") ?? "default";
      static async requestPermission() {
        globalThis.asked++;
        localStorage.setItem("test-permission", "granted");
        Notification.permission = "granted";
        return "granted";
      }
      constructor(title, options) {
        globalThis.shown.push({ title, ...options });
      }
      close() {}
    };
    globalThis.isAway = false;
    Object.defineProperty(document, "hidden", { get: () => globalThis.isAway });
    document.hasFocus = () => !globalThis.isAway;
  });
}
const away = (page, isAway) =>
  page.evaluate((it) => {
    globalThis.isAway = it;
    document.dispatchEvent(new Event("visibilitychange"));
  }, isAway);
const shown = (page) => page.evaluate(() => globalThis.shown);

test("who comes back to a text is offered notifications, is asked only then, and is told from then on", async (t) => {
  const page = await opened(t);
  await watched(page);
  const one = await somebody(page);
  await page.goto(`${at.demo.app}/inbox`);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await away(page, true);
  await textFrom(at.demo, one.number, "While you were away");
  await page.locator(".row").getByText("While you were away").waitFor();
  assert.equal(await page.evaluate(() => globalThis.asked), 0, "nobody asked to be told yet");
  await away(page, false);
  await page.getByRole("button", { name: "Notify me" }).click();
  await away(page, true);
  await textFrom(at.demo, one.number, "And once more");
  await until("nobody was told", async () => (await shown(page)).length > 0);
  const [first, ...more] = await shown(page);
  assert.equal(first.title, one.name);
  assert.equal(first.body, "And once more");
  assert.deepEqual(more, []);
});

test("what one looks at, a muted inbox, do not disturb and the one switch keep it quiet", async (t) => {
  const page = await opened(t);
  await watched(page);
  const one = await somebody(page);
  await page.evaluate(() => localStorage.setItem("test-permission", "granted"));
  await page.goto(`${at.demo.app}/settings`);
  await page.getByLabel("Notifications of the browser").check();
  let n = 0;
  /** How many were told of a text that comes in now. */
  const told = async () => {
    const before = (await shown(page)).length;
    const text = `Text ${n++}`;
    await textFrom(at.demo, one.number, text);
    await page.waitForTimeout(1_800);
    return (await shown(page)).length - before;
  };
  await away(page, true);
  assert.equal(await told(), 1, "one is told at first");
  const inbox = page.locator("fieldset").getByRole("checkbox").first();
  await inbox.uncheck();
  assert.equal(await told(), 0, "of a muted inbox");
  await inbox.check();
  await page.getByLabel("Do not disturb").selectOption("For an hour");
  assert.equal(await told(), 0, "while one is not to be disturbed");
  await page.getByLabel("Do not disturb").selectOption("No");
  assert.equal(await told(), 1, "after that");
  assert.match(await page.title(), /^\(\d+\)/);
  await page.getByLabel("Tell me of new texts").uncheck();
  assert.equal(await told(), 0, "once it is switched off");
  assert.doesNotMatch(await page.title(), /^\(\d+\)/);
  await page.getByLabel("Tell me of new texts").check();
  await page.goto(`${at.demo.app}/inbox/${one.conversation}`);
  await page.locator(".bubble").first().waitFor();
  assert.equal(await told(), 0, "of what one looks at");
});
