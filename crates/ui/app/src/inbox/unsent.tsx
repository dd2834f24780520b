// What somebody wrote in a conversation that they may no longer read: theirs to take elsewhere or let go.

import { drafts, outbox } from "../state/inbox";
import { words } from "../words/inbox";

export function Unsent({ id }: { id: string }) {
  const waiting = outbox.value.all.value.filter((it) => it.conversation_id === id);
  const draft = drafts.value.of(id);
  const texts = [...waiting.map((it) => it.text), draft.reply, draft.note].filter((it) => it.trim());
  if (texts.length === 0) return null;
  const discard = () => {
    for (const it of waiting) void outbox.peek().discard(it.key);
    drafts.peek().drop(id);
  };
  return (
    <div class="unsent">
      <p>{words.unsent}</p>
      {texts.map((text, i) => (
        <blockquote key={i} dir="auto">
          {text}
        </blockquote>
      ))}
      <button onClick={discard}>{words.discard}</button>
    </div>
  );
}
