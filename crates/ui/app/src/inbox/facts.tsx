// The facts: who this is, whether we may text them, and what Salesforce knows.

import { Check, ExternalLink, PanelRightClose, X } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { FieldList } from "../contacts/fields";
import { Standing } from "../contacts/standing";
import { moment, phone } from "../format";
import { Avatar, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { contacts } from "../state/contacts";
import { useRecord } from "../state/records";
import { factsOver, factsSlide, toggleFacts } from "../state/screen";
import type { Contact, Conversation } from "../types";
import { refusal } from "../words/failures";
import { words } from "../words/inbox";
import { words as problems } from "../words/problems";
import { Unknown } from "./unknown";

export function Facts({ conversation }: { conversation: Conversation }) {
  const id = conversation.contact?.id ?? null;
  const slot = useRecord(contacts, id);
  const contact = slot?.value.value;
  const box = useRef<HTMLElement>(null);
  const slides = factsSlide.value;
  // What slides over takes the focus along, and gives it back.
  useEffect(() => {
    if (!slides) return;
    const from = document.activeElement as HTMLElement | null;
    box.current?.querySelector<HTMLElement>("button")?.focus();
    return () => from?.focus();
  }, [slides]);
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && slides) factsOver.value = false;
  };
  const primary = contact?.links.find((link) => link.is_primary);
  return (
    <>
      {slides && <div class="scrim" onClick={() => toggleFacts()} aria-hidden="true" />}
      <aside ref={box} class="facts" aria-label={words.facts} onKeyDown={keys}>
        <header class="head">
          <h2>{primary ? words.record(primary.object) : words.contact}</h2>
          <span class="grow" />
          {primary?.url && (
            <a class="icon" href={primary.url} target="_blank" rel="noreferrer" aria-label={words.openRecord}>
              <ExternalLink size={16} />
            </a>
          )}
          <button class="icon" aria-label={words.hideFacts} onClick={() => toggleFacts()}>
            <PanelRightClose size={16} />
          </button>
        </header>
        {!id && <Unknown conversation={conversation} />}
        {contact && <Who contact={contact} />}
        <Texting conversation={conversation} contact={contact} />
        {id && !contact && (
          <Waiting
            problem={slot?.problem.value ?? null}
            again={() => void contacts.load(id)}
            missing={problems.missingContact}
            rows={4}
            height={44}
          />
        )}
        {contact && (
          <>
            <div class="box">
              <h3>
                {words.contact} <Standing state={contact.sync} />
              </h3>
              <FieldList contact={contact} isShort />
            </div>
            <Others contact={contact} open={conversation.id} />
          </>
        )}
      </aside>
    </>
  );
}

function Who({ contact }: { contact: Contact }) {
  return (
    <div class="box who">
      <Avatar id={contact.id} name={contact.name} size={40} />
      <div>
        <Link to={`contacts/${contact.id}`} dir="auto">
          <b>{contact.name}</b>
        </Link>
        <p class="quiet" dir="auto">
          {[contact.fields.title, contact.fields.company].filter(Boolean).join(", ")}
        </p>
      </div>
    </div>
  );
}

/** Whether a text may go there now, and what was said about it, as it is recorded. */
function Texting({ conversation, contact }: { conversation: Conversation; contact?: Contact }) {
  const { gate, address } = conversation;
  const point = contact?.points.find((it) => it.address === address);
  return (
    <div class="box">
      <h3>
        {words.texting}{" "}
        <span class={`tag ${gate.allowed ? "" : "bad"}`}>
          {gate.allowed ? words.allowed : words.notAllowed}
        </span>
      </h3>
      {gate.allowed ? (
        <Consent consent={point?.consent} />
      ) : (
        <p>
          <X size={16} class="red" aria-hidden="true" /> {refusal(gate)}{" "}
          {gate.since ? <span class="quiet">{words.since(moment(gate.since))}</span> : null}
        </p>
      )}
      {point?.doubtful && <p class="reason">{words.doubtful}</p>}
    </div>
  );
}

function Consent({ consent }: { consent?: Contact["points"][number]["consent"] }) {
  if (consent?.state !== "opted_in") return <p class="quiet">{words.noConsent}</p>;
  return (
    <p>
      <Check size={16} class="teal" aria-hidden="true" /> {words.optedIn}{" "}
      {consent.since ? <span class="quiet">{words.since(moment(consent.since))}</span> : null}
    </p>
  );
}

function Others({ contact, open }: { contact: Contact; open: string }) {
  const others = contact.conversations.filter((it) => it.id !== open);
  if (others.length === 0) return null;
  return (
    <div class="box">
      <h3>{words.others}</h3>
      {others.map((it) => (
        <p key={it.id} class="fact">
          <Link to={`inbox/${it.id}`}>{phone(it.address)}</Link>{" "}
          <span class="quiet">{moment(it.last_at)}</span>
        </p>
      ))}
    </div>
  );
}
