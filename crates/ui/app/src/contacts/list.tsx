// The list of contacts with its search; a long one, of which only what is in sight is drawn.

import { Plus, Search } from "lucide-preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { count } from "../format";
import { Avatar, Empty, Skeleton, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { VirtualList } from "../kit/virtual_list";
import { go, route, withQuery } from "../route";
import { attributes, contactList, loadAttributes, shownList } from "../state/contacts";
import { isNarrow } from "../state/screen";
import { fresh } from "../state/session";
import type { Attribute, ContactRow } from "../types";
import { words } from "../words/contacts";
import { NewContact } from "./new";
import { Standing } from "./standing";

/** A table with more is read by nobody. */
const OWN_COLUMNS = 3;
const SEARCH_WAIT_MS = 200;

export function ContactsPage() {
  const query = route.value.place === "contacts" ? route.value.query : new URLSearchParams();
  const q = query.get("q") ?? "";
  const unreadable = query.has("unreadable");
  const list = useMemo(() => contactList(q, unreadable), [q, unreadable]);
  const [isNew, setNew] = useState(false);
  // After a gap it is looked at again.
  useEffect(() => {
    shownList.value = list;
    void list.open();
    return () => {
      shownList.value = null;
    };
  }, [list, fresh.value]);
  useEffect(() => void loadAttributes(), []);
  const own = attributes.value.filter((it) => it.own && it.type !== "long_text").slice(0, OWN_COLUMNS);
  return (
    <section class="wide tall">
      <header class="title">
        <h1>{words.title}</h1>
        <span class="quiet">{list.total.value === null ? "" : count(list.total.value)}</span>
        <span class="grow" />
        <button class="primary" onClick={() => setNew(true)}>
          <Plus size={16} aria-hidden="true" />
          {words.add}
        </button>
      </header>
      <div class="filters">
        <SearchField of={q} />
        <label class="check">
          <input
            type="checkbox"
            checked={unreadable}
            onChange={(event) =>
              go(withQuery({ unreadable: event.currentTarget.checked ? "1" : null }), "replace")
            }
          />{" "}
          {words.unreadableOnly}
        </label>
      </div>
      <Rows list={list} own={own} isFiltered={!!q || unreadable} unreadable={unreadable} />
      <NewContact open={isNew} onClose={() => setNew(false)} />
    </section>
  );
}

function SearchField({ of }: { of: string }) {
  const [text, setText] = useState(of);
  useEffect(() => {
    if (text === of) return;
    const wait = setTimeout(() => go(withQuery({ q: text }), "replace"), SEARCH_WAIT_MS);
    return () => clearTimeout(wait);
  }, [text, of]);
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

type RowsProps = {
  list: ReturnType<typeof contactList>;
  own: Attribute[];
  isFiltered: boolean;
  unreadable: boolean;
};

function Rows({ list, own, isFiltered, unreadable }: RowsProps) {
  const items = list.items.value;
  const height = isNarrow.value ? 64 : 48;
  if (!items)
    return (
      <Waiting problem={list.problem.value} again={() => void list.changed()} rows={10} height={height} />
    );
  if (items.length === 0) return <Nothing isFiltered={isFiltered} />;
  const rows = items.map((row) => ({
    key: row.id,
    height: height + (unreadable && row.unreadable.length > 0 && !isNarrow.value ? 8 : 0),
    draw: () => <Row row={row} own={own} unreadable={unreadable} />,
  }));
  return (
    <div
      class="people"
      style={own.length > 0 ? { "--own": own.map(() => "minmax(0, 1fr)").join(" ") } : undefined}
    >
      {!isNarrow.value && (
        <div class="person-row head" aria-hidden="true">
          <span>{words.columns.name}</span>
          <span>{words.columns.company}</span>
          <span>{words.columns.phone}</span>
          <span>{words.columns.email}</span>
          {own.map((it) => (
            <span key={it.name}>{it.label}</span>
          ))}
          <span>{words.columns.sync}</span>
        </div>
      )}
      <VirtualList
        rows={rows}
        label={words.rows}
        className="people-rows"
        onSight={(from, to) => list.look(from, to, 60)}
        keeps
      >
        {list.hasMore.value && <Skeleton rows={2} height={height} />}
      </VirtualList>
    </div>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  const [title, text] = isFiltered ? words.found : words.none;
  return (
    <Empty title={title!}>
      <p>{text}</p>
      {isFiltered ? (
        <button onClick={() => go("contacts")}>{words.showAll}</button>
      ) : (
        <button onClick={() => go("sync")}>{words.toSync}</button>
      )}
    </Empty>
  );
}

function Row({ row, own, unreadable }: { row: ContactRow; own: Attribute[]; unreadable: boolean }) {
  return (
    <Link class="person-row" to={`contacts/${row.id}`}>
      <span class="person">
        <Avatar id={row.id} name={row.name} size={28} />
        <span>
          <b dir="auto">{row.name}</b>
          <small>{isNarrow.value ? (row.phone ?? row.company ?? "") : row.title}</small>
        </span>
      </span>
      <span class="cell" dir="auto">
        {row.company}
      </span>
      <span class="cell">
        {row.phone}
        {unreadable &&
          row.unreadable.map((it) => (
            <small key={it.field} class="reason">
              {it.value}: {words.unreadable[it.reason]}
            </small>
          ))}
      </span>
      <span class="cell">{row.email}</span>
      {own.map((it) => (
        <span key={it.name} class="cell">
          {row.own[it.name]}
        </span>
      ))}
      <span class="cell end">
        <Standing state={row.sync} />
      </span>
    </Link>
  );
}
