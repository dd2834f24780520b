// What one does with conversations.

import { hub, keyed, told } from "../api";
import { conversationAddress, go, inboxAddress } from "../route";
import { conversations, list, openId, putConversation, threads } from "../state/inbox";
import { me } from "../state/session";
import { attempt, say } from "../state/toasts";
import type { ConversationChange } from "../types";
import { words as frame } from "../words/frame";
import { words } from "../words/inbox";

const find = (id: string) => conversations.at(id).value.peek();
/** One act at a time on a conversation, however often the key is pressed. */
const busy = new Set<string>();

export async function change(id: string, body: ConversationChange) {
  if (busy.has(id)) return;
  busy.add(id);
  const path = { id };
  const changed = await attempt(() =>
    told(hub.PATCH("/api/v1/conversations/{id}", { params: { path }, body })),
  );
  busy.delete(id);
  if (changed) putConversation(changed);
  // What stands there is not how it is.
  else void conversations.load(id);
  return changed;
}

/** Closes or opens again; what was closed gives way to the next of the list. */
export async function close(id: string) {
  const was = find(id);
  const isOpen = was?.status !== "closed";
  const next = neighbour(1) ?? neighbour(-1);
  const done = await change(id, { status: isOpen ? "closed" : "open" });
  if (!done) return;
  if (!isOpen) return say(words.reopenedNow);
  if (openId.peek() === id && next) go(conversationAddress(next), "replace");
  say(words.closedNow, { label: frame.undo, run: () => void takeBack(id, was?.turn) });
}

/** As it was before it was closed; one that a message opened meanwhile is with whoever is to answer that. */
async function takeBack(id: string, turn: ConversationChange["turn"]) {
  const isOpen = find(id)?.status === "open";
  const body = { status: "open", ...(turn === "ours" && { turn }) } as const;
  if (isOpen || (await change(id, body))) go(conversationAddress(id));
}

/**
 * Bold again for oneself, from a message of theirs on or the last one; it is left first, since an open
 * conversation counts as read.
 */
export function markUnread(id: string, message_id?: string) {
  go(inboxAddress());
  const params = { path: { id }, ...keyed() };
  const body = { message_id };
  return attempt(async () => {
    putConversation(await told(hub.POST("/api/v1/conversations/{id}/unread", { params, body })));
    // Whoever opens it again begins where the hub says.
    threads.drop(id);
  });
}

export const assignToMe = (id: string) => change(id, { assigned_to: me.peek()?.staff.id });

/** Where the open conversation stood when it was last in the list. */
let place = 0;

function neighbour(by: number): string | null {
  const items = list.peek().items.peek() ?? [];
  const at = items.findIndex((it) => it.id === openId.peek());
  if (at >= 0) place = at;
  // What left the list was where another stands now.
  const to = at >= 0 ? at + by : by > 0 ? place : place - 1;
  return items[to]?.id ?? null;
}

export function move(by: number) {
  const items = list.peek().items.peek() ?? [];
  const next = openId.peek() ? neighbour(by) : items[0]?.id;
  if (next) go(conversationAddress(next), openId.peek() ? "replace" : "push");
}

export const retry = (id: string) => {
  const params = { path: { id } };
  return attempt(() => told(hub.POST("/api/v1/messages/{id}/retry", { params })));
};
