// What holds for one object: whether it is kept in step, what a delete means, who wins.

import { hub, told } from "../api";
import { attributes, loadAttributes } from "../state/contacts";
import { STATUS_ID, status } from "../state/sync";
import { attempt, say } from "../state/toasts";
import type { Mapping, MappingChange, Policy } from "../types";
import { words } from "../words/settings";

/** To ask needs a queue that somebody decides in: offered once there is one. */
const OFFERED: Policy[] = ["salesforce", "tieline", "newest"];

export function Rules({ mapping }: { mapping: Mapping }) {
  void loadAttributes();
  const { id } = mapping;
  const saved = async (work: () => Promise<unknown>) => {
    if (await attempt(() => work().then(() => true))) say(words.saved);
    await status.load(STATUS_ID);
  };
  const change = (body: MappingChange) =>
    saved(() => told(hub.PATCH("/api/v1/sync/mappings/{id}", { params: { path: { id } }, body })));
  return (
    <div class="card">
      <h2>{mapping.object}</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={mapping.enabled}
          onChange={(event) => void change({ enabled: event.currentTarget.checked })}
        />{" "}
        {words.keep(mapping.object)}
      </label>
      <label class="inline">
        {words.deletes}{" "}
        <select
          value={mapping.deletes}
          onChange={(event) => void change({ deletes: event.currentTarget.value as Mapping["deletes"] })}
        >
          <option value="honour">{words.honour}</option>
          <option value="ignore">{words.ignore}</option>
        </select>
      </label>
      <Fields mapping={mapping} saved={saved} />
    </div>
  );
}

type FieldsProps = { mapping: Mapping; saved: (work: () => Promise<unknown>) => Promise<void> };

function Fields({ mapping, saved }: FieldsProps) {
  const choose = (field: string, policy: Policy) => {
    const params = { path: { id: mapping.id, field } };
    return saved(() =>
      told(hub.PATCH("/api/v1/sync/mappings/{id}/fields/{field}", { params, body: { policy } })),
    );
  };
  const label = (name: string) => attributes.value.find((it) => it.name === name)?.label ?? name;
  return (
    <details>
      <summary>{words.fields(mapping.fields.length)}</summary>
      <ul class="pairs">
        {mapping.fields.map((pair) => (
          <li key={pair.field}>
            <span class="mono">{pair.field}</span>
            <span>{label(pair.attribute)}</span>
            {pair.direction === "both" ? (
              <select
                aria-label={words.wins(pair.field)}
                value={pair.policy}
                onChange={(event) => void choose(pair.field, event.currentTarget.value as Policy)}
              >
                {OFFERED.concat(OFFERED.includes(pair.policy) ? [] : [pair.policy]).map((it) => (
                  <option key={it} value={it}>
                    {words.policies[it]}
                  </option>
                ))}
              </select>
            ) : (
              <span class="quiet">{words.readOnly}</span>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
