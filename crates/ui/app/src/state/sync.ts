// How org and hub stand, and the runs.

import { signal } from "@preact/signals";
import { hub, told } from "../api";
import type { Run, SyncStatus } from "../types";
import { Records } from "./records";
import { onSignOut } from "./session";
import { soon } from "./soon";
import { ListWindow } from "./window";

const STATUS = "status";

export const status = new Records<SyncStatus>(() => told(hub.GET("/api/v1/sync")));
export const STATUS_ID = STATUS;

export const runs = new Records<Run>(
  (id) => told(hub.GET("/api/v1/sync/runs/{id}", { params: { path: { id } } })),
  // A run only goes on: what is over does not run again.
  (it, known) => known.finished_at !== null && it.finished_at === null,
);
export const runList = new ListWindow<Run>(async (cursor) => {
  const page = await told(
    hub.GET("/api/v1/sync/runs", { params: { query: { cursor: cursor ?? undefined } } }),
  );
  for (const it of page.items) runs.put(it.id, it);
  return page;
});
/** Rises as runs tell of themselves, so that an open run shows what it did. */
export const runTold = signal<Run | null>(null);

const SOON_MS = 500;
const refreshStatus = soon(SOON_MS, () => status.named([STATUS]));
/** Something moved between the two sides: who looks at the state asks anew. */
export function syncChanged() {
  refreshStatus();
}

/** A run as the stream or an act told of it. */
export function putRun(run: Run) {
  const isNew = !runList.items.peek()?.some((it) => it.id === run.id);
  runs.put(run.id, run);
  runTold.value = run;
  const known = status.at(STATUS).value.peek();
  const isOver = run.finished_at !== null;
  if (known && !isOver) status.put(STATUS, { ...known, state: "running", running: run });
  if (isOver || !known) syncChanged();
  if (isNew || isOver) void runList.changed();
}

onSignOut.push(() => {
  status.clear();
  runs.clear();
  runList.items.value = null;
});
