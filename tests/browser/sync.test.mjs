// The sync as it is said: what was compared and when, what waits, what goes on now.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, until } from "./demo.mjs";
import { office } from "./office.mjs";

const at = office();
const { opened } = at;

test("words of the sync claim no more than the hub does, on the page and in the rail", async (t) => {
  const page = await opened(t);
  const status = (await ask(page, "GET", "/api/v1/sync")).body;
  const since = new Date(status.as_of).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const away = { ...status.connection, state: "unreachable", state_reason: "it answers nobody" };
  for (const [change, words, short] of [
    [{ state: "in_step" }, `As of the run at ${since}`, `As of ${since}`],
    [{ state: "stopped", stopped: { done: 46_000, total: 180_042 } }, "Stopped at 46,000 of 180,042", "Stopped"],
    [{ state: "to_decide", to_decide: 1 }, "1 to decide", "1 to decide"],
    [{ state: "behind", to_create: 2 }, "2 changes wait for Salesforce", "On its way"],
    [
      { state: "waiting", waiting_since: status.as_of, connection: away },
      `Waiting for Salesforce since ${since}`,
      "Waiting",
    ],
  ]) {
    await page.route("**/api/v1/sync", (route) => route.fulfill({ json: { ...status, ...change } }));
    await page.goto(`${at.demo.app}/sync`);
    await page.locator(".standing").getByText(words).waitFor();
    await page.locator(".place.line").getByText(short, { exact: true }).waitFor();
    assert.equal(await page.getByText(/In step/).count(), 0);
  }
});

test("a run that goes on shows what it has done by now, on the page and on its own", async (t) => {
  const page = await opened(t);
  const slow = { path: "/composite", mishap: { kind: "slow", delay_ms: 4_000 }, times: 2 };
  // Reading is what takes long.
  const late = { path: "/query", method: "GET", mishap: { kind: "slow", delay_ms: 3_000 }, times: 3 };
  for (const it of [slow, late]) await at.demo.control("POST", "/faults", it);
  t.after(() => at.demo.control("DELETE", "/faults"));
  await page.goto(`${at.demo.app}/sync`);
  await page.getByRole("button", { name: "Start sync" }).click();
  await page.locator(".standing progress").waitFor();
  await page.locator(".place.line").getByText("Syncing").waitFor();
  const newest = page.locator("table.figures tbody tr").first();
  await newest.filter({ hasText: "Running" }).waitFor();
  await newest.getByRole("link").click();
  const total = page.locator(".totals div").filter({ hasText: "API calls" }).locator("dd");
  const calls = async () => Number(await total.innerText());
  await page.getByRole("status").filter({ has: page.locator("progress") }).waitFor();
  const before = await calls();
  const tag = page.locator(".title .tag");
  await until("the figures stood still while it ran", async () =>
    (await calls()) > before && (await tag.innerText()) === "Running");
  await tag.getByText("Done").waitFor({ timeout: 30_000 });
});

test("starting a sync is busy at once, and says what came of it", async (t) => {
  const page = await opened(t);
  await page.goto(`${at.demo.app}/sync`);
  const start = page.getByRole("button", { name: "Start sync" });
  await start.waitFor();
  await page.route("**/sync/runs", async (route) => {
    if (route.request().method() === "POST") await new Promise((done) => setTimeout(done, 2_000));
    await route.continue();
  });
  await start.click();
  const busy = page.getByRole("button", { name: "Starting" });
  await busy.waitFor({ timeout: 1_500 });
  assert.ok(await busy.isDisabled());
  await page.locator(".toast").getByText(/Nothing to do, \d+ API calls?\.|\d+ in, \d+ out/).waitFor();
});

