// Contacts, their list, the fields that they have, and edits that are not saved yet.

import { signal } from "@preact/signals";
import { hub, keyed, newKey, told } from "../api";
import { Adding } from "../contacts/adding";
import type { Attribute, Contact, ContactRow } from "../types";
import { askedBy, type ContactFilter } from "./contact_filter";
import { Edits } from "./edits";
import { kept } from "./inbox";
import { pointerCalm } from "./pointer";
import { Records } from "./records";
import { onSignIn, onSignOut } from "./session";
import { soon } from "./soon";
import { attempt } from "./toasts";
import { ListWindow } from "./window";

const PAGE = 100;
const LISTS_KEPT = 4;

export const contacts = new Records<Contact>(
  (id) => told(hub.GET("/api/v1/contacts/{id}", { params: { path: { id } } })),
  (it, known) => it.version < known.version,
);

/** Adds a contact, whom a conversation of a number that nobody has is with, if one is named. */
export const addsContact = (conversation_id?: string) =>
  new Adding<Contact>({
    newKey,
    add: ({ key, fields }) =>
      told(hub.POST("/api/v1/contacts", { params: keyed(key), body: { conversation_id, fields } })),
    show: (id) => told(hub.GET("/api/v1/contacts/{id}", { params: { path: { id } } })),
    change: (id, body) => told(hub.PATCH("/api/v1/contacts/{id}", { params: { path: { id } }, body })),
  });

type List = ListWindow<ContactRow>;
const lists = new Map<string, List>();

/** The list of contacts that a filter leaves; the last few are kept. */
export function contactList(filter: ContactFilter): List {
  const asked = askedBy(filter);
  const key = JSON.stringify(asked);
  const page = (cursor: string | null) => {
    const query = { ...asked, cursor: cursor ?? undefined, limit: PAGE };
    return told(hub.GET("/api/v1/contacts", { params: { query } }));
  };
  const list = lists.get(key) ?? new ListWindow(page, pointerCalm);
  lists.delete(key);
  lists.set(key, list);
  for (const [old] of lists) if (lists.size > LISTS_KEPT) lists.delete(old);
  return list;
}

/** The list on screen, if one is. */
export const shownList = signal<List | null>(null);
/** Where the list was last, with its filters: whoever comes back from a contact finds it again. */
export const listAddress = signal("contacts");

const SOON_MS = 500;
const refreshShown = soon(SOON_MS, () => void shownList.peek()?.changed());
/** Others changed these contacts. */
export function contactsChanged(ids: string[]) {
  contacts.named(ids);
  for (const it of lists.values()) it.forget();
  refreshShown();
}

export const attributes = signal<Attribute[]>([]);
/** An administrator may add one meanwhile. */
const FRESH_MS = 10_000;
let loadedAt = Number.NEGATIVE_INFINITY;
export async function loadAttributes() {
  if (performance.now() - loadedAt < FRESH_MS) return;
  loadedAt = performance.now();
  const page = await attempt(() => told(hub.GET("/api/v1/contact-fields")));
  if (page) attributes.value = page.items;
  else loadedAt = Number.NEGATIVE_INFINITY;
}

const NOWHERE = { all: () => ({}), put: () => false, drop: () => {} };
export const edits = signal(new Edits(NOWHERE));
onSignIn.push(() => {
  edits.value = new Edits(kept ?? NOWHERE);
});
onSignOut.push(() => {
  contacts.clear();
  lists.clear();
  edits.value = new Edits(NOWHERE);
});
