// The README's story in a browser: sign in, see who is there, edit, sync, text, be answered, STOP.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { openBrowser, openWindow, startDemo } from "./demo.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = process.env.TIELINE_SHOTS;
const PERSON = "Rose Gonzalez";
let demo, browser, page, phone, thread, run, contact;

before(async () => {
  demo = await startDemo();
  browser = await openBrowser();
  const context = await openWindow(browser);
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const inOrg = async (path) => (await (await fetch(demo.org + path)).text());

const until = async (otherwise, holds) => {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 50, otherwise);
    await page.waitForTimeout(200);
  }
};

test("the printed link leads to a button that signs in, once; looking uses nothing up", async () => {
  for (const method of ["HEAD", "GET"]) {
    const looked = await fetch(demo.signIn, { method });
    assert.equal(looked.status, 200);
    assert.equal(looked.headers.get("set-cookie"), null);
  }
  await page.goto(demo.signIn);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/app/);
  await page.reload();
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  const again = await fetch(demo.signIn, { method: "POST", redirect: "manual" });
  assert.match(again.headers.get("location"), /link=over/);
});

test("the first sync brings everybody in, and its run shows what it did", async () => {
  await page.getByRole("link", { name: "Sync", exact: true }).click();
  await page.getByText("As of the run at").waitFor({ timeout: 30_000 });
  await page.locator("table tbody tr a").first().click();
  await page.getByText("Created").first().waitFor();
  run = page.url();
});

test("an edit of a contact arrives in Salesforce", async () => {
  await page.getByRole("link", { name: "Contacts", exact: true }).click();
  await page.getByLabel("Search contacts").fill(PERSON);
  await page.getByRole("link", { name: PERSON }).first().click();
  await page.getByLabel("Title", { exact: true }).fill("Head of procurement");
  await page.getByLabel("Title", { exact: true }).blur();
  await page.getByText("Title saved").waitFor();
  await until("the org never got the title", async () =>
    (await inOrg("/records/Contact?q=Rose")).includes("Head of procurement"));
});

test("a text goes out and its receipt is shown", async () => {
  // The sample's numbers are made up; this one the pretend carrier takes.
  await page.getByLabel("Mobile", { exact: true }).fill("+441134960555");
  await page.getByLabel("Mobile", { exact: true }).blur();
  await page.getByText("Mobile saved").waitFor();
  await page.getByRole("button", { name: "Write a text" }).click();
  await page.getByRole("textbox", { name: "Text message" }).fill("Hello Rose, the forms are ready.");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Delivered").waitFor();
});

test("an answer from the phone is seen live", async () => {
  phone = await page.context().newPage();
  await phone.goto(`${demo.phones}`);
  await phone.getByRole("link").filter({ hasText: "+44" }).first().click();
  await phone.getByLabel("Text").fill("Thank you, I will fetch them.");
  await phone.getByRole("button", { name: "Send" }).click();
  await page.locator(".bubble").getByText("Thank you, I will fetch them.").waitFor();
});

