// What was sent here and has not reached the hub: what becomes of it, and what one can do.

import { CircleAlert, Clock, NotebookPen } from "lucide-preact";
import { useState } from "preact/hooks";
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
  // Another tab may have it in hand for as long as a request takes.
  const [isAsking, setAsking] = useState(false);
  const asking = async (act: () => Promise<void>) => {
    setAsking(true);
    await act();
    setAsking(false);
  };
  const discard = async () => {
    const where = await box.discard(it.key);
    if (where === "arrived" || where === "elsewhere") return sayWhere(where);
    const said = where === "here" ? words.discarded : words.discardedPerhaps;
    say(said, { label: frame.undo, run: () => box.putBack(it) });
  };
  const edit = async () => {
    const mode = it.kind === "note" ? "note" : "reply";
    let isTaken = false;
    const where = await box.takeBack(it.key, () => {
      isTaken = drafts.peek().giveBack(it.conversation_id, mode, it.text);
      return isTaken;
    });
    if (where !== "here") return sayWhere(where);
    if (!isTaken) say(words.composerHolds);
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
            <button class="link" disabled={isAsking} onClick={() => box.again(it.key)}>
              {it.refusal === null ? words.sendNow : words.sendAgain}
            </button>
            <button class="link" disabled={isAsking} onClick={() => void asking(edit)}>
              {words.edit}
            </button>
            <button class="link" disabled={isAsking} onClick={() => void asking(discard)}>
              {words.discard}
            </button>
            {isAsking && <span role="status">{words.asking}</span>}
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
