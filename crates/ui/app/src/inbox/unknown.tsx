// Nobody is tied to the number: whoever knows says who it is.

import { useEffect, useState } from "preact/hooks";
import { hub, keyed, told } from "../api";
import { phone } from "../format";
import { Avatar } from "../kit/ground";
import { attempt, say } from "../state/toasts";
import type { ContactRow, Conversation } from "../types";
import { words } from "../words/inbox";
import { change } from "./acts";

const FOUND_MAX = 5;
const WAIT_MS = 200;

export function Unknown({ conversation }: { conversation: Conversation }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<ContactRow[] | null>(null);
  const asked = text.trim() || conversation.address;
  useEffect(() => {
    let isOver = false;
    const wait = setTimeout(async () => {
      const query = { q: asked, limit: FOUND_MAX };
      const page = await attempt(() => told(hub.GET("/api/v1/contacts", { params: { query } })));
      if (page && !isOver) setFound(page.items);
    }, WAIT_MS);
    return () => {
      isOver = true;
      clearTimeout(wait);
    };
  }, [asked]);
  const tie = async (id: string, name: string) => {
    if (await change(conversation.id, { contact_id: id })) say(words.unknown.tied(name));
  };
  const add = async () => {
    const [first, ...rest] = text.trim().split(/\s+/);
    const fields = {
      first_name: rest.length > 0 ? (first ?? "") : "",
      last_name: rest.length > 0 ? rest.join(" ") : (first ?? ""),
      mobile_phone: conversation.address,
    };
    const made = await attempt(() =>
      told(hub.POST("/api/v1/contacts", { params: keyed(), body: { fields } })),
    );
    if (made) await tie(made.id, made.name);
  };
  return (
    <div class="box unknown">
      <p>
        <b>{phone(conversation.address)}</b>
      </p>
      <p class="quiet">{words.unknown.why}</p>
      <input
        type="search"
        aria-label={words.unknown.field}
        placeholder={words.unknown.field}
        value={text}
        maxLength={100}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {found?.length === 0 && text && <p class="quiet">{words.unknown.none}</p>}
      {found?.map((it) => (
        <button key={it.id} class="candidate" onClick={() => void tie(it.id, it.name)}>
          <Avatar id={it.id} name={it.name} size={24} />
          <span>
            {words.unknown.tie(it.name)}
            <small>{[it.company, it.phone].filter(Boolean).join(", ")}</small>
          </span>
        </button>
      ))}
      {text.trim() && (
        <button onClick={() => void add()}>
          {words.unknown.add}: {text.trim()}
        </button>
      )}
    </div>
  );
}
