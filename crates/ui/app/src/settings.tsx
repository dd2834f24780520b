// Settings: the connection, the mappings and their rules, the look, and signing out.

import { useEffect, useState } from "preact/hooks";
import { hub, told } from "./api";
import { Skeleton } from "./parts";
import { attempt, loadSync, me, say, signedOut, sync } from "./state";
import type { Mapping, MappingChange, Policy, Settings } from "./types";

const POLICIES: [Policy, string][] = [
  ["salesforce", "Salesforce wins"],
  ["tieline", "Tieline wins"],
  ["newest", "The newest wins"],
  ["ask", "Ask"],
];
const LOOKS: [string, string][] = [
  ["light dark", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export function applyLook() {
  document.documentElement.style.colorScheme = localStorage.getItem("look") ?? "light dark";
}
applyLook();

export function SettingsPage() {
  useEffect(() => void loadSync(), []);
  const [look, setLook] = useState(localStorage.getItem("look") ?? "light dark");
  const connection = me.value?.connection;
  const signOut = async () => {
    await attempt(() => told(hub.DELETE("/api/v1/session")));
    signedOut.value = true;
  };
  return (
    <section class="narrow">
      <h1>Settings</h1>
      <div class="card">
        <h2>Salesforce</h2>
        {connection ? (
          <dl class="facts-list">
            <div>
              <dt>Org</dt>
              <dd>
                {connection.org_name}, {connection.kind}
              </dd>
            </div>
            <div>
              <dt>State</dt>
              <dd>
                {connection.state === "connected" ? (
                  <span class="tag well">Connected</span>
                ) : (
                  <span class="tag bad">{connection.state_reason ?? connection.state}</span>
                )}
              </dd>
            </div>
            <div>
              <dt>Runs as</dt>
              <dd>{connection.username}</dd>
            </div>
            <div>
              <dt>Address</dt>
              <dd class="mono">{connection.instance_url}</dd>
            </div>
          </dl>
        ) : (
          <p class="quiet">No org is connected.</p>
        )}
      </div>
      {!sync.value ? (
        <Skeleton rows={2} height={120} />
      ) : (
        sync.value.mappings.map((mapping) => <Rules key={mapping.id} mapping={mapping} />)
      )}
      {me.value?.staff.role === "system_administrator" && <Organisation />}
      <div class="card">
        <h2>Look</h2>
        <label class="inline">
          Colours{" "}
          <select
            value={look}
            onChange={(event) => {
              localStorage.setItem("look", event.currentTarget.value);
              setLook(event.currentTarget.value);
              applyLook();
            }}
          >
            {LOOKS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="card">
        <h2>You</h2>
        <p>
          {me.value?.staff.name}, {me.value?.staff.email}
        </p>
        <button onClick={() => void signOut()}>Sign out</button>
      </div>
    </section>
  );
}

function Rules({ mapping }: { mapping: Mapping }) {
  const { id } = mapping;
  const saved = async (work: () => Promise<unknown>) => {
    if (await attempt(() => work().then(() => true))) say("Saved. It holds from the next run on.");
    await loadSync();
  };
  const change = (body: MappingChange) =>
    saved(() => told(hub.PATCH("/api/v1/sync/mappings/{id}", { params: { path: { id } }, body })));
  const choose = (field: string, policy: Policy) =>
    saved(() =>
      told(
        hub.PATCH("/api/v1/sync/mappings/{id}/fields/{field}", {
          params: { path: { id, field } },
          body: { policy },
        }),
      ),
    );
  return (
    <div class="card">
      <h2>{mapping.object}</h2>
      <label class="check">
        <input
          type="checkbox"
          checked={mapping.enabled}
          onChange={(event) => void change({ enabled: event.currentTarget.checked })}
        />{" "}
        Keep {mapping.object} records and contacts in step
      </label>
      <label class="inline">
        When a record is deleted in Salesforce{" "}
        <select
          value={mapping.deletes}
          onChange={(event) => void change({ deletes: event.currentTarget.value as Mapping["deletes"] })}
        >
          <option value="honour">delete the contact</option>
          <option value="ignore">keep the contact</option>
        </select>
      </label>
      <details>
        <summary>{mapping.fields.length} fields, and who wins when both sides change one</summary>
        <div class="table-box">
          <table class="table">
            <thead>
              <tr>
                <th>Salesforce</th>
                <th>Tieline</th>
                <th>When both change</th>
              </tr>
            </thead>
            <tbody>
              {mapping.fields.map((pair) => (
                <tr key={pair.field}>
                  <td class="mono">{pair.field}</td>
                  <td>{pair.attribute.replaceAll("_", " ")}</td>
                  <td>
                    {pair.direction === "both" ? (
                      <select
                        aria-label={`Who wins for ${pair.field}`}
                        value={pair.policy}
                        onChange={(event) => void choose(pair.field, event.currentTarget.value as Policy)}
                      >
                        {POLICIES.map(([value, label]) => (
                          <option key={value} value={value}>
                            {label}
                          </option>
                        ))}
                      </select>
                    ) : (
                      <span class="quiet">read only</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}

/** What an administrator sets for all. */
function Organisation() {
  const [settings, setSettings] = useState<Settings | null>(null);
  useEffect(
    () => void attempt(() => told(hub.GET("/api/v1/settings"))).then((it) => it && setSettings(it)),
    [],
  );
  if (!settings) return <Skeleton rows={1} height={80} />;
  const connection = me.value?.connection;
  const move = async (input: HTMLInputElement) => {
    if (input.value.trim() === settings.default_country) return;
    const changed = await attempt(() =>
      told(hub.PATCH("/api/v1/settings", { body: { default_country: input.value } })),
    );
    if (changed) say("Saved. All numbers are read anew; who opted out stays out.");
    setSettings(changed ?? { ...settings });
    input.value = (changed ?? settings).default_country;
  };
  const allow = async (id: string, daily_budget: number) => {
    if (!daily_budget || daily_budget === sync.value?.api.budget_24h) return;
    if (
      await attempt(() =>
        told(
          hub.PATCH("/api/v1/connections/{id}", { params: { path: { id } }, body: { daily_budget } }),
        ).then(() => true),
      )
    )
      say("Saved. It holds within ten seconds.");
    await loadSync();
  };
  return (
    <div class="card">
      <h2>{settings.organisation_name ?? "Organisation"}</h2>
      <label class="inline">
        Numbers without a country are read as in{" "}
        <input size={6} value={settings.default_country} onBlur={(event) => void move(event.currentTarget)} />
      </label>
      {settings.contacts_to_read_anew > 0 && (
        <p class="quiet">{settings.contacts_to_read_anew} contacts are still to be read.</p>
      )}
      {connection && sync.value && (
        <label class="inline">
          Calls to Salesforce in 24 hours, at most{" "}
          <input
            type="number"
            min={1}
            value={sync.value.api.budget_24h}
            onBlur={(event) => void allow(connection.id, event.currentTarget.valueAsNumber)}
          />
        </label>
      )}
    </div>
  );
}
