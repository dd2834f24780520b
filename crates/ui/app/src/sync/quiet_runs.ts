// Runs that found nothing and that nobody asked for stand together, so that what did something is seen.

import type { Run } from "../types";

export type Line = { kind: "run"; run: Run } | { kind: "quiet"; id: string; runs: Run[] };

/** From so many on, one after the other, they are one line. */
const TOGETHER = 2;

const isQuiet = (run: Run) => run.found_nothing && run.state === "done" && run.trigger !== "staff";

export function linesOf(runs: Run[]): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < runs.length; ) {
    let end = i;
    while (end < runs.length && isQuiet(runs[end]!)) end++;
    if (end - i >= TOGETHER) {
      lines.push({ kind: "quiet", id: runs[end - 1]!.id, runs: runs.slice(i, end) });
      i = end;
    } else lines.push({ kind: "run", run: runs[i++]! });
  }
  return lines;
}
