import { expect, test } from "vitest";
import type { Run } from "../types";
import { linesOf } from "./quiet_runs";

const run = (id: string, change: Partial<Run> = {}) =>
  ({ id, found_nothing: true, state: "done", trigger: "change", ...change }) as Run;
const shape = (runs: Run[]) =>
  linesOf(runs).map((it) => (it.kind === "run" ? it.run.id : it.runs.map((r) => r.id)));

test("runs that found nothing, one after the other, are one line", () => {
  const busy = run("b", { found_nothing: false });
  expect(shape([run("1"), run("2"), busy, run("3"), run("4"), run("5")])).toEqual([
    ["1", "2"],
    "b",
    ["3", "4", "5"],
  ]);
});

test("one alone stands for itself, and so does what somebody asked for, and what failed", () => {
  const asked = run("s", { trigger: "staff" });
  const failed = run("f", { state: "failed" });
  expect(shape([run("1"), asked, run("2"), failed])).toEqual(["1", "s", "2", "f"]);
});
