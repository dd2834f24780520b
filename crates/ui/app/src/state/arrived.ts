// Whether the hub has a text, whatever became of the answers.

import { KEPT_DAYS } from "./kept";
import type { Outgoing } from "./outbox";
import type { ThreadPage } from "./thread";

/** A text may have left as long before its time as it waits; a clock of this machine may be wrong. */
const BEFORE_MS = KEPT_DAYS * 24 * 60 * 60 * 1_000;

/** Looks through the thread from its end, until what was said long before the text. */
export async function hasArrived(
  it: Outgoing,
  pageBefore: (seq: number | undefined) => Promise<ThreadPage>,
): Promise<boolean> {
  for (let seq: number | undefined; ; ) {
    const { items, has_more } = await pageBefore(seq);
    if (items.some((message) => message.client_key === it.key)) return true;
    const oldest = items[0];
    if (!oldest || !has_more || oldest.at < it.at - BEFORE_MS) return false;
    seq = oldest.seq;
  }
}
