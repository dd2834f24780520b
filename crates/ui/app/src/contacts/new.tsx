// A new contact: what must be given, and what the company asks for.

import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../kit/dialog";
import { ALREADY_MADE, asProblem, sentence } from "../problem";
import { go, withQuery } from "../route";
import { addsContact, attributes } from "../state/contacts";
import { say } from "../state/toasts";
import { words } from "../words/contacts";
import type { Fields } from "./adding";
import { Value } from "./fields";
import { NumberTold } from "./number";

/** What is asked for, beside what must be given and what the company added. */
const ASKED = ["first_name", "last_name", "mobile_phone", "email"];

export function NewContact({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} label={words.add}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const [problem, setProblem] = useState<{ text: string; field: string | null } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [adding] = useState(() => addsContact());
  useEffect(() => () => void (adding.isUnknown && say(words.perhapsAdded)), []);
  const [numbers, setNumbers] = useState<Record<string, string>>({});
  const asked = attributes.value.filter(
    (it) => !it.read_only && (it.own || it.required || ASKED.includes(it.name)),
  );
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const fields: Fields = {};
    for (const [name, value] of new FormData(event.currentTarget as HTMLFormElement))
      fields[name] = String(value);
    try {
      const { contact, isChanged } = await adding.add(fields);
      onClose();
      go(`contacts/${contact.id}`);
      say(isChanged ? words.addedOnce : words.added);
    } catch (error) {
      const it = asProblem(error);
      if (it.code === ALREADY_MADE) {
        onClose();
        go(withQuery({ q: fields.last_name ?? null }, "contacts"));
        return say(words.addedSomewhere);
      }
      const named = attributes.value.find((other) => it.field?.split(".").at(-1) === other.name);
      setProblem({ text: sentence(it, named?.label), field: named?.name ?? null });
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} noValidate>
      <h2>{words.add}</h2>
      {problem && (
        <p class="problem" role="alert">
          {problem.text}
        </p>
      )}
      {asked.map((it) => (
        <div key={it.name} class="asked">
          <label>
            {it.label}
            <Value
              attribute={it}
              name={it.name}
              required={it.required}
              aria-invalid={problem?.field === it.name ? true : undefined}
              aria-describedby={it.type === "phone" ? `new-${it.name}` : undefined}
              placeholder={it.name === "mobile_phone" ? words.numberHint : undefined}
              onInput={
                it.type === "phone"
                  ? (event) => setNumbers({ ...numbers, [it.name]: (event.target as HTMLInputElement).value })
                  : undefined
              }
            />
          </label>
          {it.type === "phone" && <NumberTold id={`new-${it.name}`} text={numbers[it.name] ?? ""} />}
        </div>
      ))}
      <footer>
        <button type="button" onClick={onClose}>
          {words.cancel}
        </button>
        <button class="primary" disabled={isBusy}>
          {words.addNow}
        </button>
      </footer>
    </form>
  );
}
