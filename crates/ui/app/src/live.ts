// The live stream: one for all tabs of a browser. The tab that holds the lock listens and passes
// on what it hears; the others hear it from there.

import {
  contactsChanged,
  conversations,
  counts,
  followMerged,
  live,
  loadConversations,
  loadMe,
  loadRuns,
  loadSync,
  loadThread,
  openId,
  putConversation,
  putMessage,
  putUnread,
  runs,
  sync,
  threads,
} from "./state";
import type { Message, Run } from "./types";

const EVENTS = [
  "hello",
  "message",
  "message_state",
  "conversation",
  "read",
  "counts",
  "contacts",
  "run",
  "reset",
];
/** The number of the last event that any tab heard: whoever listens next goes on behind it. */
let last = "";
const channel = new BroadcastChannel("tieline-live");

export function follow() {
  channel.onmessage = ({ data }) => {
    if (data.name === "state") live.value = data.value;
    else hear(data.name, data.value, data.id);
  };
  void navigator.locks.request("tieline-live", () => new Promise<void>(() => listen()));
}

function listen() {
  const stream = new EventSource(last ? `/api/v1/live?after=${last}` : "/api/v1/live");
  const tell = (value: typeof live.value) => {
    live.value = value;
    channel.postMessage({ name: "state", value });
  };
  stream.onopen = () => tell("live");
  stream.onerror = () => {
    tell("lost");
    // A browser gives up after a refusal, as when the session is over or the hub starts again.
    if (stream.readyState === EventSource.CLOSED) {
      void loadMe();
      setTimeout(listen, 3000);
    }
  };
  for (const name of EVENTS) {
    stream.addEventListener(name, (event) => {
      const { data, lastEventId: id } = event as MessageEvent;
      const value = JSON.parse(data);
      hear(name, value, id);
      channel.postMessage({ name, value, id });
    });
  }
}

function hear(name: string, value: any, id: string) {
  const first = !last;
  last = id || last;
  // What was loaded before the stream stood may be older than where it begins.
  if (name === "hello" && first && conversations.value) void loadConversations();
  take(name, value);
}

let later = 0;
function refreshSync() {
  clearTimeout(later);
  later = setTimeout(() => {
    if (sync.value) void loadSync();
  }, 150) as unknown as number;
}

function take(name: string, value: any) {
  if (name === "message") {
    putMessage(value.message as Message);
  } else if (name === "message_state") {
    const thread = threads.value[value.conversation_id];
    const known = thread?.messages.find((it) => it.id === value.message_id);
    if (known) putMessage({ ...known, state: value.state, state_at: value.state_at, error: value.error });
  } else if (name === "conversation") {
    putConversation(value.conversation);
    followMerged(value.conversation);
    void loadMe();
  } else if (name === "read") {
    putUnread(value.conversation_id, value.unread);
  } else if (name === "counts") {
    counts.value = value;
  } else if (name === "contacts") {
    contactsChanged.value++;
    refreshSync();
  } else if (name === "run") {
    const run = value.run as Run;
    if (sync.value) {
      const over = run.finished_at !== null;
      sync.value = { ...sync.value, state: over ? sync.value.state : "running", running: over ? null : run };
      if (over) refreshSync();
    }
    if (runs.value) {
      const others = runs.value.filter((it) => it.id !== run.id);
      runs.value = [run, ...others].sort((a, b) => b.started_at - a.started_at);
    }
  } else if (name === "reset") {
    void loadConversations();
    if (openId.value) void loadThread(openId.value);
    if (sync.value) void loadSync();
    if (runs.value) void loadRuns();
    contactsChanged.value++;
  }
}
