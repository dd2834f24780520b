// What an administrator sets for all.

import { hub, told } from "../api";
import { Waiting } from "../kit/ground";
import { useAnswer } from "../state/answer";
import { me } from "../state/session";
import { STATUS_ID, status } from "../state/sync";
import { attempt, say } from "../state/toasts";
import { words } from "../words/settings";

export function Organisation() {
  const { value: settings, problem, again, put } = useAnswer(() => told(hub.GET("/api/v1/settings")));
  if (!settings) return <Waiting problem={problem} again={() => void again()} rows={1} height={80} />;
  const connection = me.value?.connection;
  const sync = status.at(STATUS_ID).value.value;
  const move = async (input: HTMLInputElement) => {
    if (input.value.trim() === settings.default_country) return;
    const body = { default_country: input.value };
    const changed = await attempt(() => told(hub.PATCH("/api/v1/settings", { body })));
    if (!changed) return;
    put(changed);
    say(words.countrySaved);
  };
  const allow = async (id: string, daily_budget: number) => {
    if (!daily_budget || daily_budget === sync?.api.budget_24h) return;
    const params = { path: { id } };
    const work = () => told(hub.PATCH("/api/v1/connections/{id}", { params, body: { daily_budget } }));
    if (await attempt(() => work().then(() => true))) say(words.budgetSaved);
    await status.load(STATUS_ID);
  };
  return (
    <div class="card">
      <h2>{settings.organisation_name ?? words.organisation}</h2>
      <label class="inline">
        {words.country}{" "}
        <input
          size={6}
          key={settings.default_country}
          defaultValue={settings.default_country}
          onBlur={(event) => void move(event.currentTarget)}
        />
      </label>
      {settings.contacts_to_read_anew > 0 && (
        <p class="quiet">{words.toRead(settings.contacts_to_read_anew)}</p>
      )}
      {connection && sync && (
        <label class="inline">
          {words.budget}{" "}
          <input
            type="number"
            min={1}
            key={sync.api.budget_24h}
            defaultValue={String(sync.api.budget_24h)}
            onBlur={(event) => void allow(connection.id, event.currentTarget.valueAsNumber)}
          />
        </label>
      )}
    </div>
  );
}
