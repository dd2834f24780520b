// A conversation: days as dividers, bubbles grouped by author within five minutes, the composer.

import {
  ArrowDown,
  Check,
  ChevronLeft,
  CircleAlert,
  NotebookPen,
  PanelRight,
  RotateCcw,
} from "lucide-preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { hub, told } from "../api";
import { dayName, phone, sameDay, time } from "../format";
import { Avatar, Skeleton } from "../parts";
import { attempt, go, loadThread, me, threads } from "../state";
import type { Author, Conversation, Message } from "../types";
import { change, close, retry } from "./acts";
import { Composer } from "./composer";

const GROUP_MS = 5 * 60_000;
const NEAR_END = 80;

const STATES: Record<string, string> = {
  queued: "Sending",
  sending: "Sending",
  sent: "Sent",
  delivered: "Delivered",
  received: "",
  uncertain: "Checking with the carrier whether it left",
  undelivered: "Not delivered",
  failed: "Not sent",
  refused: "Not sent",
};

export function Thread({ conversation }: { conversation: Conversation }) {
  const thread = threads.value[conversation.id];
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [unseen, setUnseen] = useState(0);
  const length = thread?.messages.length ?? 0;
  useEffect(() => void loadThread(conversation.id), [conversation.id]);
  useEffect(() => {
    if (conversation.unread > 0 && document.hasFocus())
      void attempt(() =>
        told(hub.POST("/api/v1/conversations/{id}/read", { params: { path: { id: conversation.id } } })),
      );
  }, [conversation.id, conversation.unread]);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    if (atEnd.current) box.scrollTop = box.scrollHeight;
    else setUnseen((n) => n + 1);
  }, [length]);
  const toEnd = () => {
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
    setUnseen(0);
  };
  const name = conversation.contact?.name ?? phone(conversation.address);
  return (
    <section class="thread" aria-label={`Conversation with ${name}`}>
      <header class="head">
        <button class="back" aria-label="Back to the list" onClick={() => go("inbox")}>
          <ChevronLeft size={20} />
        </button>
        <div>
          <h1>{name}</h1>
          <p>
            {phone(conversation.address)}
            <span class="via">, by text message</span>
          </p>
        </div>
        <span class="grow" />
        <select
          aria-label="Who looks after it"
          value={conversation.assigned_to?.id ?? ""}
          onChange={(event) =>
            void change(conversation.id, { assigned_to: event.currentTarget.value || null })
          }
        >
          <option value="">Nobody</option>
          {me.value?.staff_list.map((staff) => (
            <option key={staff.id} value={staff.id}>
              {staff.name}
            </option>
          ))}
        </select>
        <button onClick={() => void close(conversation.id)}>
          {conversation.status === "closed" ? (
            <RotateCcw size={16} aria-hidden="true" />
          ) : (
            <Check size={16} aria-hidden="true" />
          )}
          <span class="word">{conversation.status === "closed" ? "Open again" : "Close"}</span> <kbd>e</kbd>
        </button>
        <button
          class="facts-toggle"
          aria-label="Facts"
          onClick={() => document.querySelector(".inbox")?.classList.toggle("show-facts")}
        >
          <PanelRight size={16} />
        </button>
      </header>
      <div
        class="scroll"
        ref={scroller}
        tabIndex={0}
        role="log"
        aria-label="Messages"
        aria-live="polite"
        onScroll={(event) => {
          const box = event.currentTarget;
          atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
          if (atEnd.current && unseen) setUnseen(0);
        }}
      >
        {!thread ? (
          <Skeleton rows={4} height={56} />
        ) : (
          <Messages messages={thread.messages} more={thread.more} conversation={conversation} />
        )}
      </div>
      {unseen > 0 && (
        <button class="unseen" onClick={toEnd}>
          {unseen} new <ArrowDown size={14} aria-hidden="true" />
        </button>
      )}
      <Composer conversation={conversation} onSent={() => (atEnd.current = true)} />
    </section>
  );
}

function Messages({
  messages,
  more,
  conversation,
}: {
  messages: Message[];
  more: boolean;
  conversation: Conversation;
}) {
  if (messages.length === 0) return <p class="begin">Nothing was said yet. The first text is yours.</p>;
  return (
    <div class="messages">
      {more && (
        <button class="more" onClick={() => void loadThread(conversation.id, messages[0]!.seq)}>
          Show earlier
        </button>
      )}
      {messages.map((message, i) => {
        const before = messages[i - 1];
        const after = messages[i + 1];
        const joins = (a?: Message, b?: Message) =>
          !!a &&
          !!b &&
          a.kind === b.kind &&
          sameAuthor(a.author, b.author) &&
          b.at - a.at < GROUP_MS &&
          sameDay(a.at, b.at) &&
          !a.error;
        return (
          <div key={message.id}>
            {(!before || !sameDay(before.at, message.at)) && (
              <p class="day">
                <span>{dayName(message.at)}</span>
              </p>
            )}
            {message.kind === "note" ? (
              <Note message={message} />
            ) : message.kind === "act" ? (
              <p class="day">
                <span>{message.text}</span>
              </p>
            ) : (
              <Bubble
                message={message}
                first={!joins(before, message)}
                last={!joins(message, after)}
                conversation={conversation}
              />
            )}
          </div>
        );
      })}
    </div>
  );
}

/** The name of a user who wrote it. */
const writer = (message: Message) => (message.author.kind === "staff" ? message.author.name : null);

function sameAuthor(a: Author, b: Author) {
  return a.kind === b.kind && ("id" in a ? a.id : null) === ("id" in b ? b.id : null);
}

function Note({ message }: { message: Message }) {
  return (
    <div class="note">
      <p>
        <NotebookPen size={14} aria-hidden="true" /> Note by {writer(message)?.split(" ")[0] ?? "staff"}, only
        staff see this <time>{time(message.at)}</time>
      </p>
      {message.text}
    </div>
  );
}

function Bubble({
  message,
  first,
  last,
  conversation,
}: {
  message: Message;
  first: boolean;
  last: boolean;
  conversation: Conversation;
}) {
  const out = message.direction === "out";
  const mine = message.author.kind === "staff" && message.author.id === me.value?.staff.id;
  const colleague = out && !mine ? writer(message) : null;
  return (
    <div class={`said ${out ? "out" : "in"} ${first ? "first" : ""}`}>
      {first && colleague && <p class="author">{colleague}</p>}
      {first && out && message.author.kind === "hub" && <p class="author">Tieline, by itself</p>}
      <div class="line">
        {!out &&
          (last ? (
            <Avatar
              id={conversation.contact?.id ?? conversation.id}
              name={conversation.contact?.name ?? "#"}
              size={28}
            />
          ) : (
            <span class="gap" />
          ))}
        <p class={`bubble ${message.error ? "bad" : ""}`}>{message.text}</p>
      </div>
      {message.error ? (
        <p class="state bad">
          <CircleAlert size={14} aria-hidden="true" />
          <b>
            {STATES[message.state] ?? "Not sent"}, {time(message.state_at)}.
          </b>{" "}
          {message.error.text}
          {["failed", "undelivered"].includes(message.state) && message.id.startsWith("msg_") && (
            <button class="link" onClick={() => void retry(message.id)}>
              Send again
            </button>
          )}
        </p>
      ) : (
        last && (
          <p class="state">
            {out ? `${STATES[message.state] ?? message.state} ` : ""}
            {time(out ? message.state_at : message.at)}
          </p>
        )
      )}
    </div>
  );
}
