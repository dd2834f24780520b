// Settings: the connection, the mappings and their rules, the look, and signing out.

import { useState } from "preact/hooks";
import { DemoLinks } from "../demo";
import { Waiting } from "../kit/ground";
import { useRecord } from "../state/records";
import { me } from "../state/session";
import { STATUS_ID, status } from "../state/sync";
import { words } from "../words/settings";
import { look, setLook } from "./look";
import { NoticeCard } from "./notice";
import { Organisation } from "./organisation";
import { Rules } from "./rules";
import { SignOut } from "./sign_out";

export function SettingsPage() {
  const slot = useRecord(status, STATUS_ID)!;
  const [chosen, choose] = useState(look());
  const it = slot.value.value;
  return (
    <section class="narrow">
      <h1>{words.title}</h1>
      {me.value?.demo && (
        <div class="card">
          <DemoLinks />
        </div>
      )}
      <Salesforce />
      {it ? (
        it.mappings.map((mapping) => <Rules key={mapping.id} mapping={mapping} />)
      ) : (
        <Waiting
          problem={slot.problem.value}
          again={() => void status.load(STATUS_ID)}
          rows={2}
          height={120}
        />
      )}
      {me.value?.staff.role === "system_administrator" && <Organisation />}
      <div class="card">
        <h2>{words.look}</h2>
        <label class="inline">
          {words.colours}{" "}
          <select
            value={chosen}
            onChange={(event) => {
              choose(event.currentTarget.value);
              setLook(event.currentTarget.value);
            }}
          >
            {Object.entries(words.looks).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <NoticeCard />
      <SignOut />
    </section>
  );
}

function Salesforce() {
  const connection = status.at(STATUS_ID).value.value?.connection ?? me.value?.connection;
  return (
    <div class="card">
      <h2>{words.salesforce}</h2>
      {connection ? (
        <dl class="facts-list">
          <div>
            <dt>{words.org}</dt>
            <dd>
              {connection.org_name}, {connection.kind}
            </dd>
          </div>
          <div>
            <dt>{words.state}</dt>
            <dd>
              {connection.state === "connected" ? (
                <span class="tag well">{words.connected}</span>
              ) : (
                <span class="tag bad">{connection.state_reason ?? connection.state}</span>
              )}
            </dd>
          </div>
          <div>
            <dt>{words.runsAs}</dt>
            <dd>{connection.username}</dd>
          </div>
          <div>
            <dt>{words.address}</dt>
            <dd class="mono">{connection.instance_url}</dd>
          </div>
        </dl>
      ) : (
        <p class="quiet">{words.noOrg}</p>
      )}
    </div>
  );
}
