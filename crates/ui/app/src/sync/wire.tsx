// One object of the org and the contacts that it is kept in step with, and the line between them.

import { count, moment } from "../format";
import type { Counts, Mapping, SyncStatus } from "../types";
import { words } from "../words/sync";

export function Wire({ mapping, status }: { mapping: Mapping; status: SyncStatus }) {
  const run = status.running;
  const counts = run?.by_object.find((it) => it.object === mapping.object);
  const sum = (it?: Counts) => (it ? it.created + it.updated + it.deleted : 0);
  return (
    <>
      <p class="end">
        {mapping.org_records !== null && <b>{count(mapping.org_records)}</b>}
        <span>{mapping.object}</span>
        <small>{mapping.org_counted_at ? words.counted(moment(mapping.org_counted_at)) : ""}</small>
      </p>
      <p class={`wire ${mapping.enabled ? "" : "off"}`}>
        {run && mapping.enabled ? (
          <span>{words.moving(sum(counts?.to_hub), sum(counts?.to_org))}</span>
        ) : (
          <Tag mapping={mapping} status={status} />
        )}
        <small>{words.wire[mapping.direction]}</small>
      </p>
      <p class="end right">
        <b>{count(mapping.records)}</b>
        <span>
          {words.wire.linked(mapping.org_records === null ? 0 : mapping.org_records - mapping.records)}
        </span>
        <small>{mapping.last_changed_at ? words.changed(moment(mapping.last_changed_at)) : ""}</small>
      </p>
    </>
  );
}

function Tag({ mapping, status }: { mapping: Mapping; status: SyncStatus }) {
  if (!mapping.enabled) return <span class="tag">{words.wire.off}</span>;
  if (mapping.conflicts > 0) return <span class="tag warn">{words.wire.toDecide(mapping.conflicts)}</span>;
  if (mapping.waiting_to_org > 0)
    return <span class="tag">{words.wire.waiting(mapping.waiting_to_org)}</span>;
  // Before it was read to its end nothing is known of the rest.
  if (mapping.read_until === null) return <span class="tag warn">{words.wire.unread}</span>;
  if (status.as_of === null || ["waiting", "failed", "stopped"].includes(status.state))
    return <span class="tag warn">{words.wire.unknown}</span>;
  return <span class="tag well">{words.wire.equal(moment(status.as_of))}</span>;
}
