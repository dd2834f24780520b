// Starts the demo and a browser for a test, and stops both.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A demo with a few people; the addresses that it printed. */
export async function startDemo() {
  const data = mkdtempSync(join(tmpdir(), "tieline-browser-"));
  const child = spawn(process.env.TIELINE_BIN, ["demo", "--port", "0", "--contacts", "40", "--leads", "10", "--data", data], { stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  const address = (name) => new RegExp(`${name}\\s+(http\\S+)`).exec(told)?.[1];
  await new Promise((resolve, reject) => {
    child.on("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    child.stdout.on("data", (chunk) => {
      told += chunk;
      if (told.includes("Ctrl-C")) resolve();
    });
  });
  const stop = () => new Promise((resolve) => { child.removeAllListeners("exit"); child.on("exit", resolve); child.kill("SIGINT"); });
  return { signIn: address("Sign in"), app: address("Tieline  "), org: address("Salesforce"), phones: address("Phones"), stop };
}

export const openBrowser = () => {
  if (!CHROMIUM) throw new Error("Chromium is missing; install the Debian package chromium");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
};
