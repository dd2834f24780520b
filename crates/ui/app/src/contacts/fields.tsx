// A contact's fields, each changed where it stands. What is typed is never overwritten.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { hub, told } from "../api";
import { Skeleton } from "../kit/ground";
import { asProblem, sentence } from "../problem";
import { attributes, contacts, edits, loadAttributes } from "../state/contacts";
import { standing } from "../state/edits";
import { say } from "../state/toasts";
import type { Attribute, Contact } from "../types";
import { words } from "../words/contacts";
import { NumberTold } from "./number";

const SHORT = ["mobile_phone", "phone", "email", "company", "title", "city", "birthdate"];
const ALWAYS = ["mobile_phone", "email", "title"];

export function FieldList({ contact, isShort }: { contact: Contact; isShort?: boolean }) {
  useEffect(() => void loadAttributes(), []);
  const isShown = ({ name }: Attribute) =>
    !isShort || ALWAYS.includes(name) || (SHORT.includes(name) && fieldValue(contact, name));
  if (attributes.value.length === 0) return <Skeleton rows={4} height={40} />;
  return (
    <div class="fields">
      {attributes.value.filter(isShown).map((it) => (
        <Field key={it.name} attribute={it} contact={contact} />
      ))}
    </div>
  );
}

/** What stands in a field. A company may call one of its own `constructor`. */
const fieldValue = (contact: Contact, name: string) =>
  Object.hasOwn(contact.fields, name) ? (contact.fields[name] ?? "") : "";

const saving = new Set<string>();
/** Tries to save onto a version that others changed meanwhile, while they left this field alone. */
const TRIES = 3;

async function save(id: string, attribute: Attribute) {
  const field = `${id} ${attribute.name}`;
  const edit = edits.peek().of(field);
  if (!edit || saving.has(field)) return;
  saving.add(field);
  try {
    for (let tries = 1; ; tries++) {
      const contact = contacts.at(id).value.peek();
      if (!contact) return;
      const kept = fieldValue(contact, attribute.name);
      const { isDirty, theirs } = standing(kept, edit);
      if (!isDirty) return edits.peek().end(field, edit.text);
      if (theirs !== null) return;
      try {
        const body = { version: contact.version, fields: { [attribute.name]: edit.text } };
        const params = { path: { id } };
        contacts.put(id, await told(hub.PATCH("/api/v1/contacts/{id}", { params, body })));
        edits.peek().end(field, edit.text);
        const isLinked = contact.links.some((it) => it.is_primary);
        return say(isLinked ? words.field.saved(attribute.label) : words.field.savedOnly(attribute.label));
      } catch (error) {
        const problem = asProblem(error);
        if (problem.code !== "version_conflict" || tries === TRIES)
          return edits.peek().refuse(field, sentence(problem, attribute.label));
        await contacts.load(id);
      }
    }
  } finally {
    saving.delete(field);
  }
}

