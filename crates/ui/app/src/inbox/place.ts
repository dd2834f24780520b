// Where one reads in a thread: at its end and staying there, or at a line that does not move.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { loadAround, loadEarlier, loadLater, outbox, pointedAt, threads, toNewest } from "../state/inbox";
import { useRecord } from "../state/records";
import type { Thread } from "../state/thread";
import { attempt } from "../state/toasts";
import type { Conversation, Message } from "../types";

const NEAR_END = 80;
/** From here on what was said before or after is brought. */
const NEAR_EDGE = 600;
/** How long a message that was searched for is marked. */
const FOUND_MS = 4_000;

type Box = { current: HTMLDivElement | null };
type Before = { first?: string; last?: Message; hasNewer: boolean; height: number; top: number };

const distance = (box: HTMLElement) => box.scrollHeight - box.scrollTop - box.clientHeight;

export function usePlace(conversation: Conversation, scroller: Box) {
  const { id } = conversation;
  const slot = useRecord(threads, id)!;
  const thread = slot.value.value;
  // Nothing is looked at before it is there.
  const [isAtEnd, setAtEnd] = useState(false);
  const [unseen, setUnseen] = useState(0);
  const [unreadFrom, setUnreadFrom] = useState<string | null>(null);
  const before = useRef<Before | null>(null);
  const stays = useRef(true);
  // What leaves, and whether it stays and why: each takes its room.
  const outgoing = outbox.value.all.value
    .filter((it) => it.conversation_id === id)
    .map((it) => `${it.key} ${it.tries > 0} ${it.refusal ?? ""}`)
    .join();

  // As the thread or what leaves changes.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || !thread) return;
    const was = before.current;
    if (!was) {
      setUnreadFrom(begin(box, thread));
      stays.current = distance(box) < NEAR_END && !thread.hasNewer;
    } else {
      stays.current &&= !leftEnd(box, was);
      hold(box, thread, was, stays.current);
      if (!stays.current && !was.hasNewer) setUnseen((n) => n + cameSince(thread, was.last));
    }
    setAtEnd(stays.current);
    before.current = {
      first: thread.messages[0]?.id,
      last: thread.messages.at(-1),
      hasNewer: thread.hasNewer,
      height: box.scrollHeight,
      top: box.scrollTop,
    };
  }, [thread, outgoing]);

  usePointed(id, thread, scroller, stays);

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
    if (!box || !thread) return;
    stays.current = distance(box) < NEAR_END && !thread.hasNewer;
    setAtEnd(stays.current);
    if (stays.current) setUnseen(0);
    if (before.current) before.current = { ...before.current, top: box.scrollTop, height: box.scrollHeight };
    if (box.scrollTop < NEAR_EDGE && thread.hasMore) void attempt(() => loadEarlier(id));
    if (distance(box) < NEAR_EDGE && thread.hasNewer) void attempt(() => loadLater(id));
  };
  const toEnd = async () => {
    if (thread?.hasNewer) await attempt(() => toNewest(id));
    const box = scroller.current;
    if (!box) return;
    stays.current = true;
    setAtEnd(true);
    box.scrollTop = box.scrollHeight;
    setUnseen(0);
    if (document.activeElement?.classList.contains("unseen")) box.focus();
  };
  const isBehind = thread?.hasNewer ?? false;
  return {
    thread,
    problem: slot.problem.value,
    isAtEnd: isAtEnd && !isBehind,
    isBehind,
    unseen,
    unreadFrom,
    look,
    toEnd,
  };
}

/** Begins where reading goes on, else at the end; the message it goes on at. */
function begin(box: HTMLElement, thread: Thread): string | null {
  const from = thread.unreadFrom();
  const line = from && box.querySelector(`[data-message="${from}"]`);
  if (line) line.scrollIntoView({ block: "center" });
  else box.scrollTop = box.scrollHeight;
  return from;
}

/** Scrolled away from the end, of which the browser has not told yet. Where lines went it moved the place itself, to the end. */
const leftEnd = (box: HTMLElement, was: Before) => box.scrollTop < was.top && distance(box) >= NEAR_END;

/** Earlier lines that came above do not move the one that is read; at the end one stays there. */
function hold(box: HTMLElement, thread: Thread, was: Before, stays: boolean) {
  const first = thread.messages[0]?.id;
  if (was.first && was.first !== first && thread.has(was.first))
    box.scrollTop += box.scrollHeight - was.height;
  else if (stays) box.scrollTop = box.scrollHeight;
}

const cameSince = (thread: Thread, last?: Message) =>
  last ? thread.messages.filter((it) => it.seq > last.seq && it.direction === "in").length : 0;

/** Who follows a search's hit is led to the message, however long ago it was. */
function usePointed(id: string, thread: Thread | undefined, scroller: Box, stays: { current: boolean }) {
  const pointed = pointedAt.value;
  const isThere = !!pointed && !!thread?.has(pointed);
  /** To which one was led; whoever went on from there is not led back. */
  const led = useRef<string | null>(null);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || !thread || !pointed || led.current === pointed) return;
    if (!isThere) return void attempt(() => loadAround(id, pointed));
    led.current = pointed;
    const line = box.querySelector(`[data-message="${CSS.escape(pointed)}"]`);
    if (!line) return;
    stays.current = false;
    line.scrollIntoView({ block: "center" });
    line.classList.add("found");
    const timer = setTimeout(() => line.classList.remove("found"), FOUND_MS);
    return () => {
      line.classList.remove("found");
      clearTimeout(timer);
    };
  }, [pointed, isThere, !thread]);
}
