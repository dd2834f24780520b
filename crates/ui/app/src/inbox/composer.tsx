// The composer: reply or note, the segment counter, and the gate's refusal in place of the button.

import { Ban, Smartphone } from "lucide-preact";
import { useRef, useState } from "preact/hooks";
import { phone } from "../format";
import { segments } from "../segments";
import { me } from "../state";
import type { Conversation } from "../types";
import { send } from "./acts";

const drafts = new Map<string, string>();

export function Composer({ conversation, onSent }: { conversation: Conversation; onSent: () => void }) {
  const [text, setText] = useState(drafts.get(conversation.id) ?? "");
  const [note, setNote] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const refused = !note && !conversation.gate.allowed;
  const inbox = me.value?.inboxes.find((it) => it.id === conversation.inbox_id);
  const write = (value: string) => {
    setText(value);
    drafts.set(conversation.id, value);
  };
  const submit = async () => {
    const written = text.trim();
    if (!written || refused) return;
    write("");
    onSent();
    area.current?.focus();
    if (!(await send(conversation, written, note ? "note" : "message"))) write(written);
  };
  const { used, room, parts } = segments(text);
  return (
    <form
      class={`composer ${note ? "is-note" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="bar">
        <button type="button" data-act="reply" aria-pressed={!note} onClick={() => setNote(false)}>
          Reply
        </button>
        <button type="button" data-act="note" aria-pressed={note} onClick={() => setNote(true)}>
          Note
        </button>
        <span class="grow" />
        {inbox && (
          <span class="from">
            <Smartphone size={14} aria-hidden="true" />
            {inbox.name}
            {inbox.address && `, ${phone(inbox.address)}`}
          </span>
        )}
      </div>
      <textarea
        ref={area}
        rows={2}
        value={text}
        disabled={refused}
        aria-label={note ? "Note" : "Text message"}
        placeholder={refused ? "" : note ? "Write a note that only staff see" : "Write a text message"}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            void submit();
          }
        }}
      />
      <div class="bar">
        {refused ? (
          <p class="refusal" role="status">
            <Ban size={16} aria-hidden="true" />
            <span>
              <b>They cannot be texted.</b> {conversation.gate.reason}
            </span>
          </p>
        ) : (
          <>
            <span class="grow" />
            {!note && (
              <span class="counter">
                {used} of {room}, {parts === 1 ? "1 text" : `${parts} texts`}
              </span>
            )}
            <button class="primary" disabled={!text.trim()}>
              {note ? "Add note" : "Send"} <kbd>Ctrl ↵</kbd>
            </button>
          </>
        )}
      </div>
    </form>
  );
}
