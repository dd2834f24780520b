// What was sent here and has not reached the hub: what becomes of it, and what one can do.

import { CircleAlert, Clock, NotebookPen } from "lucide-preact";
import { time } from "../format";
import { drafts, outbox } from "../state/inbox";
import type { Outgoing, Where } from "../state/outbox";
import { say } from "../state/toasts";
import { words as frame } from "../words/frame";
import { words } from "../words/inbox";
import { Linked } from "./linked";

export function Leaving({ it }: { it: Outgoing }) {
  const isStuck = it.refusal !== null || it.tries > 0;
  const box = outbox.peek();
  const discard = async () => {
    const where = await box.discard(it.key);
    if (where !== "here") return sayWhere(where);
    say(words.discarded, { label: frame.undo, run: () => box.putBack(it) });
  };
  const edit = async () => {
    const mode = it.kind === "note" ? "note" : "reply";
    const giveBack = () => drafts.peek().giveBack(it.conversation_id, mode, it.text);
    const where = await box.takeBack(it.key, giveBack);
    if (where !== "here") return sayWhere(where);
    document.querySelector<HTMLElement>(".composer textarea")?.focus();
  };
  return (
    <div class="said out first leaving">
      <div class="line">
        <p class={`bubble ${it.kind === "note" ? "is-note" : ""} ${isStuck ? "bad" : ""}`} dir="auto">
          {it.kind === "note" && <NotebookPen size={14} aria-hidden="true" />}
          {it.kind === "note" && " "}
          <Linked text={it.text} />
        </p>
      </div>
      {!isStuck ? (
        <p class="state">
          <Clock size={12} aria-hidden="true" /> {words.leaving} {time(it.at)}
        </p>
      ) : (
        <div class="state bad">
          <p>
            <CircleAlert size={14} aria-hidden="true" />{" "}
            <b>{it.refusal === null ? words.notReached : words.notSent}</b>{" "}
            {it.refusal ?? words.notReachedWhy}
          </p>
          <span class="ways">
            <button class="link" onClick={() => box.again(it.key)}>
              {it.refusal === null ? words.sendNow : words.sendAgain}
            </button>
            <button class="link" onClick={() => void edit()}>
              {words.edit}
            </button>
            <button class="link" onClick={() => void discard()}>
              {words.discard}
            </button>
          </span>
        </div>
      )}
    </div>
  );
}

/** Of what another tab has nothing is said: it went from here, and stands there. */
function sayWhere(where: Exclude<Where, "here">) {
  if (where !== "elsewhere") say(where === "arrived" ? words.hadLeft : words.mayHaveLeft);
}
