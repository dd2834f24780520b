// A new conversation: with somebody who is found by name, or with a number as it is typed.

import { useState } from "preact/hooks";
import { hub, keyed, told } from "../api";
import { useNamed } from "../contacts/named";
import { NumberTold, sayNumber, useNumber } from "../contacts/number";
import { phone } from "../format";
import { Dialog } from "../kit/dialog";
import { Avatar } from "../kit/ground";
import { go } from "../route";
import { putConversation } from "../state/inbox";
import { beginning } from "../state/screen";
import { me } from "../state/session";
import { attempt } from "../state/toasts";
import type { ContactRow } from "../types";
import { words } from "../words/inbox";

const FOCUS_TRIES = 40;

type With = { contact_id?: string; address?: string; inbox_id?: string };

/** Opens the conversation, with the cursor in the text; whether it did. */
export async function begin(body: With): Promise<boolean> {
  const opened = await attempt(() => told(hub.POST("/api/v1/conversations", { params: keyed(), body })));
  if (!opened) return false;
  putConversation(opened);
  go(`inbox/${opened.id}`);
  focusComposer();
  return true;
}

function focusComposer(left = FOCUS_TRIES) {
  const area = document.querySelector<HTMLElement>(".composer textarea:not([disabled])");
  area?.focus();
  // It is not there yet, or a dialog that is about to close keeps the focus.
  const isThere = !!area && document.activeElement === area;
  if (!isThere && left > 0) setTimeout(() => focusComposer(left - 1), 50);
}

export function Begin() {
  const close = () => {
    beginning.value = false;
  };
  return (
    <Dialog open={beginning.value} onClose={close} label={words.begins.title}>
      <Form onDone={close} />
    </Dialog>
  );
}

/** What may be a number is read as one; names are looked for. */
const looksLikeNumber = (text: string) => /^[+\d(][\d\s().\-/+]*$/.test(text);

function Form({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState("");
  const [inbox, setInbox] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const asked = text.trim();
  const isNumber = looksLikeNumber(asked);
  const read = useNumber({ text: isNumber ? asked : "" });
  const found = useNamed(asked);
  const inboxes = me.value?.inboxes ?? [];
  const start = async (body: With) => {
    if (isBusy) return;
    setBusy(true);
    if (await begin({ ...body, inbox_id: inbox })) onDone();
    setBusy(false);
  };
  return (
    <>
      <h2>{words.begins.title}</h2>
      <label>
        {words.begins.field}
        <input
          type="text"
          value={text}
          maxLength={200}
          autofocus
          autocomplete="off"
          aria-describedby="begin-told"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {isNumber && <NumberTold id="begin-told" text={asked} />}
      {inboxes.length > 1 && (
        <label>
          {words.begins.from}
          <select value={inbox} onChange={(event) => setInbox(event.currentTarget.value)}>
            {inboxes.map((it) => (
              <option key={it.id} value={it.id}>
                {it.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="choices">
        {read?.number && (
          <button
            class={sayNumber(read).isWarning ? "" : "primary"}
            disabled={isBusy}
            onClick={() => void start({ address: read.number! })}
          >
            {words.begins.text(read.display ?? read.number)}
          </button>
        )}
        {found?.map((it) => (
          <Person key={it.id} person={it} isBusy={isBusy} onChoose={(body) => void start(body)} />
        ))}
        {asked && found?.length === 0 && !isNumber && <p class="quiet">{words.begins.nobody}</p>}
      </div>
      <footer>
        <button onClick={onDone}>{words.begins.cancel}</button>
      </footer>
    </>
  );
}

type PersonProps = { person: ContactRow; isBusy: boolean; onChoose: (body: With) => void };

/** Each number of a person is a choice of its own. */
function Person({ person, isBusy, onChoose }: PersonProps) {
  if (person.points.length === 0)
    return (
      <p class="candidate quiet">
        <Avatar id={person.id} name={person.name} size={24} />
        <span dir="auto">{words.begins.noNumber(person.name)}</span>
      </p>
    );
  return (
    <>
      {person.points.map((point) => (
        <button
          key={point.id}
          class="candidate"
          disabled={isBusy}
          onClick={() => onChoose({ contact_id: person.id, address: point.address })}
        >
          <Avatar id={person.id} name={person.name} size={24} />
          <span>
            <span dir="auto">{person.name}</span>
            <small>
              {[phone(point.address), person.company].filter(Boolean).join(", ")}
              {point.consent.state === "opted_out" && `, ${words.optedOut.toLowerCase()}`}
              {point.doubtful && `, ${words.begins.doubtful}`}
            </small>
          </span>
        </button>
      ))}
    </>
  );
}
