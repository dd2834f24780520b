// The list of conversations: ours to answer first, then those that wait for them.

import { Ban, Search, Smartphone } from "lucide-preact";
import { phone, when } from "../format";
import { Avatar, Empty, Skeleton, StaffAvatar } from "../parts";
import { conversations, counts, go, loadConversations, me, nextCursor, openId, view, words } from "../state";
import type { Conversation, View } from "../types";

const VIEWS: [View, string][] = [
  ["all", "All"],
  ["mine", "Mine"],
  ["nobody", "Nobody’s"],
  ["closed", "Closed"],
];

export function List() {
  const all = conversations.value;
  const ours = all?.filter((it) => it.turn === "ours") ?? [];
  const theirs = all?.filter((it) => it.turn === "theirs") ?? [];
  const numbers: Record<string, number> = counts.value;
  return (
    <section class="list" aria-label="Conversations">
      <header class="head">
        <h1>Inbox</h1>
      </header>
      <label class="search">
        <Search size={16} aria-hidden="true" />
        <input
          type="search"
          maxLength={200}
          placeholder="Search names, numbers and texts"
          aria-label="Search conversations"
          value={words.value}
          onInput={(event) => (words.value = event.currentTarget.value)}
        />
      </label>
      <div class="tabs" role="tablist" aria-label="Which conversations">
        {VIEWS.map(([name, label]) => (
          <button
            key={name}
            role="tab"
            aria-selected={view.value === name}
            onClick={() => (view.value = name)}
          >
            {label}
            {numbers[name] ? <small>{numbers[name]}</small> : null}
          </button>
        ))}
      </div>
      <div class="rows" tabIndex={-1}>
        {all === null ? (
          <Skeleton rows={8} height={60} />
        ) : all.length === 0 ? (
          <Nothing />
        ) : (
          <>
            <Part title="Our turn" rows={ours} />
            <Part title={view.value === "closed" ? "Closed" : "Waiting for them"} rows={theirs} />
            {nextCursor.value && (
              <button class="more" onClick={() => void loadConversations(true)}>
                Show more
              </button>
            )}
          </>
        )}
      </div>
    </section>
  );
}

function Nothing() {
  if (words.value)
    return (
      <Empty title="Nothing found">
        <p>No conversation has these words.</p>
      </Empty>
    );
  return (
    <Empty title="No conversations yet">
      <p>Texts that come in appear here. Begin one from a contact’s page.</p>
      <button onClick={() => go("contacts")}>Choose a contact</button>
    </Empty>
  );
}

function Part({ title, rows }: { title: string; rows: Conversation[] }) {
  if (rows.length === 0) return null;
  return (
    <>
      <h2 class="part">
        {title}
        <span>{rows.length}</span>
      </h2>
      {rows.map((row) => (
        <Row key={row.id} row={row} />
      ))}
    </>
  );
}

function Row({ row }: { row: Conversation }) {
  const name = row.contact?.name ?? phone(row.address);
  const last = row.last;
  const mine = me.value?.staff.id;
  const author = last?.author;
  const who = author?.kind !== "staff" ? "" : author.id === mine ? "You: " : `${author.name.split(" ")[0]}: `;
  return (
    <a
      class={`row ${row.unread ? "unread" : ""}`}
      href={`/app/inbox/${row.id}`}
      aria-current={openId.value === row.id ? "true" : undefined}
      onClick={(event) => {
        event.preventDefault();
        go(`inbox/${row.id}`);
      }}
    >
      <Avatar id={row.contact?.id ?? row.id} name={row.contact?.name ?? "#"} />
      <span class="name">{name}</span>
      <time>{last ? when(last.at) : ""}</time>
      <span class="last">
        <Smartphone size={14} aria-label="Text message" />
        <span>
          {who}
          {last?.text ?? "No messages yet"}
        </span>
      </span>
      <span class="signs">
        {!row.gate.allowed && row.gate.code === "opted_out" && <Ban size={14} aria-label="Opted out" />}
        {row.assigned_to && row.assigned_to.id !== mine && (
          <StaffAvatar name={row.assigned_to.name} size={20} />
        )}
        {row.unread > 0 && (
          <b class="count" role="img" aria-label={`${row.unread} unread`}>
            {row.unread}
          </b>
        )}
      </span>
    </a>
  );
}
