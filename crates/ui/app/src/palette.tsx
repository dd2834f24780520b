// Ctrl+K: people and conversations by typing, places, acts on the open conversation. Nothing is done by
// an Enter that meant to open the palette: acts come last, and before a word is typed none is chosen.

import { useEffect, useRef, useState } from "preact/hooks";
import { hub, told } from "./api";
import { phone } from "./format";
import { assignToMe, close, markUnread } from "./inbox/acts";
import { Dialog } from "./kit/dialog";
import { useTyped } from "./kit/typed";
import { go } from "./route";
import { conversations, openId } from "./state/inbox";
import { beginning } from "./state/screen";
import type { ContactRow, Conversation } from "./types";
import { words } from "./words/frame";

type Entry = { key: string; name: string; detail: string; act: () => void };

/** Found people and conversations shown at most. */
const FOUND_MAX = 6;

const PLACES: Entry[] = (["inbox", "contacts", "sync", "settings"] as const).map((to) => ({
  key: to,
  name: words.places[to],
  detail: words.palette.goTo,
  act: () => go(to),
}));

function acts(): Entry[] {
  const act = (name: string, run: () => unknown) => ({
    key: name,
    name,
    detail: words.palette.act,
    act: () => void run(),
  });
  const begin = act(words.palette.begin, () => (beginning.value = true));
  const id = openId.peek();
  if (!id) return [begin];
  const isClosed = conversations.at(id).value.peek()?.status === "closed";
  return [
    begin,
    act(words.palette.take, () => assignToMe(id)),
    act(isClosed ? words.palette.reopen : words.palette.close, () => close(id)),
    act(words.palette.unread, () => markUnread(id)),
  ];
}

const person = (it: ContactRow): Entry => ({
  key: it.id,
  name: it.name,
  detail: it.company ?? words.palette.contact,
  act: () => go(`contacts/${it.id}`),
});

/** Two numbers of one person are told apart. */
const talk = (it: Conversation): Entry => ({
  key: it.id,
  name: it.contact?.name ?? phone(it.address),
  detail: it.contact ? `${words.palette.conversation}, ${phone(it.address)}` : words.palette.conversation,
  act: () => go(`inbox/${it.id}`),
});

async function find(q: string): Promise<Entry[]> {
  const query = { q, limit: FOUND_MAX };
  const [people, talks] = await Promise.all([
    told(hub.GET("/api/v1/contacts", { params: { query } })),
    told(hub.GET("/api/v1/conversations", { params: { query } })),
  ]);
  const isNamed = (it: ContactRow) => it.name.toLowerCase().includes(q.toLowerCase());
  const sorted = [...people.items.filter(isNamed), ...people.items.filter((it) => !isNamed(it))];
  return [...sorted.map(person), ...talks.items.map(talk)];
}

export function Palette() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (!document.querySelector("dialog[open]")) setOpen(true);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <Dialog open={isOpen} onClose={() => setOpen(false)} label={words.palette.label} className="palette">
      <Search onDone={() => setOpen(false)} />
    </Dialog>
  );
}

function Search({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(-1);
  const list = useRef<HTMLUListElement>(null);
  const asked = text.trim();
  const found = useTyped(asked, find) ?? [];
  const has = (entry: Entry) => entry.name.toLowerCase().includes(asked.toLowerCase());
  const entries = [...found, ...[...PLACES, ...acts()].filter(has)];
  // As the chosen entry becomes another.
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const chosen = asked && at < 0 ? 0 : at;
  const run = (entry?: Entry) => {
    if (!entry) return;
    onDone();
    entry.act();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((chosen + 1) % Math.max(1, entries.length));
    else if (event.key === "ArrowUp")
      setAt((Math.max(0, chosen) - 1 + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter" && !event.isComposing) run(entries[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        type="text"
        role="combobox"
        aria-label={words.palette.field}
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={entries[chosen] ? `palette-${chosen}` : undefined}
        placeholder={words.palette.field}
        value={text}
        maxLength={200}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(-1);
        }}
        onKeyDown={keys}
        autofocus
      />
      {entries.length === 0 ? (
        <p class="quiet">{words.palette.nothing}</p>
      ) : (
        <ul id="palette-list" role="listbox" aria-label={words.palette.list} ref={list}>
          {entries.map((entry, i) => (
            <li
              key={entry.key}
              id={`palette-${i}`}
              role="option"
              aria-selected={i === chosen}
              onMouseMove={() => setAt(i)}
              onClick={() => run(entry)}
            >
              <span dir="auto">{entry.name}</span>
              <small>{entry.detail}</small>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
