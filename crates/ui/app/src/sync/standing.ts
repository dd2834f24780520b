// How the two sides stand, in words that claim no more than the hub does.

import { sentence } from "../problem";
import type { SyncStatus } from "../types";
import { words } from "../words/sync";

export type Standing = {
  title: string;
  hint: string;
  /** Where there is room for a word or two. */
  short: string;
  kind: "" | "teal" | "amber" | "red";
};

/** What waits to go to Salesforce: records that lack a change made here, and people without a record. */
export const toSend = (it: SyncStatus) =>
  it.mappings.reduce((all, mapping) => all + mapping.waiting_to_org, it.to_create);

export function standingOf(it: SyncStatus, moment: (ms: number) => string): Standing {
  const { state, short } = words;
  const asOf = it.as_of === null ? null : moment(it.as_of);
  switch (it.state) {
    case "running":
      return { title: it.running?.phase ?? state.running, hint: "", short: short.running, kind: "" };
    case "never":
      return { title: state.never, hint: state.neverHint, short: short.never, kind: "" };
    case "waiting": {
      const since = it.waiting_since === null ? null : moment(it.waiting_since);
      const hint = it.connection.state_reason
        ? sentence({ message: it.connection.state_reason, fix: null })
        : "";
      return { title: state.waiting(since), hint, short: short.waiting, kind: "amber" };
    }
    case "failed": {
      const error = it.last_run?.error;
      const hint = error ? sentence({ message: error.text, fix: error.fix }) : "";
      return { title: state.failed, hint, short: short.failed, kind: "red" };
    }
    case "stopped": {
      const { done = 0, total = null } = it.stopped ?? {};
      const title = total === null ? state.stoppedShort : state.stopped(done, total);
      return { title, hint: state.stoppedHint, short: short.stopped, kind: "amber" };
    }
    case "to_decide": {
      const title = state.toDecide(it.to_decide);
      return { title, hint: state.toDecideHint(asOf), short: title, kind: "amber" };
    }
    case "behind":
      return { title: state.behind(toSend(it)), hint: state.behindHint(asOf), short: short.behind, kind: "" };
    case "in_step":
      return {
        title: state.asOf(asOf ?? ""),
        hint: state.asOfHint,
        short: short.asOf(asOf ?? ""),
        kind: "teal",
      };
  }
}
