// How the two sides stand, in words that claim no more than is known.

import { sentence } from "../problem";
import type { SyncStatus } from "../types";
import { words } from "../words/sync";

export type Standing = { title: string; hint: string; kind: "" | "teal" | "amber" | "red" };

export function standingOf(it: SyncStatus, moment: (ms: number) => string): Standing {
  const last = it.last_run;
  const sum = (of: "conflicts" | "waiting_to_org") =>
    it.mappings.reduce((all, mapping) => all + mapping[of], 0);
  if (it.connection.state !== "connected")
    return { title: words.state.away, hint: it.connection.state_reason ?? "", kind: "amber" };
  if (it.state === "never" || !last)
    return { title: words.state.never, hint: words.state.neverHint, kind: "" };
  if (last.state === "failed") {
    const hint = last.error ? sentence({ message: last.error.text, fix: last.error.fix }) : "";
    return { title: words.state.failed, hint, kind: "red" };
  }
  if (last.state === "cancelled") {
    const { done, total } = last.progress;
    const title = total ? words.state.stopped(done, total) : words.state.stoppedShort;
    return { title, hint: words.state.stoppedHint, kind: "amber" };
  }
  const at = moment(last.finished_at ?? last.started_at);
  const conflicts = sum("conflicts");
  if (conflicts > 0)
    return { title: words.state.toDecide(conflicts), hint: words.state.toDecideHint(at), kind: "amber" };
  const waiting = sum("waiting_to_org");
  if (waiting > 0) return { title: words.state.behind(waiting), hint: words.state.behindHint, kind: "" };
  return { title: words.state.asOf(at), hint: words.state.asOfHint, kind: "teal" };
}
