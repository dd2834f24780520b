// Conversations, their lists and threads.

import { computed, effect, signal } from "@preact/signals";
import { hub, newKey, told } from "../api";
import { asProblem } from "../problem";
import { address, go, route } from "../route";
import type { Conversation, ConversationCounts, Message, SearchHit, View } from "../types";
import { alone } from "./alone";
import { hasArrived } from "./arrived";
import { Drafts } from "./drafts";
import { forgetOld, Kept } from "./kept";
import { Outbox, type Outgoing } from "./outbox";
import { pointerCalm } from "./pointer";
import { Records } from "./records";
import { me, onSignIn, onSignOut } from "./session";
import { soon } from "./soon";
import { Thread } from "./thread";
import { ListWindow } from "./window";

const PAGE = 50;
const EARLIER = 100;
/** Messages of a stretch that is brought anew. */
const STRETCH = 200;
const LISTS_KEPT = 6;

export const VIEWS: View[] = ["all", "mine", "nobody", "closed"];
export const counts = signal<ConversationCounts | null>(null);
/** Conversations that wait for us: the number on the rail. */
export const waiting = computed(() => counts.value?.ours ?? me.value?.counts.ours ?? 0);

export const conversations = new Records<Conversation>(
  (id) => told(hub.GET("/api/v1/conversations/{id}", { params: { path: { id } } })),
  (it, known) => it.version < known.version,
);
export const threads = new Records<Thread>((id) => loadThread(id));

export const openId = computed(() => (route.value.place === "inbox" ? route.value.id : null));
// What is opened is asked for at once, not only when the page around it is drawn.
effect(() => {
  if (openId.value !== null && me.peek()) void threads.load(openId.value);
});

export const view = computed<View>(() => {
  const asked = route.value.place === "inbox" ? route.value.query.get("view") : null;
  return VIEWS.find((it) => it === asked) ?? "all";
});
export const words = computed(() =>
  route.value.place === "inbox" ? (route.value.query.get("q") ?? "") : "",
);

type List = ListWindow<Conversation>;
const lists = new Map<string, List>();

/** The list of a view and its words; the last few are kept. */
export function listOf(view: View, q: string): List {
  const key = `${view} ${q}`;
  const list = lists.get(key) ?? new ListWindow((cursor) => pageOf(view, q, cursor), pointerCalm);
  lists.delete(key);
  lists.set(key, list);
  for (const [old] of lists) if (lists.size > LISTS_KEPT) lists.delete(old);
  return list;
}

async function pageOf(view: View, q: string, cursor: string | null) {
  const query = { view, q: q || undefined, cursor: cursor ?? undefined, limit: PAGE };
  const page = await told(hub.GET("/api/v1/conversations", { params: { query } }));
  for (const it of page.items) conversations.put(it.id, it);
  counts.value = page.counts;
  for (const it of page.hits) hits.set(hitKey(q, it.conversation_id), it);
  return page;
}

/** The message that a search found in a conversation. */
const hits = new Map<string, SearchHit>();
const hitKey = (q: string, id: string) => `${q} ${id}`;
export const hitOf = (id: string) => (words.value ? hits.get(hitKey(words.value, id)) : undefined);

/** The message that the address points at. */
export const pointedAt = computed(() => (route.value.place === "inbox" ? route.value.query.get("at") : null));

/** The list that is on screen now. */
export const list = computed(() => listOf(view.value, words.value));

const SOON_MS = 200;
const refreshList = soon(SOON_MS, () => void list.peek().changed());
/** Conversations changed: the lists ask the server who belongs where. */
export function listsChanged() {
  for (const it of lists.values()) if (it !== list.peek()) it.forget();
  refreshList();
}

const UNREAD_LEAD = 10;

async function messagesOf(
  id: string,
  query: { before_seq?: number; after_seq?: number; around?: string; limit?: number },
) {
  return told(hub.GET("/api/v1/conversations/{id}/messages", { params: { path: { id }, query } }));
}

async function loadThread(id: string): Promise<Thread> {
  const before = threads.at(id).value.peek();
  if (before?.hasNewer) return reloadStretch(id, before);
  const page = await messagesOf(id, {});
  // What is known by now: the stream told on meanwhile.
  const known = threads.at(id).value.peek() ?? Thread.NONE;
  const thread = known.withNewest(page);
  const { firstUnread, firstSeq } = thread;
  if (firstUnread === null || firstSeq === null || firstUnread >= firstSeq || before) return thread;
  // More came in than a page holds: one begins to read where one stopped.
  return Thread.of(
    await messagesOf(id, { after_seq: Math.max(0, firstUnread - 1 - UNREAD_LEAD), limit: EARLIER }),
  );
}

/** One reads a stretch of long ago: it is brought anew, and goes on from there. */
async function reloadStretch(id: string, known: Thread): Promise<Thread> {
  const page = await messagesOf(id, { after_seq: (known.firstSeq ?? 1) - 1, limit: STRETCH });
  return Thread.of({ ...page, has_more: known.hasMore });
}

