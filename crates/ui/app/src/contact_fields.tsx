// A contact's attributes, each changed where it stands.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { hub, type Problem, told } from "./api";
import { attempt, say } from "./state";
import type { Attribute, Contact } from "./types";

export const attributes = signal<Attribute[]>([]);
/** An administrator may add one meanwhile. */
const FRESH_MS = 10_000;
let loadedAt = 0;
export async function loadAttributes() {
  if (Date.now() - loadedAt < FRESH_MS) return;
  loadedAt = Date.now();
  const page = await attempt(() => told(hub.GET("/api/v1/contact-fields")));
  if (page) attributes.value = page.items;
  else loadedAt = 0;
}

const SHORT = ["mobile_phone", "phone", "email", "company", "title", "city", "birthdate"];

export function FieldList({
  contact,
  onSaved,
  short,
}: {
  contact: Contact;
  onSaved: (contact: Contact) => void;
  short?: boolean;
}) {
  useEffect(() => void loadAttributes(), []);
  const shown = attributes.value.filter(
    (it) =>
      !short ||
      (SHORT.includes(it.name) &&
        (contact.fields[it.name] || ["mobile_phone", "email", "title"].includes(it.name))),
  );
  return (
    <div class="fields">
      {shown.map((it) => (
        <Field key={it.name} attribute={it} contact={contact} onSaved={onSaved} />
      ))}
    </div>
  );
}

function Field({
  attribute,
  contact,
  onSaved,
}: {
  attribute: Attribute;
  contact: Contact;
  onSaved: (contact: Contact) => void;
}) {
  const kept = contact.fields[attribute.name] ?? "";
  const [problem, setProblem] = useState("");
  const save = async (input: Control) => {
    if (input.value.trim() === kept) return setProblem("");
    try {
      const body = { version: contact.version, fields: { [attribute.name]: input.value } };
      onSaved(await told(hub.PATCH("/api/v1/contacts/{id}", { params: { path: { id: contact.id } }, body })));
      setProblem("");
      say(`${attribute.label} saved. Salesforce gets it in a moment.`);
    } catch (error) {
      const told = error as Problem;
      setProblem([told.message, told.fix].filter(Boolean).join(" "));
    }
  };
  const common = {
    id: `${contact.id}-${attribute.name}`,
    value: kept,
    disabled: attribute.read_only,
    "aria-invalid": problem ? true : undefined,
    onBlur: (event: FocusEvent) => void save(event.currentTarget as Control),
    onKeyDown: (event: KeyboardEvent) => {
      const input = event.currentTarget as Control;
      if (event.key === "Enter" && attribute.type !== "long_text") input.blur();
      if (event.key === "Escape") {
        input.value = kept;
        input.blur();
      }
    },
  };
  return (
    <div class="field">
      <label for={common.id}>{attribute.label}</label>
      <Value attribute={attribute} placeholder="Add" {...common} />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
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

/** What takes the value of a field. */
export function Value({
  attribute,
  placeholder,
  ...common
}: {
  attribute: Attribute;
  placeholder?: string;
  [name: string]: unknown;
}) {
  if (attribute.type === "choice" || attribute.type === "bool") {
    const kept = String(common.value ?? "");
    const options =
      attribute.type === "bool"
        ? [
            ["true", "Yes"],
            ["false", "No"],
          ]
        : attribute.options.map((it) => [it, it]);
    // A value that is no option any more stays until somebody chooses another.
    if (kept && !options.some(([value]) => value === kept)) options.push([kept, kept]);
    return (
      <select {...common}>
        <option value="" />
        {options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    );
  }
  const text = { ...common, maxLength: attribute.max_length, placeholder };
  return attribute.type === "long_text" ? (
    <textarea rows={2} {...text} />
  ) : (
    <input
      type={INPUTS[attribute.type] ?? "text"}
      inputMode={attribute.type === "number" ? "decimal" : undefined}
      {...text}
    />
  );
}