function Field({ attribute, contact }: { attribute: Attribute; contact: Contact }) {
  const { name, label } = attribute;
  const field = `${contact.id} ${name}`;
  const kept = fieldValue(contact, name);
  const edit = edits.value.of(field);
  const { shown, isDirty, theirs } = standing(kept, edit);
  const focused = useRef(false);
  const begun = useRef(kept);
  const id = `${contact.id}-${name}`;
  const end = () => edits.value.end(field);
  const leave = () => {
    focused.current = false;
    if (edits.peek().of(field)) void save(contact.id, attribute);
  };
  const keys = (event: KeyboardEvent) => {
    const input = event.currentTarget as HTMLElement;
    if (event.key === "Enter" && attribute.type !== "long_text") input.blur();
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end();
    input.blur();
  };
  // A field under the hand shows what it showed when the hand came, until the hand types or leaves.
  const held = focused.current && !edit ? begun.current : shown;
  const unreadable = contact.unreadable.find((it) => it.field === name);
  const doubtful = contact.points.some((it) => it.label === name && it.doubtful);
  const readsNumber = attribute.type === "phone" && isDirty && !edit?.refusal;
  const explained = edit?.refusal || theirs !== null || unreadable || doubtful || readsNumber;
  return (
    <div class={`field ${isDirty ? "dirty" : ""}`}>
      <label for={id}>{label}</label>
      <Value
        attribute={attribute}
        id={id}
        value={held}
        disabled={attribute.read_only}
        title={attribute.read_only ? words.field.readOnly : held}
        placeholder={attribute.read_only ? "" : words.field.add}
        aria-invalid={edit?.refusal ? true : undefined}
        aria-describedby={explained ? `${id}-told` : undefined}
        onInput={(event) => edits.value.type(field, (event.currentTarget as Control).value, begun.current)}
        onFocus={() => {
          focused.current = true;
          begun.current = kept;
        }}
        onBlur={leave}
        onKeyDown={keys}
      />
      {explained && (
        <div class="told" id={`${id}-told`} role="status">
          {edit?.refusal && (
            <p class="problem">
              {edit.refusal}{" "}
              <button class="link" onClick={end}>
                {words.field.undo}
              </button>
            </p>
          )}
          {theirs !== null && (
            <p class="theirs">
              {theirs ? words.field.changed(theirs) : words.field.cleared}{" "}
              <button class="link" onClick={end}>
                {words.field.take}
              </button>
              <button
                class="link"
                onClick={() => {
                  edits.value.keepMine(field, kept);
                  void save(contact.id, attribute);
                }}
              >
                {words.field.keep}
              </button>
            </p>
          )}
          {readsNumber && <NumberTold text={shown} contact={contact.id} />}
          {doubtful && !isDirty && <p class="reason">{words.doubtful}</p>}
          {unreadable && !isDirty && (
            <p class="reason">{words.noText(words.unreadable[unreadable.reason])}</p>
          )}
        </div>
      )}
    </div>
  );
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const INPUTS: Partial<Record<Attribute["type"], string>> = {
  date: "date",
  email: "email",
  phone: "tel",
  url: "url",
};

type ValueProps = { attribute: Attribute } & Pick<
  JSX.IntrinsicElements["input"],
  | "id"
  | "name"
  | "value"
  | "disabled"
  | "required"
  | "title"
  | "placeholder"
  | "aria-invalid"
  | "aria-describedby"
> & {
    onInput?: (event: Event) => void;
    onFocus?: () => void;
    onBlur?: () => void;
    onKeyDown?: (event: KeyboardEvent) => void;
  };

/** What takes the value of a field. */
export function Value({ attribute, placeholder, value, ...rest }: ValueProps) {
  const { type, max_length: maxLength } = attribute;
  const text = value === undefined ? undefined : String(value);
  if (type === "choice" || type === "bool") {
    const options =
      type === "bool"
        ? [
            ["true", words.field.yes],
            ["false", words.field.no],
          ]
        : attribute.options.map((it) => [it, it]);
    // A value that is no option any more stays until somebody chooses another.
    if (text && !options.some(([option]) => option === text)) options.push([text, text]);
    return (
      <select {...(rest as JSX.IntrinsicElements["select"])} value={text}>
        <option value="">{placeholder}</option>
        {options.map(([option, label]) => (
          <option key={option} value={option}>
            {label}
          </option>
        ))}
      </select>
    );
  }
  if (type === "long_text")
    return (
      <textarea
        {...(rest as JSX.IntrinsicElements["textarea"])}
        rows={2}
        dir="auto"
        value={text}
        maxLength={maxLength}
        placeholder={placeholder}
      />
    );
  return (
    <input
      {...rest}
      type={INPUTS[type] ?? "text"}
      class={type === "date" && text === "" ? "blank" : undefined}
      inputMode={type === "number" ? "decimal" : undefined}
      dir={type === "text" ? "auto" : undefined}
      value={text}
      maxLength={maxLength}
      placeholder={placeholder}
    />
  );
}
