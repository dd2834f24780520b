// A contact's attributes, each changed where it stands.

import { useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { hub, Problem, told } from "./api";
import { attempt, say } from "./state";
import type { Attribute, Contact } from "./types";

export const attributes = signal<Attribute[]>([]);
export async function loadAttributes() {
  if (attributes.value.length) return;
  const page = await attempt(() => told(hub.GET("/api/v1/contact-fields")));
  if (page) attributes.value = page.items;
}

const SHORT = ["mobile_phone", "phone", "email", "company", "title", "city", "birthdate"];

export function FieldList({ contact, onSaved, short }: { contact: Contact; onSaved: (contact: Contact) => void; short?: boolean }) {
  useEffect(() => void loadAttributes(), []);
  const shown = attributes.value.filter((it) => !short || (SHORT.includes(it.name) && (contact.fields[it.name] || ["mobile_phone", "email", "title"].includes(it.name))));
  return <div class="fields">{shown.map((it) => <Field key={it.name} attribute={it} contact={contact} onSaved={onSaved} />)}</div>;
}

function Field({ attribute, contact, onSaved }: { attribute: Attribute; contact: Contact; onSaved: (contact: Contact) => void }) {
  const kept = contact.fields[attribute.name] ?? "";
  const [problem, setProblem] = useState("");
  const save = async (input: HTMLInputElement | HTMLTextAreaElement) => {
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
    id: `${contact.id}-${attribute.name}`, value: kept, maxLength: attribute.max_length, "aria-invalid": problem ? true : undefined,
    onBlur: (event: FocusEvent) => void save(event.currentTarget as HTMLInputElement),
    onKeyDown: (event: KeyboardEvent) => {
      const input = event.currentTarget as HTMLInputElement;
      if (event.key === "Enter" && attribute.type !== "long_text") input.blur();
      if (event.key === "Escape") { input.value = kept; input.blur(); }
    },
  };
  return (
    <div class="field">
      <label for={common.id}>{attribute.label}</label>
      {attribute.type === "long_text" ? <textarea rows={2} {...common} />
        : <input type={attribute.type === "date" ? "date" : attribute.type === "email" ? "email" : attribute.type === "phone" ? "tel" : "text"} placeholder="Add" {...common} />}
      {problem && <p class="problem" role="alert">{problem}</p>}
    </div>
  );
}
