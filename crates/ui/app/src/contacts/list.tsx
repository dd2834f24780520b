// The list of contacts with its search; a long one, of which only what is in sight is drawn.

import { Ban, Plus, Search } from "lucide-preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { phone } from "../format";
import { Avatar, Empty, Mark, Skeleton, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { VirtualList } from "../kit/virtual_list";
import { address, go, route, withQuery } from "../route";
import { type ContactFilter, filterOf, isFiltered, NO_RECORD, SORTS, TEXTING } from "../state/contact_filter";
import { attributes, contactList, listAddress, loadAttributes, shownList } from "../state/contacts";
import { isNarrow } from "../state/screen";
import { fresh } from "../state/session";
import { STATUS_ID, status } from "../state/sync";
import type { Attribute, ContactRow } from "../types";
import { words } from "../words/contacts";
import { NewContact } from "./new";
import { Standing } from "./standing";

/** A table with more is read by nobody. */
const OWN_COLUMNS = 3;
const SEARCH_WAIT_MS = 200;

export function ContactsPage() {
  const filter = filterOf(route.value.place === "contacts" ? route.value.query : new URLSearchParams());
  const list = useMemo(() => contactList(filter), [JSON.stringify(filter)]);
  const [isNew, setNew] = useState(false);
  listAddress.value = address.value;
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
        <span class="quiet" role="status">
          {list.total.value === null ? "" : words.total(list.total.value, isFiltered(filter))}
        </span>
        <span class="grow" />
        <button class="primary" onClick={() => setNew(true)}>
          <Plus size={16} aria-hidden="true" />
          {words.add}
        </button>
      </header>
      <Filters filter={filter} />
      <Rows list={list} own={own} filter={filter} />
      <NewContact open={isNew} onClose={() => setNew(false)} />
    </section>
  );
}

function Filters({ filter }: { filter: ContactFilter }) {
  const objects = status.at(STATUS_ID).value.value?.mappings.map((it) => it.object) ?? [];
  // What the address asks for stays a choice until the objects are known, and after.
  if (filter.record && filter.record !== NO_RECORD && !objects.includes(filter.record))
    objects.push(filter.record);
  const records: [string, string][] = [
    ["", words.filter.anyRecord],
    ...objects.map((it): [string, string] => [it, words.filter.record(it)]),
    [NO_RECORD, words.filter.noRecord],
  ];
  const texting: [string, string][] = [
    ["", words.filter.anyTexting],
    ...TEXTING.map((it): [string, string] => [it, words.filter.texting[it]]),
  ];
  const sorts = SORTS.map((it): [string, string] => [it === "name" ? "" : it, words.filter.sorts[it]]);
  return (
    <div class="filters">
      <SearchField of={filter.q} />
      <div class="which">
        <Choice name="record" label={words.filter.records} value={filter.record ?? ""} options={records} />
        <Choice name="texting" label={words.filter.who} value={filter.texting ?? ""} options={texting} />
        <Choice
          name="sort"
          label={words.filter.sort}
          value={filter.sort === "name" ? "" : filter.sort}
          options={sorts}
        />
      </div>
    </div>
  );
}

type ChoiceProps = { name: string; label: string; value: string; options: [string, string][] };

/** A choice that stands in the address. */
function Choice({ name, label, value, options }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      class={value ? "chosen" : ""}
      value={value}
      onChange={(event) => go(withQuery({ [name]: event.currentTarget.value }), "replace")}
    >
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
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

type RowsProps = { list: ReturnType<typeof contactList>; own: Attribute[]; filter: ContactFilter };

function Rows({ list, own, filter }: RowsProps) {
  const items = list.items.value;
  const unreadable = filter.texting === "unreadable";
  const height = isNarrow.value ? 64 : 48;
  if (!items)
    return (
      <Waiting problem={list.problem.value} again={() => void list.changed()} rows={10} height={height} />
    );
  if (items.length === 0) return <Nothing isFiltered={isFiltered(filter)} />;
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
  const [first] = row.points;
  const number = first ? phone(first.address) : row.phone;
  const isOut = row.points.some((it) => it.consent.state === "opted_out");
  const object = row.links.find((it) => it.is_primary)?.object;
  return (
    <Link class="person-row" to={`contacts/${row.id}`}>
      <span class="person">
        <Avatar id={row.id} name={row.name} size={28} />
        <span>
          <b dir="auto">{row.name}</b>
          {isNarrow.value ? (
            <small>
              {number ?? row.company ?? ""}
              {isOut && <Ban size={12} class="red" role="img" aria-label={words.optedOut} />}
            </small>
          ) : (
            <small>{row.title}</small>
          )}
        </span>
      </span>
      <span class="cell" dir="auto">
        {row.company}
      </span>
      <span class="cell">
        {number}
        {isOut && <Ban size={14} class="red" role="img" aria-label={words.optedOut} />}
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
        {row.sync === "in_step" ? (
          <span class="quiet in-step" title={words.standing.in_step}>
            <Mark size={12} /> {object}
          </span>
        ) : (
          <Standing state={row.sync} />
        )}
      </span>
    </Link>
  );
}
