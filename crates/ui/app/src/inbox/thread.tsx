// A conversation: who it is with, what was said, the composer. The place one reads at stays where it is.

import { ArrowDown, Check, ChevronLeft, PanelRight, RotateCcw } from "lucide-preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { hub, told } from "../api";
import { phone } from "../format";
import { Waiting } from "../kit/ground";
import { conversationAddress, go } from "../route";
import { loadEarlier, outbox, pointedAt, threads } from "../state/inbox";
import { useRecord } from "../state/records";
import { toggleFacts } from "../state/screen";
import { me } from "../state/session";
import { attempt } from "../state/toasts";
import type { Conversation, Message } from "../types";
import { words } from "../words/inbox";
import { change, close } from "./acts";
import { Composer } from "./composer";
import { Messages } from "./messages";

const NEAR_END = 80;
/** How long a message that was searched for is marked. */
const FOUND_MS = 4_000;
/** From here on what was said before is brought. */
const NEAR_TOP = 600;

export function Thread({ conversation }: { conversation: Conversation }) {
  const { id } = conversation;
  const name = conversation.contact?.name ?? phone(conversation.address);
  const scroller = useRef<HTMLDivElement>(null);
  const place = usePlace(conversation, scroller);
  const isEnd = place.isAtEnd;
  useSeen(conversation, isEnd);
  return (
    <section class="thread" aria-label={words.with(name)}>
      <Head conversation={conversation} name={name} />
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
        {place.unseen > 0 && (
          <button class="unseen" onClick={place.toEnd}>
            {words.newBelow(place.unseen)} <ArrowDown size={14} aria-hidden="true" />
          </button>
        )}
      </div>
      <Composer conversation={conversation} onSent={place.toEnd} />
    </section>
  );
}

function Head({ conversation, name }: { conversation: Conversation; name: string }) {
  const isClosed = conversation.status === "closed";
  const Icon = isClosed ? RotateCcw : Check;
  return (
    <header class="head">
      <button
        class="back"
        aria-label={words.back}
        onClick={() => go(conversationAddress("").replace("/", ""))}
      >
        <ChevronLeft size={20} />
      </button>
      <div class="who">
        <h1 dir="auto" title={name}>
          {name}
        </h1>
        <p>
          <span class="number">{phone(conversation.address)}</span>
          <span class="via">, {words.byText}</span>
        </p>
      </div>
      <select
        aria-label={words.lookedAfter}
        value={conversation.assigned_to?.id ?? ""}
        onChange={(event) => void change(conversation.id, { assigned_to: event.currentTarget.value || null })}
      >
        <option value="">{words.nobody}</option>
        {me.value?.staff_list.map((staff) => (
          <option key={staff.id} value={staff.id}>
            {staff.name}
          </option>
        ))}
      </select>
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

/** Where one reads: at the end and staying there, or at a line that does not move. */
function usePlace(conversation: Conversation, scroller: { current: HTMLDivElement | null }) {
  const { id } = conversation;
  const slot = useRecord(threads, id)!;
  const thread = slot.value.value;
  const [isAtEnd, setAtEnd] = useState(true);
  const [unseen, setUnseen] = useState(0);
  const [unreadFrom, setUnreadFrom] = useState<string | null>(null);
  const before = useRef<{ first?: string; last?: Message; height: number; top: number } | null>(null);
  const stays = useRef(true);
  const outgoing = outbox.value.all.value.filter((it) => it.conversation_id === id).length;

  // As the thread or what leaves changes.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || !thread) return;
    const was = before.current;
    const first = thread.messages[0]?.id;
    const last = thread.messages.at(-1);
    if (!was) {
      const from = thread.firstUnread(conversation.unread);
      setUnreadFrom(from);
      const line = from && box.querySelector(`[data-message="${from}"]`);
      if (line) line.scrollIntoView({ block: "center" });
      else box.scrollTop = box.scrollHeight;
      stays.current = isNearEnd(box);
    } else if (was.first && was.first !== first && thread.messages.some((it) => it.id === was.first))
      // Earlier lines came above: the line that was read stays where it was.
      box.scrollTop = was.top + box.scrollHeight - was.height;
    else if (stays.current) box.scrollTop = box.scrollHeight;
    else if (was.last && last)
      setUnseen(
        (n) => n + thread.messages.filter((it) => it.seq > was.last!.seq && it.direction === "in").length,
      );
    before.current = { first, last, height: box.scrollHeight, top: box.scrollTop };
  }, [thread, outgoing]);

  // Who follows a search's hit is led to the message, however long ago it was.
  const pointed = pointedAt.value;
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || !thread || !pointed) return;
    const line = box.querySelector(`[data-message="${CSS.escape(pointed)}"]`);
    if (!line) {
      if (thread.hasMore) void attempt(() => loadEarlier(id));
      return;
    }
    stays.current = false;
    line.scrollIntoView({ block: "center" });
    line.classList.add("found");
    const timer = setTimeout(() => line.classList.remove("found"), FOUND_MS);
    return () => clearTimeout(timer);
  }, [pointed, thread?.messages[0]?.id]);

  // The composer that grows takes its room from above, not from the last lines.
  // The box stays the same.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const watch = new ResizeObserver(() => {
      if (stays.current) box.scrollTop = box.scrollHeight;
    });
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  const look = () => {
    const box = scroller.current;
    if (!box) return;
    stays.current = isNearEnd(box);
    setAtEnd(stays.current);
    if (stays.current) setUnseen(0);
    if (before.current) before.current = { ...before.current, top: box.scrollTop, height: box.scrollHeight };
    if (box.scrollTop < NEAR_TOP && thread?.hasMore) void attempt(() => loadEarlier(id));
  };
  const toEnd = () => {
    const box = scroller.current;
    if (!box) return;
    stays.current = true;
    box.scrollTop = box.scrollHeight;
    setUnseen(0);
    if (document.activeElement?.classList.contains("unseen")) box.focus();
  };
  return { thread, problem: slot.problem.value, isAtEnd, unseen, unreadFrom, look, toEnd };
}

const isNearEnd = (box: HTMLElement) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;

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
      void attempt(() => told(hub.POST("/api/v1/conversations/{id}/read", { params })));
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
