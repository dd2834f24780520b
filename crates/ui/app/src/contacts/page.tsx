// One contact: what is known, its records in Salesforce, its numbers and conversations.

import { ChevronLeft, ExternalLink, MessageSquare, Trash2 } from "lucide-preact";
import { useState } from "preact/hooks";
import { hub, told } from "../api";
import { moment, phone } from "../format";
import { begin } from "../inbox/begin";
import { Dialog } from "../kit/dialog";
import { Avatar, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { go } from "../route";
import { attributes, contacts, listAddress } from "../state/contacts";
import { useRecord } from "../state/records";
import { attempt, say } from "../state/toasts";
import type { Contact } from "../types";
import { words } from "../words/contacts";
import { words as frame } from "../words/frame";
import { words as problems } from "../words/problems";
import { FieldList } from "./fields";
import { Standing } from "./standing";

export function ContactPage({ id }: { id: string }) {
  const slot = useRecord(contacts, id)!;
  const contact = slot.value.value;
  if (!contact)
    return (
      <section class="wide">
        <Waiting
          problem={slot.problem.value}
          again={() => void contacts.load(id)}
          missing={problems.missingContact}
          out={{ text: words.back, to: listAddress.value }}
          rows={8}
          height={44}
        />
      </section>
    );
  return (
    <section class="wide">
      <Title contact={contact} />
      <div class="columns">
        <div class="card known">
          <h2>
            {words.know} <Standing state={contact.sync} />
          </h2>
          <FieldList contact={contact} />
        </div>
        <div class="aside">
          <Numbers contact={contact} />
          <Records contact={contact} />
          <Conversations contact={contact} />
        </div>
      </div>
    </section>
  );
}

function Title({ contact }: { contact: Contact }) {
  const { id, name } = contact;
  const [asks, setAsks] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const certain = contact.points.find((it) => !it.doubtful);
  const [doubted, setDoubted] = useState<string | null>(null);
  const write = async (address?: string) => {
    const first = contact.points[0];
    if (!address && first && !certain) return setDoubted(first.address);
    setDoubted(null);
    setBusy(true);
    await begin({ contact_id: id, address });
    setBusy(false);
  };
  const restore = async () => {
    const params = { path: { id } };
    const restored = await attempt(() => told(hub.POST("/api/v1/contacts/{id}/restore", { params })));
    if (restored) contacts.put(id, restored);
    if (restored) go(`contacts/${id}`);
  };
  return (
    <header class="title">
      <Link class="icon back shown" to={listAddress.value} aria-label={words.back}>
        <ChevronLeft size={20} />
      </Link>
      <Avatar id={id} name={name} size={40} />
      <div class="who">
        <h1 dir="auto">{name}</h1>
        <p class="quiet" dir="auto">
          {[contact.fields.title, contact.fields.company].filter(Boolean).join(", ")}
        </p>
      </div>
      {contact.deleted_at ? (
        <span class="acts">
          <span class="tag bad">{words.isDeleted}</span>
          <button class="primary" onClick={() => void restore()}>
            {words.restore}
          </button>
        </span>
      ) : (
        <span class="acts">
          <button onClick={() => setAsks(true)}>
            <Trash2 size={16} aria-hidden="true" />
            {words.delete}
          </button>
          <button class="primary" disabled={isBusy} onClick={() => void write()}>
            <MessageSquare size={16} aria-hidden="true" />
            {words.write}
          </button>
        </span>
      )}
      <Dialog open={doubted !== null} onClose={() => setDoubted(null)} label={words.doubt.title}>
        <h2>{words.doubt.title}</h2>
        <p>{words.doubt.why(phone(doubted ?? ""))}</p>
        <footer>
          <button onClick={() => setDoubted(null)}>{words.cancel}</button>
          <button class="primary" onClick={() => void write(doubted!)}>
            {words.doubt.go(phone(doubted ?? ""))}
          </button>
        </footer>
      </Dialog>
      <Dialog open={asks} onClose={() => setAsks(false)} label={words.remove.title(name)}>
        <Remove contact={contact} onClose={() => setAsks(false)} onRestore={() => void restore()} />
      </Dialog>
    </header>
  );
}

type RemoveProps = { contact: Contact; onClose: () => void; onRestore: () => void };

/** What a delete will do, before it is done. */
function Remove({ contact, onClose, onRestore }: RemoveProps) {
  const { id, name } = contact;
  const live = contact.links.filter((link) => link.state !== "gone").map((link) => link.object);
  const remove = async () => {
    onClose();
    const params = { path: { id } };
    const done = await attempt(() => told(hub.DELETE("/api/v1/contacts/{id}", { params })).then(() => true));
    if (!done) return;
    go(listAddress.value);
    say(words.deleted(name), { label: frame.undo, run: onRestore });
  };
  return (
    <>
      <h2>{words.remove.title(name)}</h2>
      <p>{words.remove.here}</p>
      <p>{live.length > 0 ? words.remove.links(live.join(", ")) : words.remove.noLinks}</p>
      <p class="quiet">{words.remove.undo}</p>
      <footer>
        <button onClick={onClose}>{words.cancel}</button>
        <button class="danger" onClick={() => void remove()}>
          {words.remove.go}
        </button>
      </footer>
    </>
  );
}

function Records({ contact }: { contact: Contact }) {
  return (
    <div class="card">
      <h2>{words.records}</h2>
      {contact.links.length === 0 && <p class="quiet">{words.noRecords}</p>}
      {contact.links.map((link) => (
        <p key={link.id} class="fact">
          <a href={link.url ?? undefined} target="_blank" rel="noreferrer">
            {link.object} <ExternalLink size={14} aria-hidden="true" />
          </a>
          <span class="quiet">
            {link.state === "gone"
              ? words.gone
              : link.is_primary
                ? words.keptInStep(moment(link.synced_at))
                : words.activityOnly}
          </span>
        </p>
      ))}
    </div>
  );
}

const labelOf = (field: string) => attributes.value.find((it) => it.name === field)?.label ?? "";

function Numbers({ contact }: { contact: Contact }) {
  return (
    <div class="card">
      <h2>{words.numbers}</h2>
      {contact.points.length === 0 && <p class="quiet">{words.noNumber}</p>}
      {contact.unreadable.map((it) => (
        <p key={it.field} class="fact">
          {it.value}
          <span class="tag warn">{words.unreadable[it.reason]}</span>
        </p>
      ))}
      {contact.points.map((point) => (
        <p key={point.id} class="fact">
          <span>
            {phone(point.address)} <small>{labelOf(point.label)}</small>
          </span>
          {point.doubtful && <span class="tag warn">{words.checkNumber}</span>}
          <span class={`tag ${point.consent.state === "opted_out" ? "bad" : ""}`}>
            {point.consent.state === "opted_out"
              ? words.optedOut
              : point.consent.state === "opted_in"
                ? words.optedIn
                : words.nothingSaid}
          </span>
          {contact.points.length > 1 && (
            <button
              class="link"
              aria-label={words.writeTo(phone(point.address))}
              onClick={() => void begin({ contact_id: contact.id, address: point.address })}
            >
              {words.text}
            </button>
          )}
        </p>
      ))}
    </div>
  );
}

function Conversations({ contact }: { contact: Contact }) {
  if (contact.conversations.length === 0) return null;
  return (
    <div class="card">
      <h2>{words.conversations}</h2>
      {contact.conversations.map((it) => (
        <p key={it.id} class="fact">
          <Link to={`inbox/${it.id}`}>{phone(it.address)}</Link>
          <span class="quiet">{moment(it.last_at)}</span>
        </p>
      ))}
    </div>
  );
}