test("the pretend org shows the day's texts on her record, and the phones say whose they are", async () => {
  await phone.goto(demo.phones);
  await phone.getByRole("listitem").filter({ hasText: PERSON }).getByRole("link").click();
  await phone.getByLabel("Text").waitFor();
  const org = await page.context().newPage();
  await org.goto(`${demo.org}/records/Contact?q=Rose`);
  await org.getByRole("row").filter({ hasText: "Gonzalez" }).getByRole("link").click();
  await org.getByRole("heading", { name: "Activity" }).waitFor({ timeout: 30_000 });
  await org.getByText("Hello Rose, the forms are ready.").waitFor();
  await org.setViewportSize({ width: 390, height: 844 });
  for (const path of ["", "/records/Contact", "/phones", new URL(org.url()).pathname]) {
    await org.goto(demo.org + path);
    const wide = await org.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${path || "/"} is ${wide} px wide`);
  }
  await org.close();
});

test("the app leads to the pretend org and the phones", async () => {
  await page.getByRole("button", { name: "Demo" }).click();
  const menu = page.locator("#demo-links");
  assert.equal(await menu.getByRole("link", { name: /^Salesforce/ }).getAttribute("href"), demo.org);
  assert.equal(await menu.getByRole("link", { name: /^Phones/ }).getAttribute("href"), demo.phones);
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "hidden" });
});

test("STOP takes the send button away and says why", async () => {
  await phone.getByLabel("Text").fill("STOP");
  await phone.getByRole("button", { name: "Send" }).click();
  await page.getByText("They cannot be texted.").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Send/ }).count(), 0);
});

test("an edit in Salesforce comes in with a run that staff start, each field before and after", async () => {
  thread = page.url();
  // Runs that changes here asked for must be over, or one of them would bring the title along.
  await page.goto(`${demo.app}/sync`);
  const isQuiet = () => page.evaluate(async () => {
    const status = await (await fetch("/api/v1/sync")).json();
    return status.running === null && status.state === "in_step";
  });
  let quiet = 0;
  await until("the sync never came to rest", async () => (quiet = (await isQuiet()) ? quiet + 1 : 0) > 12);
  const org = await page.context().newPage();
  await org.goto(`${demo.org}/records/Contact?q=Rose`);
  await org.getByRole("row").filter({ hasText: "Gonzalez" }).getByRole("link").click();
  await org.getByLabel("Title").fill("Head of purchasing");
  await org.getByRole("button", { name: "Save" }).click();
  await until("the org never kept the title", async () =>
    (await inOrg("/records/Contact?q=Rose")).includes("Head of purchasing"));
  await org.close();
  await page.getByRole("button", { name: "Start sync" }).click();
  const newest = page.locator("table.figures tbody tr").filter({ hasText: "Priya Nair" }).first();
  await newest.filter({ hasText: "Done" }).waitFor();
  assert.equal(await newest.locator("td").nth(4).innerText(), "1", "one contact was updated here");
  await newest.getByRole("link").click();
  await page.locator("main").getByText("Head of purchasing").first().waitFor();
});

test("whether a delete in Salesforce counts here is a setting", async () => {
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  const choice = page.getByLabel("When a record is deleted in Salesforce").first();
  await choice.selectOption("ignore");
  await page.getByText("It holds from the next run on").waitFor();
  await page.reload();
  assert.equal(await choice.inputValue(), "ignore");
  await choice.selectOption("honour");
});

test("the keyboard moves, notes and lists its keys", async () => {
  await page.goto(thread);
  await page.getByText("They cannot be texted.").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".scroll").focus();
  await page.keyboard.press("n");
  await page.getByLabel("Note", { exact: true }).fill("Asked to be left alone.");
  await page.keyboard.press("Control+Enter");
  await page.getByText("only staff see this").waitFor();
});

test("Ctrl+K finds a person and goes there by keyboard alone", async () => {
  await page.goto(`${demo.app}/inbox`);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await page.keyboard.press("Control+k");
  const words = page.getByRole("combobox", { name: "Find a person, a place or an act" });
  await words.fill("Gonz");
  await page.getByRole("option", { name: PERSON }).filter({ hasNotText: "Conversation" }).waitFor();
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run("dialog[open]"));
  assert.deepEqual(violations.map((it) => it.id), []);
  await words.press("Enter");
  await page.getByRole("heading", { name: PERSON, level: 1 }).waitFor();
  assert.match(page.url(), /contacts\/ct_/);
  contact = page.url();
});

/** What stands there now has no fault that axe finds. */
async function holds(told) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const faults = violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
  assert.deepEqual(faults, [], told);
}

test("no dialog has one either, at the desk and on a phone", async () => {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    await page.setViewportSize({ width, height });
    for (const [path, opener] of [["contacts", "New contact"], ["inbox", "New conversation"]]) {
      await page.goto(`${demo.app}/${path}`);
      await page.getByRole("button", { name: opener }).first().click();
      await page.getByRole("dialog").waitFor();
      await holds(`${opener} at ${width}`);
    }
  }
});

test("no screen has a fault that axe finds, and none is wider than its window", async () => {
  const base = demo.app;
  for (const [width, height] of [[1440, 900], [390, 844], [320, 700]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const [name, url] of [["inbox", `${base}/inbox`], ["thread", thread], ["contacts", `${base}/contacts`], ["contact", contact], ["sync", `${base}/sync`], ["run", run], ["settings", `${base}/settings`], ["parts", `${base}/parts`]]) {
        await page.goto(url);
        await page.waitForLoadState("load");
        await page.locator("main").waitFor();
        await page.waitForTimeout(300);
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${width}-${colorScheme}.png` });
        await holds(`${name} at ${width}, ${colorScheme}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${name} is ${overflow} px too wide at ${width}`);
      }
    }
  }
});
