// The facts: who this is, whether we may text them now, and what Salesforce knows.

import { Check, ExternalLink, X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { hub, told } from "../api";
import { FieldList } from "../contact_fields";
import { moment, phone } from "../format";
import { Avatar, Standing } from "../parts";
import { contactsChanged, go } from "../state";
import type { Contact, Conversation } from "../types";

export function Facts({ conversation }: { conversation: Conversation }) {
  const [contact, setContact] = useState<Contact | null>(null);
  const id = conversation.contact?.id;
  useEffect(() => {
    if (id)
      void told(hub.GET("/api/v1/contacts/{id}", { params: { path: { id } } })).then(setContact, () =>
        setContact(null),
      );
  }, [id, contactsChanged.value]);
  const { gate } = conversation;
  return (
    <aside class="facts" aria-label="Facts">
      <header class="head">
        <h2>
          {contact?.links.find((link) => link.is_primary)
            ? `Salesforce ${contact.links.find((link) => link.is_primary)!.object}`
            : "Contact"}
        </h2>
        <span class="grow" />
        {contact?.links
          .filter((link) => link.is_primary && link.url)
          .map((link) => (
            <a
              key={link.id}
              href={link.url!}
              target="_blank"
              rel="noreferrer"
              aria-label="Open the record in Salesforce"
            >
              <ExternalLink size={16} />
            </a>
          ))}
      </header>
      {!id ? (
        <div class="box">
          <p>
            <b>{phone(conversation.address)}</b>
          </p>
          <p class="quiet">
            Nobody is tied to this number yet, or several share it. Look for the person under Contacts.
          </p>
          <button onClick={() => go("contacts")}>Find the contact</button>
        </div>
      ) : !contact ? (
        <p class="box quiet">Loading the contact</p>
      ) : (
        <>
          <div class="box who">
            <Avatar id={contact.id} name={contact.name} size={40} />
            <div>
              <a
                href={`/app/contacts/${contact.id}`}
                onClick={(event) => {
                  event.preventDefault();
                  go(`contacts/${contact.id}`);
                }}
              >
                <b>{contact.name}</b>
              </a>
              <p class="quiet">{[contact.fields.title, contact.fields.company].filter(Boolean).join(", ")}</p>
            </div>
          </div>
          <div class="box">
            <h3>
              Texting{" "}
              <span class={`tag ${gate.allowed ? "well" : "bad"}`}>
                {gate.allowed ? "Allowed now" : "Not allowed"}
              </span>
            </h3>
            {gate.allowed ? (
              <p>
                <Check size={16} class="teal" aria-hidden="true" /> Nobody on this number opted out.
              </p>
            ) : (
              <p>
                <X size={16} class="red" aria-hidden="true" /> {gate.reason}{" "}
                {gate.since ? <span class="quiet">Since {moment(gate.since)}.</span> : null}
              </p>
            )}
          </div>
          <div class="box">
            <h3>
              Contact <Standing state={contact.sync} />
            </h3>
            <FieldList contact={contact} onSaved={setContact} short />
          </div>
          {contact.conversations.length > 1 && (
            <div class="box">
              <h3>Other conversations</h3>
              {contact.conversations
                .filter((it) => it.id !== conversation.id)
                .map((it) => (
                  <p key={it.id}>
                    <a
                      href={`/app/inbox/${it.id}`}
                      onClick={(event) => {
                        event.preventDefault();
                        go(`inbox/${it.id}`);
                      }}
                    >
                      {phone(it.address)}
                    </a>{" "}
                    <span class="quiet">{moment(it.last_at)}</span>
                  </p>
                ))}
            </div>
          )}
        </>
      )}
    </aside>
  );
}
