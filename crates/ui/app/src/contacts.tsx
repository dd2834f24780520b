// Contacts: the list with its search, one contact, and a new one.

import { ExternalLink, MessageSquare, Plus, Search, Trash2 } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { hub, keyed, type Problem, told } from "./api";
import { attributes, FieldList, loadAttributes, Value } from "./contact_fields";
import { count, moment, phone } from "./format";
import { Avatar, Empty, Skeleton, Standing } from "./parts";
import { attempt, contactsChanged, go, loadConversations, say } from "./state";
import type { Contact, ContactRow, Page } from "./types";

/** A table with more is read by nobody. */
const OWN_COLUMNS = 3;
const UNREADABLE: Record<ContactRow["unreadable"][number]["reason"], string> = {
  no_number: "no number",
  several: "several numbers",
  not_valid_there: "not valid in their country, nor in yours",
};
/** What a new contact is asked for, beside what must be given and what the company added. */
const ASKED = ["first_name", "last_name", "mobile_phone", "email"];

export function ContactsPage() {
  const [words, setWords] = useState("");
  const [unreadable, setUnreadable] = useState(false);
  const [page, setPage] = useState<(Page<ContactRow> & { total: number }) | null>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const load = async (cursor?: string) => {
    const next = await attempt(() =>
      told(
        hub.GET("/api/v1/contacts", {
          params: { query: { q: words, cursor, unreadable: unreadable || undefined } },
        }),
      ),
    );
    if (next) setPage((now) => (cursor && now ? { ...next, items: [...now.items, ...next.items] } : next));
  };
  useEffect(() => {
    const wait = setTimeout(() => void load(), words ? 200 : 0);
    return () => clearTimeout(wait);
  }, [words, unreadable, contactsChanged.value]);
  useEffect(() => void loadAttributes(), []);
  const own = attributes.value.filter((it) => it.own && it.type !== "long_text").slice(0, OWN_COLUMNS);
  return (
    <section class="wide">
      <header class="title">
        <h1>Contacts</h1>
        <span class="quiet">{page ? count(page.total) : ""}</span>
        <span class="grow" />
        <button class="primary" onClick={() => dialog.current?.showModal()}>
          <Plus size={16} aria-hidden="true" />
          New contact
        </button>
      </header>
      <label class="search">
        <Search size={16} aria-hidden="true" />
        <input
          type="search"
          maxLength={200}
          placeholder="Search names, companies, e-mail and numbers"
          aria-label="Search contacts"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={unreadable}
          onChange={(event) => setUnreadable(event.currentTarget.checked)}
        />{" "}
        Only with a number that cannot be read
      </label>
      {!page ? (
        <Skeleton rows={10} height={48} />
      ) : page.items.length === 0 ? (
        <Empty title={words ? "Nobody found" : "No contacts yet"}>
          <p>
            {words
              ? "No contact has these words. Try a part of the name or number."
              : "They come in with the first sync."}
          </p>
          {!words && <button onClick={() => go("sync")}>Go to sync</button>}
        </Empty>
      ) : (
        <div class="table-box">
          <table class="table people">
            <thead>
              <tr>
                <th>Name</th>
                <th>Company</th>
                <th>Phone</th>
                <th>E-mail</th>
                {own.map((it) => (
                  <th key={it.name}>{it.label}</th>
                ))}
                <th>Salesforce</th>
              </tr>
            </thead>
            <tbody>
              {page.items.map((row) => (
                <tr key={row.id}>
                  <td>
                    <a
                      class="person"
                      href={`/app/contacts/${row.id}`}
                      onClick={(event) => {
                        event.preventDefault();
                        go(`contacts/${row.id}`);
                      }}
                    >
                      <Avatar id={row.id} name={row.name} size={28} />
                      <span>
                        {row.name}
                        <small>{row.title}</small>
                        <small class="phone-line">{row.phone}</small>
                      </span>
                    </a>
                  </td>
                  <td>{row.company}</td>
                  <td class="nowrap">
                    {row.phone}
                    {unreadable &&
                      row.unreadable.map((it) => (
                        <small key={it.field} class="reason">
                          {it.value}: {UNREADABLE[it.reason]}
                        </small>
                      ))}
                  </td>
                  <td>{row.email}</td>
                  {own.map((it) => (
                    <td key={it.name}>{row.own[it.name]}</td>
                  ))}
                  <td>
                    <Standing state={row.sync} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {page?.next_cursor && (
        <button class="more" onClick={() => void load(page.next_cursor!)}>
          Show more
        </button>
      )}
      <NewContact dialog={dialog} />
    </section>
  );
}

function NewContact({ dialog }: { dialog: { current: HTMLDialogElement | null } }) {
  const [problem, setProblem] = useState("");
  const asked = attributes.value.filter(
    (it) => !it.read_only && (it.own || it.required || ASKED.includes(it.name)),
  );
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    try {
      const fields: Record<string, string> = {};
      for (const [name, value] of new FormData(form)) fields[name] = String(value);
      const made = await told(hub.POST("/api/v1/contacts", { params: keyed(), body: { fields } }));
      dialog.current?.close();
      form.reset();
      go(`contacts/${made.id}`);
      say("Added. The next sync creates the record in Salesforce.");
    } catch (error) {
      setProblem([(error as Problem).message, (error as Problem).fix].filter(Boolean).join(", "));
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="new-title">
      <form onSubmit={submit}>
        <h2 id="new-title">New contact</h2>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {asked.map((it) => (
          <label key={it.name}>
            {it.label}
            <Value
              attribute={it}
              name={it.name}
              required={it.required}
              placeholder={it.name === "mobile_phone" ? "07700 900317" : undefined}
            />
          </label>
        ))}
        <footer>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button class="primary">Add contact</button>
        </footer>
      </form>
    </dialog>
  );
}

export function ContactPage({ id }: { id: string }) {
  const [contact, setContact] = useState<Contact | null>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    told(hub.GET("/api/v1/contacts/{id}", { params: { path: { id } } })).then(setContact, () =>
      setMissing(true),
    );
  }, [id, contactsChanged.value]);
  if (missing)
    return (
      <Empty title="There is no such contact">
        <button onClick={() => go("contacts")}>All contacts</button>
      </Empty>
    );
  if (!contact)
    return (
      <section class="wide">
        <Skeleton rows={8} height={44} />
      </section>
    );
  const text = async () => {
    const opened = await attempt(() => told(hub.POST("/api/v1/conversations", { body: { contact_id: id } })));
    if (!opened) return;
    await loadConversations();
    go(`inbox/${opened.id}`);
  };
  const remove = async () => {
    await attempt(() => told(hub.DELETE("/api/v1/contacts/{id}", { params: { path: { id } } })));
    go("contacts");
    say(
      `${contact.name} is deleted.`,
      () =>
        void attempt(() =>
          told(hub.POST("/api/v1/contacts/{id}/restore", { params: { path: { id } } })),
        ).then(() => go(`contacts/${id}`)),
    );
  };
  return (
    <section class="wide">
      <header class="title">
        <Avatar id={contact.id} name={contact.name} size={40} />
        <div>
          <h1>{contact.name}</h1>
          <p class="quiet">{[contact.fields.title, contact.fields.company].filter(Boolean).join(", ")}</p>
        </div>
        <span class="grow" />
        <button onClick={() => void remove()}>
          <Trash2 size={16} aria-hidden="true" />
          Delete
        </button>
        <button class="primary" onClick={() => void text()}>
          <MessageSquare size={16} aria-hidden="true" />
          Write a text
        </button>
      </header>
      <div class="columns">
        <div class="card">
          <h2>
            What we know <Standing state={contact.sync} />
          </h2>
          <FieldList contact={contact} onSaved={setContact} />
        </div>
        <div>
          <div class="card">
            <h2>Salesforce records</h2>
            {contact.links.length === 0 && <p class="quiet">None yet. The next sync creates one.</p>}
            {contact.links.map((link) => (
              <p key={link.id} class="fact">
                <a href={link.url ?? "#"} target="_blank" rel="noreferrer">
                  {link.object} <ExternalLink size={14} aria-hidden="true" />
                </a>
                <span class="quiet">
                  {link.state === "gone"
                    ? "deleted in Salesforce"
                    : link.is_primary
                      ? `kept in step, ${moment(link.synced_at)}`
                      : "carries activity only"}
                </span>
              </p>
            ))}
          </div>
          <div class="card">
            <h2>Numbers</h2>
            {contact.points.length === 0 && <p class="quiet">No number that can be read.</p>}
            {contact.unreadable.map((it) => (
              <p key={it.field} class="fact">
                {it.value}
                <span class="tag warn">{UNREADABLE[it.reason]}</span>
              </p>
            ))}
            {contact.points.map((point) => (
              <p key={point.id} class="fact">
                {phone(point.address)}
                <span class={`tag ${point.consent.state === "opted_out" ? "bad" : ""}`}>
                  {point.consent.state === "opted_out"
                    ? "Opted out"
                    : point.consent.state === "opted_in"
                      ? "Opted in"
                      : "No wish on record"}
                </span>
              </p>
            ))}
          </div>
          {contact.conversations.length > 0 && (
            <div class="card">
              <h2>Conversations</h2>
              {contact.conversations.map((it) => (
                <p key={it.id} class="fact">
                  <a
                    href={`/app/inbox/${it.id}`}
                    onClick={(event) => {
                      event.preventDefault();
                      void loadConversations().then(() => go(`inbox/${it.id}`));
                    }}
                  >
                    {phone(it.address)}
                  </a>
                  <span class="quiet">{moment(it.last_at)}</span>
                </p>
              ))}
            </div>
          )}
        </div>
      </div>
    </section>
  );
}
