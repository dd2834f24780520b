// What the sync costs of the org's calls.

import type { SyncStatus } from "../types";
import { words } from "../words/sync";

export function Api({ status }: { status: SyncStatus }) {
  const { used_24h, budget_24h, org_used, org_max, by_purpose } = status.api;
  return (
    <div class="card api">
      <div class="fact">
        <h2>{words.api.title}</h2>
        <b>{words.api.of(used_24h, budget_24h)}</b>
        {org_max ? <span class="quiet">{words.api.org(org_used ?? 0, org_max)}</span> : null}
      </div>
      <progress max={budget_24h} value={used_24h} aria-label={words.api.bar} />
      <p class="quiet">
        {words.api.split(by_purpose.sync ?? 0, by_purpose.live ?? 0, by_purpose.staff ?? 0)}
      </p>
    </div>
  );
}
