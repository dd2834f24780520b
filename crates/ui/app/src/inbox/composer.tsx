// The composer: reply and note, each with its own draft, the counter, and the gate's refusal in place
// of the button.

import { Ban, Smartphone } from "lucide-preact";
import { useRef } from "preact/hooks";
import { phone } from "../format";
import { LENGTH_MAX, PARTS_MANY, segments } from "../segments";
import type { Mode } from "../state/drafts";
import { drafts, outbox } from "../state/inbox";
import { typed } from "../state/presence";
import { me } from "../state/session";
import type { Conversation } from "../types";
import { refusal } from "../words/failures";
import { words } from "../words/inbox";

export function Composer({ conversation, onSent }: { conversation: Conversation; onSent: () => void }) {
  const { id } = conversation;
  const draft = drafts.value.of(id);
  const isNote = draft.mode === "note";
  const text = draft[draft.mode];
  const isRefused = !isNote && !conversation.gate.allowed;
  const over = isNote ? 0 : [...text.trim()].length - LENGTH_MAX;
  const canSend = text.trim() !== "" && !isRefused && over <= 0;
  const area = useRef<HTMLTextAreaElement>(null);
  const submit = () => {
    if (!canSend) return;
    const taken = drafts.value.take(id);
    if (!taken) return;
    outbox.value.add(id, taken.text, taken.mode === "note" ? "note" : "message");
    requestAnimationFrame(onSent);
    area.current?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape")
      area.current?.closest(".thread")?.querySelector<HTMLElement>(".scroll")?.focus();
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form
      class={`composer ${isNote ? "is-note" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Modes id={id} mode={draft.mode} conversation={conversation} />
      <textarea
        ref={area}
        rows={2}
        value={text}
        disabled={isRefused && !text}
        hidden={isRefused && !text}
        dir="auto"
        aria-label={isNote ? words.noteField : words.textField}
        placeholder={isNote ? words.noteHint : words.textHint}
        onInput={(event) => {
          drafts.value.write(id, event.currentTarget.value);
          typed();
        }}
        onKeyDown={keys}
      />
      <div class="bar">
        {isRefused ? (
          <p class="refusal" role="status">
            <Ban size={16} aria-hidden="true" />
            <span>
              <b>{words.cannot}</b> {refusal(conversation.gate)}
            </span>
          </p>
        ) : (
          <>
            <span class="grow" />
            {!isNote && text.trim() && <Counter text={text} over={over} />}
            <button class="primary" disabled={!canSend}>
              {isNote ? words.addNote : words.send} <kbd>Ctrl ↵</kbd>
            </button>
          </>
        )}
      </div>
    </form>
  );
}

function Modes({ id, mode, conversation }: { id: string; mode: Mode; conversation: Conversation }) {
  const inbox = me.value?.inboxes.find((it) => it.id === conversation.inbox_id);
  const draft = drafts.value.of(id);
  return (
    <div class="bar">
      {(["reply", "note"] as const).map((it) => (
        <button
          key={it}
          type="button"
          data-act={it}
          aria-pressed={mode === it}
          onClick={() => drafts.value.open(id, it)}
        >
          {words[it]}
          {mode !== it && draft[it].trim() && <i class="dot" role="img" aria-label={words.draft} />}
        </button>
      ))}
      <span class="grow" />
      {inbox && mode === "reply" && (
        <span class="from">
          <Smartphone size={14} aria-hidden="true" />
          <span>
            {inbox.name}
            {inbox.address && `, ${phone(inbox.address)}`}
          </span>
        </span>
      )}
    </div>
  );
}

function Counter({ text, over }: { text: string; over: number }) {
  if (over > 0)
    return (
      <span class="counter bad" role="status">
        {words.tooLong(over, LENGTH_MAX)}
      </span>
    );
  const { used, room, parts } = segments(text.trim());
  return (
    <span class={`counter ${parts >= PARTS_MANY ? "warn" : ""}`}>{words.counter(used, room, parts)}</span>
  );
}
