// A demo of its own for a file of tests, with Priya signed in: each test has its own window and people.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ask, openBrowser, openWindow, signIn, startDemo } from "./demo.mjs";

/** Begins with the first test of the file and ends with its last. */
export function office(contacts = 90, leads = 10) {
  let session, people;
  let taken = 0;
  const it = {
    demo: null,
    browser: null,

    /** A window of Priya's, closed with the test. */
    async opened(t, options = {}) {
      const context = await openWindow(it.browser, { storageState: session, ...options });
      t.after(() => context.close());
      const page = await context.newPage();
      await page.goto(`${it.demo.app}/settings`);
      await page.getByRole("heading", { name: "Settings" }).waitFor();
      return page;
    },

    /** Somebody with a number of their own, and the conversation with them. */
    async somebody(page, name) {
      const at = taken++;
      const { id } = people[at];
      const { version } = (await ask(page, "GET", `/api/v1/contacts/${id}`)).body;
      const number = `+44113496${2000 + at}`;
      const fields = name
        ? { mobile_phone: number, first_name: "", last_name: name }
        : { mobile_phone: number };
      const changed = await ask(page, "PATCH", `/api/v1/contacts/${id}`, { version, fields });
      assert.equal(changed.status, 200, JSON.stringify(changed.body));
      const begun = await ask(page, "POST", "/api/v1/conversations", { contact_id: id });
      return { id, number, name: changed.body.name, conversation: begun.body.id };
    },
  };
  before(async () => {
    it.demo = await startDemo(contacts, leads);
    it.browser = await openBrowser();
    const context = await openWindow(it.browser);
    const page = await signIn(context, it.demo);
    people = (await ask(page, "GET", "/api/v1/contacts?limit=100")).body.items;
    session = await context.storageState();
    await context.close();
  });
  after(async () => {
    await it.browser?.close();
    await it.demo?.stop();
  });
  return it;
}

/** A text or, by its kind, a note of Priya's. */
export const say = (page, conversation, text, kind = "message") =>
  ask(page, "POST", `/api/v1/conversations/${conversation}/messages`, { text, kind });
export const area = (page, name = "Text message") => page.getByRole("textbox", { name, exact: true });
export const row = (page, name) => page.locator(".row").filter({ hasText: name });
