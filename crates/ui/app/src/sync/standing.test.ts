import { expect, test } from "vitest";
import type { Run, SyncStatus } from "../types";
import { standingOf } from "./standing";

const run = (change: Partial<Run>) =>
  ({ state: "done", started_at: 1, finished_at: 2, progress: { done: 0, total: null }, ...change }) as Run;
const status = (last: Run | null, mapping = {}, change: Partial<SyncStatus> = {}) =>
  ({
    state: "in_step",
    last_run: last,
    connection: { state: "connected", state_reason: null },
    mappings: [{ conflicts: 0, waiting_to_org: 0, ...mapping }],
    ...change,
  }) as SyncStatus;
const title = (it: SyncStatus) => standingOf(it, (ms) => `t${ms}`).title;

test("nothing claims more than the last run knew", () => {
  expect(title(status(run({})))).toBe("As of the run at t2");
  expect(title(status(null))).toBe("Not synced yet");
});

test("a run that was stopped says how far it came", () => {
  const stopped = run({ state: "cancelled", progress: { done: 46_000, total: 180_042 } });
  expect(title(status(stopped))).toBe("Stopped at 46,000 of 180,042");
});

test("what waits or is to be decided goes before what is equal", () => {
  expect(title(status(run({}), { conflicts: 1, waiting_to_org: 2 }))).toBe("1 to decide");
  expect(title(status(run({}), { waiting_to_org: 2 }))).toBe("2 changes wait for Salesforce");
});

test("a run that failed and an org that is away are said first", () => {
  const failed = run({ state: "failed", error: { text: "the password is over", fix: "sign in again" } });
  expect(standingOf(status(failed), String)).toEqual({
    title: "The last run failed",
    hint: "The password is over. Sign in again.",
    kind: "red",
  });
  const away = { connection: { state: "broken", state_reason: "It answers nobody." } } as never;
  expect(title(status(run({}), {}, away))).toBe("Salesforce cannot be reached");
});
