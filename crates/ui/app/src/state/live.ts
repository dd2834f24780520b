// The live stream of this browser, and what each event moves.

import { effect } from "@preact/signals";
import type { Conversation, ConversationCounts, LivePresence, Message, Run } from "../types";
import { contacts, contactsChanged } from "./contacts";
import {
  conversations,
  counts,
  listsChanged,
  outbox,
  putConversation,
  putMessage,
  putUnread,
  threads,
} from "./inbox";
import { heard as noticed } from "./notice";
import { allThere, forget, heard as heardPresence } from "./presence";
import { followSession, fresh, leave, loadMe, me, onSignIn, onSignOut, signedOut } from "./session";
import { type Heard, type Source, Stream, type Word } from "./stream";
import { putRun, runList, runs, status, syncChanged } from "./sync";

const NAME = "tieline-live";
const channel = new BroadcastChannel(NAME);

function open(after: string): Source {
  const stream = new EventSource(after ? `/api/v1/live?after=${after}` : "/api/v1/live");
  const source: Source = {
    onopen: null,
    onerror: null,
    addEventListener: (name, heard) => stream.addEventListener(name, heard as (event: Event) => void),
    get isClosed() {
      return stream.readyState === EventSource.CLOSED;
    },
    close: () => stream.close(),
  };
  stream.onopen = () => source.onopen?.();
  stream.onerror = () => source.onerror?.();
  return source;
}

/** One tab of a browser holds the lock; the others wait for it. */
function lead(run: () => void): () => void {
  const waiting = new AbortController();
  let release = () => {};
  const held = () =>
    new Promise<void>((done) => {
      release = done;
      run();
    });
  navigator.locks.request(NAME, { signal: waiting.signal }, held).catch(() => {});
  return () => {
    waiting.abort();
    release();
  };
}

export const stream = new Stream(
  {
    open,
    lead,
    say: (word: Word) => channel.postMessage(word),
    wait: (ms, then) => void setTimeout(then, ms),
  },
  {
    event: take,
    gap,
    over: (user, how) => (me.peek()?.staff.id === user ? leave(how) : void loadMe()),
    begun: (user) => {
      if (signedOut.peek()) location.reload();
      else if (me.peek() && me.peek()?.staff.id !== user) void loadMe();
    },
    refused: () => void loadMe(),
  },
);

channel.onmessage = ({ data }: MessageEvent<Word>) => {
  stream.hear(data);
  if (data.kind !== "where" || !stream.isLeading) return;
  // The hub tells who is where as a stream opens, and this one has been open for a while.
  for (const value of allThere()) channel.postMessage({ kind: "event", name: "presence", value, id: "" });
};

onSignIn.push((user) => channel.postMessage({ kind: "begun", user } satisfies Word));
onSignOut.push((user, how) => {
  stream.stop();
  const word: Word = how === "turned over" ? { kind: "begun", user: null } : { kind: "over", user, how };
  channel.postMessage(word);
});

/** Begins to listen; once the session is over, everything ends, here and in the other tabs. */
export function follow() {
  stream.start();
  followSession();
  // Where nobody ever was signed in there is nothing to hear.
  effect(() => {
    if (signedOut.value) stream.stop();
  });
}

/** Tells the other tabs that somebody signed in here. */
export const tellSignIn = () => channel.postMessage({ kind: "begun", user: null } satisfies Word);

function take({ name, value }: Heard) {
  // It comes at once to a tab that does not know yet who is signed in.
  if (name === "presence") return heardPresence(value as LivePresence);
  if (!me.peek()) return;
  if (name === "message") {
    const { message } = value as { message: Message };
    putMessage(message);
    noticed(message, stream.isLeading);
  } else if (name === "message_state") putState(value as MessageState);
  else if (name === "conversation") putConversation((value as { conversation: Conversation }).conversation);
  else if (name === "read") {
    const { conversation_id, unread } = value as { conversation_id: string; unread: number };
    putUnread(conversation_id, unread);
  } else if (name === "counts") counts.value = value as ConversationCounts;
  else if (name === "contacts") {
    contactsChanged((value as { ids: string[] }).ids);
    syncChanged();
  } else if (name === "run") heardRun((value as { run: Run }).run);
}

/** What waited for the org may have it once a run is over. */
function heardRun(run: Run) {
  putRun(run);
  if (run.finished_at !== null) {
    contacts.refresh();
    contactsChanged([]);
  }
}

type MessageState = Pick<Message, "state" | "state_at" | "error"> & {
  conversation_id: string;
  message_id: string;
};

function putState({ conversation_id: id, message_id, ...change }: MessageState) {
  const thread = threads.at(id).value.peek();
  if (thread) threads.put(id, thread.withState(message_id, change));
}

/** Events may be missing: whatever is open is asked for again, and what has not left is sent. */
function gap() {
  forget();
  if (!me.peek()) return;
  for (const it of [conversations, threads, contacts, runs, status]) it.refresh();
  listsChanged();
  contactsChanged([]);
  if (runList.items.peek()) void runList.changed();
  fresh.value++;
  void loadMe().then(() => outbox.peek().send());
}
