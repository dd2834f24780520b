// Nobody is tied to the number: why, who has it, and what makes it somebody's.

import { useMemo, useRef, useState } from "preact/hooks";
import { hub, told } from "../api";
import { useNamed } from "../contacts/named";
import { phone } from "../format";
import { Avatar } from "../kit/ground";
import { ALREADY_MADE, asProblem } from "../problem";
import { useAnswer } from "../state/answer";
import { addsContact } from "../state/contacts";
import { conversations } from "../state/inbox";
import { attempt, say } from "../state/toasts";
import type { ContactRow, Conversation } from "../types";
import { words } from "../words/inbox";
import { change } from "./acts";

export function Unknown({ conversation }: { conversation: Conversation }) {
  const { id, address, version } = conversation;
  const params = { path: { id } };
  const { value: candidates } = useAnswer(
    () => told(hub.GET("/api/v1/conversations/{id}/candidates", { params })),
    [id, version],
  );
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const asked = text.trim();
  const named = useNamed(asked);
  const adding = useMemo(() => addsContact(id), [id]);
  const tie = async (it: ContactRow) => {
    if (await change(id, { contact_id: it.id })) say(words.unknown.tied(it.name));
  };
  const add = async () => {
    if (!asked) return field.current?.focus();
    const made = await attempt(() => adding.add(fieldsOf(asked, address)).catch(madeBefore));
    if (made === undefined) return;
    if (made) say(words.unknown.added(made.contact.name));
    await conversations.load(id);
  };
  const found = asked ? named : (candidates?.items ?? null);
  return (
    <div class="box unknown">
      <p>
        <b>{phone(address)}</b>
      </p>
      <p class="quiet" role="status">
        {candidates ? words.unknown.why(candidates.reason, candidates.items.length) : " "}
      </p>
      <input
        ref={field}
        type="search"
        aria-label={words.unknown.field}
        placeholder={words.unknown.field}
        value={text}
        maxLength={100}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {asked && found?.length === 0 && <p class="quiet">{words.unknown.none}</p>}
      {found?.map((it) => (
        <button key={it.id} class="candidate" onClick={() => void tie(it)}>
          <Avatar id={it.id} name={it.name} size={24} />
          <span>
            {words.unknown.tie(it.name)}
            <small>{[it.title, it.company, it.phone].filter(Boolean).join(", ")}</small>
          </span>
        </button>
      ))}
      <button onClick={() => void add()}>{asked ? words.unknown.addNamed(asked) : words.unknown.add}</button>
    </div>
  );
}

/** An earlier try made them, and nothing more is known: the conversation tells. */
function madeBefore(error: unknown) {
  if (asProblem(error).code === ALREADY_MADE) return null;
  throw error;
}

/** A name of one word is a last name: without one a record in Salesforce cannot be. */
function fieldsOf(name: string, address: string) {
  const parts = name.split(/\s+/);
  const last = parts.pop() ?? "";
  return { first_name: parts.join(" "), last_name: last, mobile_phone: address };
}
