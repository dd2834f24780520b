// What the app knows, as signals; filled by the API and kept fresh by the live stream.

import { computed, signal } from "@preact/signals";
import { hub, Problem, told } from "./api";
import type { Conversation, Me, Message, Run, SyncStatus, View } from "./types";

export const me = signal<Me | null>(null);
export const signedOut = signal(false);
export const path = signal(location.pathname.replace(/^\/app\/?/, ""));
export const live = signal<"connecting" | "live" | "lost">("connecting");
export const toast = signal<{ text: string; undo?: () => void } | null>(null);

export const view = signal<View>("all");
export const words = signal("");
export const conversations = signal<Conversation[] | null>(null);
export const counts = signal({ all: 0, mine: 0, nobody: 0, ours: 0, theirs: 0, unread: 0 });
export const nextCursor = signal<string | null>(null);
export const threads = signal<Record<string, { messages: Message[]; more: boolean }>>({});
export const sync = signal<SyncStatus | null>(null);
export const runs = signal<Run[] | null>(null);
/** Rises when contacts changed, so that open pages look again. */
export const contactsChanged = signal(0);
export const failure = signal<Problem | null>(null);

export const openId = computed(() => (path.value.startsWith("inbox/") ? path.value.slice(6) : null));

export function go(to: string) {
  history.pushState(null, "", `/app/${to}`);
  path.value = to;
}
addEventListener("popstate", () => (path.value = location.pathname.replace(/^\/app\/?/, "")));

let toastTimer = 0;
export function say(text: string, undo?: () => void) {
  toast.value = { text, undo };
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (toast.value = null), 6000) as unknown as number;
}

/** Runs a request; a refusal is told in a toast, a lost session leads to sign-in. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) signedOut.value = true;
    else say([error.message, error.fix].filter(Boolean).join(" "));
    return undefined;
  }
}

export async function loadMe() {
  try {
    me.value = await told(hub.GET("/api/v1/me"));
    signedOut.value = false;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) signedOut.value = true;
    else failure.value = error as Problem;
  }
}

export async function loadConversations(more = false) {
  const cursor = more ? (nextCursor.value ?? undefined) : undefined;
  const query = { view: view.value, q: words.value, cursor };
  const page = await attempt(() => told(hub.GET("/api/v1/conversations", { params: { query } })));
  if (!page) return;
  conversations.value = more ? [...(conversations.value ?? []), ...page.items] : page.items;
  counts.value = page.counts;
  nextCursor.value = page.next_cursor;
}

export async function loadThread(id: string, before?: number) {
  const params = { path: { id }, query: { before_seq: before } };
  const page = await attempt(() => told(hub.GET("/api/v1/conversations/{id}/messages", { params })));
  if (!page) return;
  const known = before ? (threads.value[id]?.messages ?? []) : [];
  threads.value = { ...threads.value, [id]: { messages: [...page.items, ...known], more: page.has_more } };
}

export async function loadSync() {
  const status = await attempt(() => told(hub.GET("/api/v1/sync")));
  if (status) sync.value = status;
}

export async function loadRuns() {
  const page = await attempt(() => told(hub.GET("/api/v1/sync/runs")));
  if (page) runs.value = page.items;
}

/** Puts a message into its thread, in place of the one that was shown before the hub answered. */
export function putMessage(message: Message) {
  const thread = threads.value[message.conversation_id];
  if (!thread) return;
  const key = message.client_key;
  const others = thread.messages.filter((it) => it.id !== message.id && !(key && it.id === key));
  const messages = [...others, message].sort((a, b) => a.seq - b.seq);
  threads.value = { ...threads.value, [message.conversation_id]: { ...thread, messages } };
}

export function putConversation(conversation: Conversation) {
  const list = conversations.value;
  if (!list) return;
  const others = list.filter((it) => it.id !== conversation.id);
  const listed = view.value === "closed" ? conversation.status === "closed" : conversation.status === "open";
  const shown = listed && !conversation.merged_into;
  const next = shown ? [...others, conversation] : others;
  next.sort((a, b) =>
    a.turn === b.turn ? (b.last?.at ?? 0) - (a.last?.at ?? 0) : a.turn === "ours" ? -1 : 1,
  );
  conversations.value = next;
}

/** A conversation that became part of another one: whoever looks at it looks at that one. */
export function followMerged({ id, merged_into: kept }: Conversation) {
  if (!kept) return;
  if (openId.value === id) go(`inbox/${kept}`);
  if (threads.value[kept]) void loadThread(kept);
}

/** How much of a conversation this person has not read. */
export function putUnread(id: string, unread: number) {
  conversations.value = conversations.value?.map((it) => (it.id === id ? { ...it, unread } : it)) ?? null;
}
