// Starts the demo and a browser for a test, and stops both. Each file of tests has its own demo, each
// test its own tab, so that none leans on another.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html" };

/** A demo with a few people; its addresses, and `control` for what goes on behind the org. */
export async function startDemo(contacts = 40, leads = 10) {
  const data = mkdtempSync(join(tmpdir(), "tieline-browser-"));
  const sizes = ["--contacts", `${contacts}`, "--leads", `${leads}`];
  const args = ["demo", "--json", "--port", "0", ...sizes, "--data", data];
  const child = spawn(process.env.TIELINE_BIN, args, { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  await new Promise((resolve, reject) => {
    child.on("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    child.stdout.on("data", (chunk) => {
      told += chunk;
      if (told.includes("\n")) resolve();
    });
  });
  const ready = JSON.parse(told);
  const { base_url: org, control_url, control_token } = ready.simulator;
  const stop = () =>
    new Promise((resolve) => {
      child.removeAllListeners("exit");
      child.on("exit", resolve);
      child.kill("SIGINT");
    });
  const control = async (method, path, body) => {
    const headers = { authorization: `Bearer ${control_token}`, "content-type": "application/json" };
    const answer = await fetch(control_url + path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  };
  return { signIn: ready.sign_in_link, app: ready.app_url, org, phones: ready.phones_url, control, stop };
}

export const openBrowser = () => {
  if (!CHROMIUM) throw new Error("Chromium is missing; install the Debian package chromium");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
};

/** A window of a user; with TIELINE_APP the app of that folder is shown instead of the embedded one. */
export async function openWindow(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    bypassCSP: true,
    locale: "en-GB",
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const dist = process.env.TIELINE_APP;
  if (dist) {
    await context.route(/\/app(\/|$|\?)/, (route) => {
      const name = new URL(route.request().url()).pathname.replace(/^\/app\/?/, "");
      const file = join(dist, name && existsSync(join(dist, name)) && extname(name) ? name : "index.html");
      return route.fulfill({ body: readFileSync(file), contentType: TYPES[extname(file)] });
    });
  }
  return context;
}

/** Signs in with the demo's link, which is good once, and waits for everybody to be there. */
export async function signIn(context, demo) {
  const page = await context.newPage();
  await page.goto(demo.signIn);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/app/);
  await page.goto(demo.app);
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await until("the first sync never ended", async () => {
    const status = await ask(page, "GET", "/api/v1/sync");
    return status.body.last_run?.finished_at && !status.body.running;
  });
  return page;
}

/** A request to the hub in the page's session. */
export const ask = (page, method, path, body) =>
  page.evaluate(
    async ([method, path, body]) => {
      const headers = { "content-type": "application/json", "idempotency-key": crypto.randomUUID() };
      const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      return { status: answer.status, body: await answer.json().catch(() => null) };
    },
    [method, path, body],
  );

export async function until(otherwise, holds, tries = 100) {
  for (let i = 0; !(await holds()); i++) {
    if (i >= tries) throw new Error(otherwise);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** The hub's only number in a demo. */
export const OUR_NUMBER = "+447700900010";

/** A text from a pretend phone. */
export async function textFrom(demo, phone, text) {
  const body = new URLSearchParams({ to: OUR_NUMBER, text });
  const answer = await fetch(`${demo.phones}/${phone}`, { method: "POST", body, redirect: "manual" });
  if (answer.status >= 400) throw new Error(`the phone answered ${answer.status}`);
}
