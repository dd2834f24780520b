// What was said: days as dividers, bubbles grouped by author within five minutes, then what has not
// reached the hub yet.

import { Check, CheckCheck, CircleAlert, Clock, MailOpen, NotebookPen } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { dayName, exactly, sameDay, time } from "../format";
import { Avatar } from "../kit/ground";
import { outbox } from "../state/inbox";
import { me } from "../state/session";
import type { Author, Conversation, Message } from "../types";
import { whyNot } from "../words/failures";
import { words } from "../words/inbox";
import { markUnread, retry } from "./acts";
import { Leaving } from "./leaving";
import { Linked } from "./linked";

const GROUP_MS = 5 * 60_000;

type Props = {
  messages: Message[];
  hasMore: boolean;
  conversation: Conversation;
  /** Where reading goes on. */
  unreadFrom: string | null;
};

export function Messages({ messages, hasMore, conversation, unreadFrom }: Props) {
  const known = new Set(messages.map((it) => it.client_key));
  const leaving = outbox.value.all.value.filter(
    (it) => it.conversation_id === conversation.id && !known.has(it.key),
  );
  if (messages.length === 0 && leaving.length === 0) return <p class="begin">{words.begin}</p>;
  const lastOut = messages.findLast((it) => it.direction === "out" && !it.error)?.id;
  return (
    <div class="messages">
      {hasMore && <p class="earlier">{words.earlier}</p>}
      {messages.map((message, i) => {
        const before = messages[i - 1];
        const after = messages[i + 1];
        const isNewDay = !before || !sameDay(before.at, message.at);
        return (
          <div key={message.id} data-message={message.id}>
            {isNewDay && <Divider text={dayName(message.at)} />}
            {message.id === unreadFrom && <Divider text={words.unreadFrom} className="fresh" />}
            <Said
              message={message}
              first={isNewDay || !joins(before, message)}
              last={!joins(message, after) || message.id === lastOut}
              conversation={conversation}
            />
          </div>
        );
      })}
      {leaving.map((it) => (
        <Leaving key={it.key} it={it} />
      ))}
    </div>
  );
}

const Divider = ({ text, className = "" }: { text: string; className?: string }) => (
  <p class={`day ${className}`}>
    <span>{text}</span>
  </p>
);

function joins(a?: Message, b?: Message): boolean {
  return (
    !!a &&
    !!b &&
    a.kind === b.kind &&
    sameAuthor(a.author, b.author) &&
    b.at - a.at < GROUP_MS &&
    sameDay(a.at, b.at) &&
    !a.error
  );
}

function sameAuthor(a: Author, b: Author) {
  return a.kind === b.kind && ("id" in a ? a.id : null) === ("id" in b ? b.id : null);
}

/** The name of a user who wrote it. */
const writer = (message: Message) => (message.author.kind === "staff" ? message.author.name : null);

type SaidProps = { message: Message; first: boolean; last: boolean; conversation: Conversation };

function Said({ message, first, last, conversation }: SaidProps) {
  if (message.kind === "note") return <Note message={message} />;
  if (message.kind === "act") return <Divider text={message.text} />;
  return <Bubble message={message} first={first} last={last} conversation={conversation} />;
}

function Note({ message }: { message: Message }) {
  return (
    <div class="note">
      <p>
        <NotebookPen size={14} aria-hidden="true" />{" "}
        {words.noteBy(writer(message)?.split(" ")[0] ?? words.staff)}{" "}
        <time title={exactly(message.at)}>{time(message.at)}</time>
      </p>
      <div dir="auto">
        <Linked text={message.text} />
      </div>
    </div>
  );
}

function Bubble({ message, first, last, conversation }: SaidProps) {
  const out = message.direction === "out";
  const isMine = message.author.kind === "staff" && message.author.id === me.value?.staff.id;
  const author =
    out && message.author.kind === "hub" ? words.byItself : out && !isMine ? writer(message) : null;
  const who = conversation.contact;
  return (
    <div class={`said ${out ? "out" : "in"} ${first ? "first" : ""}`}>
      {first && author && <p class="author">{author}</p>}
      <div class="line">
        {!out &&
          (last ? (
            <Avatar id={who?.id ?? conversation.id} name={who?.name ?? "#"} size={28} />
          ) : (
            <span class="gap" />
          ))}
        <p class={`bubble ${message.error ? "bad" : ""}`} dir="auto" title={exactly(message.at)}>
          <Linked text={message.text} />
        </p>
      </div>
      {message.error ? (
        <Failed message={message} />
      ) : (
        last && (
          <State message={message} isOut={out}>
            {!out && (
              <button class="link from-here" onClick={() => void markUnread(conversation.id, message.id)}>
                <MailOpen size={14} aria-hidden="true" /> <span class="word">{words.markUnread}</span>
              </button>
            )}
          </State>
        )
      )}
    </div>
  );
}

const SIGNS: Partial<Record<Message["state"], typeof Check>> = {
  queued: Clock,
  sending: Clock,
  uncertain: Clock,
  sent: Check,
  delivered: CheckCheck,
};

type StateProps = { message: Message; isOut: boolean; children?: ComponentChildren };

function State({ message, isOut, children }: StateProps) {
  const at = isOut ? message.state_at : message.at;
  const Sign = SIGNS[message.state];
  return (
    <p class="state" title={exactly(at)}>
      {isOut && Sign && <Sign size={12} aria-hidden="true" />}{" "}
      {isOut ? `${words.states[message.state] ?? message.state} ` : ""}
      {time(at)} {children}
    </p>
  );
}

function Failed({ message }: { message: Message }) {
  const canRetry = ["failed", "undelivered"].includes(message.state);
  return (
    <p class="state bad">
      <CircleAlert size={14} aria-hidden="true" />{" "}
      <b>
        {words.states[message.state] ?? words.notSent}, {time(message.state_at)}.
      </b>{" "}
      {message.error && whyNot(message.error.code, message.error.detail, message.error.text)}{" "}
      {canRetry && (
        <button class="link" onClick={() => void retry(message.id)}>
          {words.sendAgain}
        </button>
      )}
    </p>
  );
}