const under = new Map<string, Promise<void>>();
/** Asked for twice at once it is brought once. */
function once(key: string, bring: () => Promise<void>): Promise<void> {
  const asked = under.get(key) ?? bring().finally(() => under.delete(key));
  under.set(key, asked);
  return asked;
}

/** Brings what was said before what is loaded. */
export const loadEarlier = (id: string) =>
  once(`earlier ${id}`, async () => {
    const thread = threads.at(id).value.peek();
    if (!thread?.hasMore || thread.firstSeq === null) return;
    const page = await messagesOf(id, { before_seq: thread.firstSeq, limit: EARLIER });
    const now = threads.at(id).value.peek();
    if (now?.firstSeq === thread.firstSeq) threads.put(id, now.withEarlier(page));
  });

/** Brings what was said after what is loaded. */
export const loadLater = (id: string) =>
  once(`later ${id}`, async () => {
    const thread = threads.at(id).value.peek();
    if (!thread?.hasNewer || thread.lastSeq === null) return;
    const page = await messagesOf(id, { after_seq: thread.lastSeq, limit: EARLIER });
    const now = threads.at(id).value.peek();
    if (now?.lastSeq === thread.lastSeq) threads.put(id, now.withLater(page));
  });

/** Brings a message with what was said around it, in place of what was loaded. */
export const loadAround = (id: string, message: string) =>
  once(`around ${id} ${message}`, async () =>
    threads.put(id, Thread.of(await messagesOf(id, { around: message, limit: EARLIER }))),
  );

/** Back to what was said last. */
export const toNewest = (id: string) =>
  once(`newest ${id}`, async () => {
    const page = await messagesOf(id, {});
    threads.put(id, (threads.at(id).value.peek() ?? Thread.NONE).movedTo(page));
  });

export function putMessage(message: Message) {
  const id = message.conversation_id;
  const thread = threads.at(id).value.peek();
  if (!thread) return;
  const isFirst = message.direction === "in" && thread.firstUnread === null;
  threads.put(id, thread.with(message).withUnread(isFirst ? message.seq : thread.firstUnread));
}

/** A conversation as the stream or an act told of it. */
export function putConversation(it: Conversation) {
  conversations.put(it.id, it);
  if (it.merged_into) {
    if (openId.peek() === it.id) go(address.peek().replace(it.id, it.merged_into), "replace");
    threads.named([it.merged_into]);
  }
  listsChanged();
}

/** How much of a conversation this person has not read. */
export function putUnread(id: string, unread: number) {
  const known = conversations.at(id).value.peek();
  if (known) conversations.put(id, { ...known, unread });
  const thread = threads.at(id).value.peek();
  if (thread && unread === 0) threads.put(id, thread.withUnread(null));
}

const NOWHERE = { all: () => ({}), put: () => false, drop: () => {} };
export const drafts = signal(new Drafts(NOWHERE));
const post = async (it: Outgoing) => {
  const params = { path: { id: it.conversation_id }, header: { "Idempotency-Key": it.key } };
  const body = { text: it.text, kind: it.kind };
  try {
    const message = await told(hub.POST("/api/v1/conversations/{id}/messages", { params, body }));
    // What the stream told of it meanwhile is newer than this answer.
    if (!threads.at(it.conversation_id).value.peek()?.has(message.id)) putMessage(message);
  } catch (error) {
    if (asProblem(error).isGone) void conversations.load(it.conversation_id);
    throw error;
  }
};
const ground = {
  post,
  hasArrived: (it: Outgoing) =>
    hasArrived(it, (before_seq) => messagesOf(it.conversation_id, { before_seq, limit: STRETCH })),
  newKey,
  now: Date.now,
  wait: (ms: number, then: () => void) => void setTimeout(then, ms),
  alone: alone(),
};
export const outbox = signal(new Outbox(NOWHERE, ground));

export let kept: Kept | null = null;
onSignIn.push((user) => {
  forgetOld(localStorage, Date.now(), user);
  const mine = new Kept(localStorage, user);
  kept = mine;
  drafts.value = new Drafts(mine);
  outbox.value = new Outbox(mine, ground);
  void outbox.value.send();
  addEventListener("storage", ({ key }) => {
    if (kept !== mine) return;
    if (mine.kindOf(key) === "draft") drafts.value.reload();
    if (mine.kindOf(key) === "outbox") outbox.value.reload();
  });
});
onSignOut.push((user, how) => {
  outbox.peek().stop();
  kept = null;
  if (how === "signed out") new Kept(localStorage, user).clear();
  drafts.value = new Drafts(NOWHERE);
  outbox.value = new Outbox(NOWHERE, ground);
  for (const it of [conversations, threads]) it.clear();
  lists.clear();
  hits.clear();
  counts.value = null;
});
