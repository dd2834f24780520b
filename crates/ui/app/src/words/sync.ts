// Words of the sync page, its runs and what they did.

import { count } from "../format";
import type { Counts } from "../types";

export const words = {
  title: "Sync",
  start: "Start sync",
  starting: "Starting",
  cancel: "Cancel",
  stopping: "Stopping",
  sides: "How the two sides stand",
  salesforce: "Salesforce",
  tieline: "Tieline",
  contactsTotal: (n: number) => `${count(n)} contacts`,
  changed: (when: string) => `changed ${when}`,
  counted: (when: string) => `counted ${when}`,
  state: {
    running: "A run goes on",
    never: "Not synced yet",
    neverHint: "The first sync brings everybody in. It writes nothing to Salesforce.",
    waiting: (since: string | null) =>
      since ? `Waiting for Salesforce since ${since}` : "Waiting for Salesforce",
    failed: "The last run failed",
    stopped: (done: number, total: number) => `Stopped at ${count(done)} of ${count(total)}`,
    stoppedShort: "Stopped before all was read",
    stoppedHint: "Start sync goes on from there.",
    toDecide: (n: number) => `${count(n)} to decide`,
    toDecideHint: (when: string | null) =>
      when ? `As of the run at ${when}. The conflicts are in the runs.` : "The conflicts are in the runs.",
    behind: (n: number) =>
      n === 1 ? "1 change waits for Salesforce" : `${count(n)} changes wait for Salesforce`,
    behindHint: (when: string | null) => (when ? `All else as of the run at ${when}.` : ""),
    asOf: (when: string) => `As of the run at ${when}`,
    asOfHint: "Both sides were equal then. What changes in Salesforce comes with the next run.",
  },
  /** The same where a word or two have room. */
  short: {
    running: "Syncing",
    never: "Not synced",
    waiting: "Waiting",
    failed: "Failed",
    stopped: "Stopped",
    behind: "On its way",
    asOf: (when: string) => `As of ${when}`,
  },
  progress: "Progress",
  ofRecords: (done: number, total: number) => `${count(done)} of ${count(total)} records`,
  counting: "Counting",
  left: (time: string) => `about ${time} left`,
  moving: (inward: number, outward: number) => `→ ${count(inward)} in, ← ${count(outward)} out`,
  wire: {
    off: "Off",
    toDecide: (n: number) => `${count(n)} to decide`,
    waiting: (n: number) => `${count(n)} waiting`,
    unread: "Not all read yet",
    unknown: "Not compared since",
    /** `more`: records of the org beyond those that are linked. */
    linked: (more: number) => (more > 0 ? `linked, ${count(more)} more there` : "linked"),
    equal: (when: string) => `Equal ${when}`,
    both: "both ways",
    to_hub: "into Tieline only",
    to_org: "into Salesforce only",
  },
  api: {
    title: "API calls, last 24 hours",
    org: (used: number, max: number) => `Whole org ${count(used)} of ${count(max)}`,
    of: (used: number, budget: number) => `${count(used)} of ${count(budget)} that Tieline may use`,
    bar: "API calls used",
    split: (runs: number, live: number, staff: number) =>
      `Runs ${count(runs)}, staff actions ${count(staff)}, what staff and texts cause ${count(live)}`,
  },
  runs: "Runs",
  columns: {
    started: "Started",
    by: "By",
    took: "Took",
    toHub: "To Tieline",
    toOrg: "To Salesforce",
    created: "Created",
    updated: "Updated",
    deleted: "Deleted",
    failed: "Failed",
    calls: "API calls",
    state: "State",
  },
  more: "Show more",
  triggers: { staff: "Staff", schedule: "Schedule", first: "First sync", change: "A change here" } as Record<
    string,
    string
  >,
  runStates: {
    running: "Running",
    cancelling: "Stopping",
    done: "Done",
    failed: "Failed",
    cancelled: "Cancelled",
  } as Record<string, string>,
  quietRuns: (n: number, from: string, to: string) => `${count(n)} runs found nothing, ${from} to ${to}`,
  calls: (n: number) => (n === 1 ? "1 API call" : `${count(n)} API calls`),
  outcome: {
    nothing: (calls: string) => `Nothing to do, ${calls}.`,
    done: (inward: number, outward: number, calls: string) =>
      `${count(inward)} in, ${count(outward)} out, ${calls}.`,
    failed: "The run failed.",
    cancelled: "The run was stopped.",
    look: "Open the run",
  },
  run: {
    title: (when: string) => `Run of ${when}`,
    back: "Back to sync",
    which: "Which changes",
    filters: { all: "All", to_hub: "To Tieline", to_org: "To Salesforce", failed: "Failed" },
    none_yet: "No changes yet",
    noneYetHint: "The run is at work. What it changes appears here.",
    nothing: "No changes",
    equal: "Both sides were equal already.",
    stopped: "It was stopped before it changed anything.",
    noneOfKind: "None of this kind in this run.",
    to: "to",
    noName: "A record without a name",
    totals: "What the run came to",
    goesOn: "goes on",
    total: (it: Counts) => {
      const parts = [
        it.created && `${count(it.created)} created`,
        it.updated && `${count(it.updated)} updated`,
        it.deleted && `${count(it.deleted)} deleted`,
        it.failed && `${count(it.failed)} failed`,
      ];
      return parts.filter(Boolean).join(", ") || "nothing";
    },
    search: "Search what the run changed",
    searchHint: "Name, field or value",
    found: (n: number, of: number, isOpen: boolean) =>
      `${count(n)} of ${count(of)} entries${isOpen ? " that were looked through" : ""}`,
    searchOn: "Look further",
    blank: "empty",
    moreFields: (n: number) => (n === 1 ? "Show 1 more field" : `Show ${n} more fields`),
    lessFields: "Show fewer",
  },
  acts: {
    create: "Created",
    update: "Updated",
    delete: "Deleted",
    link: "Linked",
    conflict: "To decide",
    failed: "Failed",
  } as Record<string, string>,
};
