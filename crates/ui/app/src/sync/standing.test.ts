import { expect, test } from "vitest";
import type { Run, SyncStatus } from "../types";
import { standingOf } from "./standing";

const status = (change: Partial<SyncStatus>) =>
  ({
    state: "in_step",
    as_of: 2,
    stopped: null,
    waiting_since: null,
    to_decide: 0,
    to_create: 0,
    running: null,
    last_run: {} as Run,
    connection: { state: "connected", state_reason: null },
    mappings: [{ waiting_to_org: 0 }],
    ...change,
  }) as SyncStatus;
const standing = (change: Partial<SyncStatus>) => standingOf(status(change), (ms) => `t${ms}`);

test("nothing claims more than the last run that came to its end", () => {
  expect(standing({})).toMatchObject({ title: "As of the run at t2", short: "As of t2", kind: "teal" });
  expect(standing({ state: "never", as_of: null }).title).toBe("Not synced yet");
});

test("a run that was stopped says how far it came, as the hub says it", () => {
  const stopped = { done: 46_000, total: 180_042 };
  expect(standing({ state: "stopped", stopped }).title).toBe("Stopped at 46,000 of 180,042");
  expect(standing({ state: "stopped", stopped: { done: 4, total: null } }).title).toBe(
    "Stopped before all was read",
  );
});

test("what is to be decided and what waits are the hub's own figures", () => {
  expect(standing({ state: "to_decide", to_decide: 3 }).title).toBe("3 to decide");
  const mappings = [{ waiting_to_org: 2 }, { waiting_to_org: 1 }] as SyncStatus["mappings"];
  const behind = standing({ state: "behind", to_create: 4, mappings });
  expect(behind.title).toBe("7 changes wait for Salesforce");
  expect(behind.kind).not.toBe("teal");
});

test("an org that is away is waited for since a moment, with the reason", () => {
  const connection = { state: "unreachable", state_reason: "it answers nobody" } as SyncStatus["connection"];
  expect(standing({ state: "waiting", waiting_since: 5, connection })).toEqual({
    title: "Waiting for Salesforce since t5",
    hint: "It answers nobody.",
    short: "Waiting",
    kind: "amber",
  });
});

test("a run that failed says why, and the way out", () => {
  const last = { error: { text: "the password is over", fix: "sign in again" } } as Run;
  expect(standing({ state: "failed", last_run: last })).toEqual({
    title: "The last run failed",
    hint: "The password is over. Sign in again.",
    short: "Failed",
    kind: "red",
  });
});

test("while a run goes on its phase is said", () => {
  const running = { phase: "Reading Contact" } as Run;
  expect(standing({ state: "running", running }).title).toBe("Reading Contact");
});
