// What one does with conversations.

import { hub, keyed, newKey, told } from "../api";
import { attempt, conversations, go, me, openId, putConversation, putMessage, say } from "../state";
import type { Conversation, ConversationChange, Message } from "../types";

const find = (id: string) => conversations.value?.find((it) => it.id === id);

export async function change(id: string, body: ConversationChange) {
  const changed = await attempt(() =>
    told(hub.PATCH("/api/v1/conversations/{id}", { params: { path: { id } }, body })),
  );
  if (changed) putConversation(changed);
  return changed;
}

export async function close(id: string) {
  const open = find(id)?.status !== "closed";
  const done = await change(id, { status: open ? "closed" : "open" });
  if (done && open) say("Closed.", () => void change(id, { status: "open" }));
}

/** Bold again for oneself; it is left first, since an open conversation counts as read. */
export function markUnread(id: string) {
  go("inbox");
  const params = { path: { id }, ...keyed() };
  return attempt(() => told(hub.POST("/api/v1/conversations/{id}/unread", { params, body: {} })));
}

export const assignToMe = (id: string) => change(id, { assigned_to: me.value?.staff.id });

export function move(by: number) {
  const list = conversations.value ?? [];
  const at = list.findIndex((it) => it.id === openId.value);
  const next = list[at < 0 ? 0 : Math.min(list.length - 1, Math.max(0, at + by))];
  if (next) go(`inbox/${next.id}`);
}

/** Shows what was written at once, and the truth when it comes. */
export async function send(conversation: Conversation, text: string, kind: "message" | "note") {
  const key = newKey();
  const now = Date.now();
  const staff = me.value!.staff;
  const shown: Message = {
    id: key,
    conversation_id: conversation.id,
    seq: Number.MAX_SAFE_INTEGER,
    kind,
    audience: kind === "note" ? "staff" : "all",
    direction: kind === "note" ? null : "out",
    author: { kind: "staff", id: staff.id, name: staff.name },
    text,
    at: now,
    state: "queued",
    state_at: now,
    error: null,
    segments: 1,
    client_key: key,
  };
  putMessage(shown);
  try {
    const params = { path: { id: conversation.id }, header: { "Idempotency-Key": key } };
    putMessage(await told(hub.POST("/api/v1/conversations/{id}/messages", { params, body: { text, kind } })));
    return true;
  } catch (error) {
    putMessage({
      ...shown,
      state: "failed",
      error: { code: "not_sent", detail: null, text: (error as Error).message },
    });
    return false;
  }
}

export const retry = (id: string) =>
  attempt(() => told(hub.POST("/api/v1/messages/{id}/retry", { params: { path: { id } } })));
