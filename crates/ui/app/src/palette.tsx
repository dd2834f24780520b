// Ctrl+K: places, acts on the open conversation, conversations and contacts, found by typing.

import { useEffect, useRef, useState } from "preact/hooks";
import { hub, told } from "./api";
import { phone } from "./format";
import { assignToMe, close, markUnread } from "./inbox/acts";
import { attempt, conversations, go, openId } from "./state";
import type { ContactRow } from "./types";

type Entry = { name: string; kind: string; act: () => void };

const PLACES: Entry[] = [
  ["Inbox", "inbox"],
  ["Contacts", "contacts"],
  ["Sync", "sync"],
  ["Settings", "settings"],
].map(([name, to]) => ({ name: name!, kind: "Go to", act: () => go(to!) }));
/** Found contacts shown at most. */
const CONTACTS_MAX = 6;

function acts(): Entry[] {
  const id = openId.value;
  if (!id) return [];
  const open = conversations.value?.find((it) => it.id === id);
  return [
    { name: "Assign to me", kind: "Conversation", act: () => void assignToMe(id) },
    {
      name: open?.status === "closed" ? "Open again" : "Close",
      kind: "Conversation",
      act: () => void close(id),
    },
    { name: "Mark as unread", kind: "Conversation", act: () => void markUnread(id) },
  ];
}

function talks(): Entry[] {
  return (conversations.value ?? []).map((it) => ({
    name: it.contact?.name ?? phone(it.address),
    kind: "Conversation",
    act: () => go(`inbox/${it.id}`),
  }));
}

export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [words, setWords] = useState("");
  const [people, setPeople] = useState<ContactRow[]>([]);
  const [at, setAt] = useState(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setWords("");
      if (!dialog.current?.open) dialog.current?.showModal();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    setAt(0);
    if (!words.trim()) return setPeople([]);
    let over = false;
    const wait = setTimeout(async () => {
      const page = await attempt(() =>
        told(hub.GET("/api/v1/contacts", { params: { query: { q: words } } })),
      );
      const named = (it: ContactRow) => it.name.toLowerCase().includes(words.trim().toLowerCase());
      if (page && !over)
        setPeople(
          [...page.items.filter(named), ...page.items.filter((it) => !named(it))].slice(0, CONTACTS_MAX),
        );
    }, 120);
    return () => {
      over = true;
      clearTimeout(wait);
    };
  }, [words]);
  const has = (entry: Entry) => entry.name.toLowerCase().includes(words.trim().toLowerCase());
  const entries: Entry[] = [
    ...[...acts(), ...PLACES, ...(words ? talks() : [])].filter(has),
    ...people.map((it) => ({
      name: it.name,
      kind: it.company ?? "Contact",
      act: () => go(`contacts/${it.id}`),
    })),
  ];
  const run = (entry?: Entry) => {
    if (!entry) return;
    dialog.current?.close();
    entry.act();
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((at + step + entries.length) % Math.max(1, entries.length));
    else if (event.key === "Enter") run(entries[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label="Find and do">
      <input
        type="text"
        role="combobox"
        aria-label="Find a person, a place or an act"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={entries[at] ? `palette-${at}` : undefined}
        placeholder="Find a person, a place or an act"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
        onKeyDown={keys}
        autofocus
      />
      {entries.length === 0 ? (
        <p class="quiet">Nothing is called that.</p>
      ) : (
        <ul id="palette-list" role="listbox" aria-label="Found">
          {entries.map((entry, i) => (
            <li
              key={`${entry.kind} ${entry.name} ${i}`}
              id={`palette-${i}`}
              role="option"
              aria-selected={i === at}
              onMouseMove={() => setAt(i)}
              onClick={() => run(entry)}
            >
              <span>{entry.name}</span>
              <small>{entry.kind}</small>
            </li>
          ))}
        </ul>
      )}
    </dialog>
  );
}
