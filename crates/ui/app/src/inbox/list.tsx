// The list of conversations in the server's order: ours to answer first, then those that wait for them.

import { Ban, Search, Smartphone, SquarePen } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { count, exactly, phone, short, when } from "../format";
import { Avatar, Empty, NobodyMark, Skeleton, StaffAvatar, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { VirtualList } from "../kit/virtual_list";
import { address, conversationAddress, go, withQuery } from "../route";
import {
  words as asked,
  conversations,
  counts,
  drafts,
  hitOf,
  list,
  openId,
  VIEWS,
  view,
} from "../state/inbox";
import { beginning, isNarrow } from "../state/screen";
import { fresh, me } from "../state/session";
import type { Conversation } from "../types";
import { words } from "../words/inbox";
import { inSight } from "./excerpt";

const HEAD = 32;
const SEARCH_WAIT_MS = 200;

export function List() {
  const window = list.value;
  // After a gap it is looked at again.
  useEffect(() => void window.open(), [window, fresh.value]);
  return (
    <section class="list" aria-label={words.list}>
      <header class="head">
        <h1>{words.title}</h1>
        <span class="grow" />
        <button
          class="icon"
          aria-label={words.compose}
          title={words.compose}
          onClick={() => {
            beginning.value = true;
          }}
        >
          <SquarePen size={16} />
        </button>
      </header>
      <SearchField />
      <nav class="tabs" aria-label={words.which}>
        {VIEWS.map((name) => (
          <Link
            key={name}
            to={withQuery({ view: name === "all" ? null : name }, address.value)}
            aria-current={view.value === name ? "true" : undefined}
          >
            {words.views[name]}
            {name !== "closed" && counts.value?.[name] ? <small>{count(counts.value[name])}</small> : null}
          </Link>
        ))}
      </nav>
      <Rows />
    </section>
  );
}

function SearchField() {
  const [text, setText] = useState(asked.value);
  useEffect(() => {
    if (text === asked.peek()) return;
    const wait = setTimeout(() => go(withQuery({ q: text }), "replace"), SEARCH_WAIT_MS);
    return () => clearTimeout(wait);
  }, [text]);
  return (
    <label class="search">
      <Search size={16} aria-hidden="true" />
      <input
        type="search"
        maxLength={200}
        placeholder={words.searchHint}
        aria-label={words.search}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

function Rows() {
  const window = list.value;
  const items = window.items.value;
  if (items === null)
    return (
      <Waiting problem={window.problem.value} again={() => void window.changed()} rows={8} height={60} />
    );
  if (items.length === 0) return <Nothing />;
  const height = isNarrow.value ? 72 : 60;
  const rows = items.map((it) => ({ key: it.id, height, draw: () => <Row id={it.id} item={it} /> }));
  const ours = items.filter((it) => it.turn === "ours").length;
  const parts = [
    { at: 0, name: words.ours, loaded: ours, all: counts.value?.ours },
    {
      at: ours,
      name: view.value === "closed" ? words.closed : words.theirs,
      loaded: items.length - ours,
      all: counts.value?.theirs,
    },
  ];
  const knowsAll = view.value === "all" && !asked.value;
  const headed = parts
    .filter((it) => it.loaded > 0)
    .flatMap(({ at, name, loaded, all }) => {
      const isWhole = !window.hasMore.value || (at === 0 && ours < items.length);
      // The hub's figures: of all that are open by turn, of another list what it holds beside ours.
      const rest = at > 0 && window.total.value !== null ? window.total.value - ours : null;
      const figure = knowsAll ? (all ?? 0) : isWhole ? loaded : rest;
      const head = { key: name, height: HEAD, draw: () => <Head name={name} figure={figure} /> };
      return [head, ...rows.slice(at, at + loaded)];
    });
  return (
    <VirtualList
      key={`${view.value} ${asked.value}`}
      rows={headed}
      label={words.list}
      className="rows"
      reveal={openId.value}
      onSight={(from, to) => window.look(from, to)}
    >
      {window.hasMore.value && <Skeleton rows={2} height={height} />}
    </VirtualList>
  );
}

function Head({ name, figure }: { name: string; figure: number | null }) {
  return (
    <h2 class="part">
      {name}
      <span>{figure === null ? "" : count(figure)}</span>
    </h2>
  );
}

function Nothing() {
  const kind = asked.value ? "found" : view.value;
  const [title, text] = words.empty[kind];
  return (
    <Empty title={title}>
      <p>{text}</p>
      {kind === "all" ? (
        <button onClick={() => go("contacts")}>{words.chooseContact}</button>
      ) : (
        <button onClick={() => go("inbox")}>{words.showAll}</button>
      )}
    </Empty>
  );
}

function Row({ id, item }: { id: string; item: Conversation }) {
  const row = conversations.at(id).value.value ?? item;
  const { last } = row;
  const isOpen = openId.value === id;
  return (
    <Link
      class={`row ${row.unread ? "unread" : ""}`}
      to={conversationAddress(id, hitOf(id)?.message_id)}
      aria-current={isOpen ? "true" : undefined}
    >
      <Avatar id={row.contact?.id ?? row.id} name={row.contact?.name ?? "#"} />
      <span class="lines">
        <span class="who">
          <span class="name" dir="auto" title={phone(row.address)}>
            {row.contact?.name ?? phone(row.address)}
          </span>{" "}
          <time title={last ? exactly(last.at) : undefined}>{last ? when(last.at) : ""}</time>
        </span>{" "}
        <span class="last">
          <LastLine row={row} isOpen={isOpen} />
          <Signs row={row} />
        </span>
      </span>
    </Link>
  );
}

/** What a row says beside its words; of who looks after it, nothing where that is oneself. */
function Signs({ row }: { row: Conversation }) {
  const { assigned_to: by, gate, status, unread } = row;
  return (
    <>
      {!gate.allowed && gate.code === "opted_out" && <Ban size={14} aria-label={words.optedOut} role="img" />}
      {by && by.id !== me.value?.staff.id && <StaffAvatar name={by.name} size={20} />}
      {!by && status === "open" && <NobodyMark label={words.nobodyOn} size={20} />}
      {unread > 0 && (
        <b class="count" role="img" aria-label={words.unread(unread)}>
          {short(unread)}
        </b>
      )}
    </>
  );
}

function LastLine({ row, isOpen }: { row: Conversation; isOpen: boolean }) {
  const draft = isOpen ? null : drafts.value.mark(row.id);
  const hit = hitOf(row.id);
  const { last } = row;
  const author = last?.author;
  const isMine = author?.kind === "staff" && author.id === me.value?.staff.id;
  const who = author?.kind !== "staff" ? "" : `${isMine ? words.you : author.name.split(" ")[0]}:`;
  return (
    <>
      <Smartphone size={14} aria-label={words.channel} role="img" />{" "}
      {draft && !hit && <b class="draft">{draft.mode === "note" ? words.draftNote : words.draft}</b>}
      {!draft && !hit && who && <span class="by">{who}</span>}{" "}
      <span class="text" dir="auto">
        {hit
          ? inSight(hit.excerpt).map((it, i) => (it.hit ? <mark key={i}>{it.text}</mark> : it.text))
          : (draft?.text ?? last?.text ?? words.nothingSaid)}
      </span>
    </>
  );
}
