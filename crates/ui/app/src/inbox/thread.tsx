// A conversation: who it is with, what was said, the composer. The place one reads at stays where it is.

import { ArrowDown, Check, ChevronLeft, ChevronRight, PanelRight, RotateCcw } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { hub, told } from "../api";
import { phone } from "../format";
import { Avatar, NobodyMark, StaffAvatar, Waiting } from "../kit/ground";
import { go, inboxAddress } from "../route";
import { threads } from "../state/inbox";
import { useBeingAt } from "../state/presence";
import { isNarrow, toggleFacts } from "../state/screen";
import { me } from "../state/session";
import type { Conversation } from "../types";
import { refusal } from "../words/failures";
import { words } from "../words/inbox";
import { change, close } from "./acts";
import { Composer } from "./composer";
import { Messages } from "./messages";
import { usePlace } from "./place";
import { Present } from "./present";

export function Thread({ conversation }: { conversation: Conversation }) {
  const { id } = conversation;
  const name = conversation.contact?.name ?? phone(conversation.address);
  const scroller = useRef<HTMLDivElement>(null);
  const place = usePlace(conversation, scroller);
  const isEnd = place.isAtEnd;
  useSeen(conversation, isEnd);
  useBeingAt(id);
  return (
    <section class="thread" aria-label={words.with(name)}>
      <Head conversation={conversation} name={name} />
      {isNarrow.value && <Strip conversation={conversation} />}
      <div class="history">
        <div
          class="scroll"
          ref={scroller}
          tabIndex={0}
          role="log"
          aria-label={words.messages}
          aria-live="polite"
          onScroll={place.look}
        >
          {place.thread ? (
            <Messages
              messages={place.thread.messages}
              hasMore={place.thread.hasMore}
              conversation={conversation}
              unreadFrom={place.unreadFrom}
            />
          ) : (
            <Waiting problem={place.problem} again={() => void threads.load(id)} rows={5} height={56} />
          )}
        </div>
        {(place.unseen > 0 || place.isBehind) && (
          <button class="unseen" onClick={() => void place.toEnd()}>
            {place.unseen > 0 ? words.newBelow(place.unseen) : words.toNewest}{" "}
            <ArrowDown size={14} aria-hidden="true" />
          </button>
        )}
      </div>
      <Present id={id} />
      <Composer conversation={conversation} onSent={() => void place.toEnd()} />
    </section>
  );
}

/** On a phone, where the facts are away: whether one may write, and how to see more. */
function Strip({ conversation }: { conversation: Conversation }) {
  const { gate } = conversation;
  return (
    <button class="strip" onClick={toggleFacts}>
      <span class={`gate ${gate.allowed ? "" : "red"}`}>
        {gate.allowed ? words.allowed : refusal(gate) || words.notAllowed}
      </span>
      <span class="grow" />
      {words.facts}
      <ChevronRight size={16} aria-hidden="true" />
    </button>
  );
}

/** On a phone, to the list. */
export const Back = () => (
  <button class="back" aria-label={words.back} onClick={() => go(inboxAddress())}>
    <ChevronLeft size={20} />
  </button>
);

function Head({ conversation, name }: { conversation: Conversation; name: string }) {
  const { contact } = conversation;
  const isClosed = conversation.status === "closed";
  const Icon = isClosed ? RotateCcw : Check;
  return (
    <header class="head">
      <Back />
      {isNarrow.value && contact && <Avatar id={contact.id} name={contact.name ?? "#"} />}
      <div class="who">
        <h1 dir="auto" title={name}>
          {name}
        </h1>
        <p>
          {contact ? (
            <>
              <span class="number">{phone(conversation.address)}</span>
              <span class="via">, {words.byText}</span>
            </>
          ) : (
            words.unknown.title
          )}
        </p>
      </div>
      <Assignee conversation={conversation} />
      <button onClick={() => void close(conversation.id)}>
        <Icon size={16} aria-hidden="true" />
        <span class="word">{isClosed ? words.reopen : words.close}</span> <kbd>e</kbd>
      </button>
      <button class="icon facts-toggle" aria-label={words.facts} onClick={toggleFacts}>
        <PanelRight size={16} />
      </button>
    </header>
  );
}

function Assignee({ conversation }: { conversation: Conversation }) {
  const { assigned_to: by, id } = conversation;
  return (
    <span class="assignee">
      {by ? <StaffAvatar name={by.name} size={20} /> : <NobodyMark label={words.nobodyOn} size={20} />}
      <select
        aria-label={words.lookedAfter}
        title={by?.name ?? words.nobodyOn}
        value={by?.id ?? ""}
        onChange={(event) => void change(id, { assigned_to: event.currentTarget.value || null })}
      >
        <option value="">{words.nobody}</option>
        {me.value?.staff_list.map((staff) => (
          <option key={staff.id} value={staff.id}>
            {staff.name}
          </option>
        ))}
      </select>
    </span>
  );
}

/** Marks as read what is really looked at: the end is in sight, and the window is before somebody. */
function useSeen(conversation: Conversation, isAtEnd: boolean) {
  const { id, unread } = conversation;
  useEffect(() => {
    if (unread === 0 || !isAtEnd) return;
    let isTold = false;
    const seen = () => {
      if (isTold || !document.hasFocus() || document.hidden) return;
      isTold = true;
      const params = { path: { id } };
      // Nobody asked for it: what a reviewer looks at stays unread, what failed is told at the next look.
      void told(hub.POST("/api/v1/conversations/{id}/read", { params })).catch(() => {});
    };
    seen();
    addEventListener("focus", seen);
    document.addEventListener("visibilitychange", seen);
    return () => {
      removeEventListener("focus", seen);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [id, unread, isAtEnd]);
}
