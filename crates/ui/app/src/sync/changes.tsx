// What a run changed, by record: before struck through, after beside it; looked through by words.

import { ArrowRight, Search } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { Avatar, Empty, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { go, withQuery } from "../route";
import type { ListWindow } from "../state/window";
import type { Change, Run } from "../types";
import { words } from "../words/sync";

export type Item = Change & { id: string };

/** Fields of a whole record that are shown at first. */
const FIELDS_SHOWN = 6;
/** Entries that one search looks through by itself; further ones when it is asked to. */
const SEARCHED = 2_000;
const SEARCH_WAIT_MS = 200;

export function SearchField({ of, run }: { of: string; run: string }) {
  const [text, setText] = useState(of);
  useEffect(() => {
    if (text === of) return;
    const wait = setTimeout(() => go(withQuery({ find: text }), "replace"), SEARCH_WAIT_MS);
    return () => clearTimeout(wait);
  }, [text, of, run]);
  return (
    <label class="search">
      <Search size={16} aria-hidden="true" />
      <input
        type="search"
        maxLength={100}
        placeholder={words.run.searchHint}
        aria-label={words.run.search}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

/** Whether all words occur in what an entry shows. */
export function holds(change: Change, find: string): boolean {
  const shown = [
    change.contact?.name,
    change.record_id,
    change.error?.text,
    ...change.fields.flatMap((it) => [it.label, it.before, it.after]),
  ];
  const text = shown.filter(Boolean).join("\n").toLowerCase();
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

type ChangesProps = { list: ListWindow<Item>; run: Run; isAll: boolean; find: string };

export function Changes({ list, run, isAll, find }: ChangesProps) {
  const items = list.items.value;
  const [searched, setSearched] = useState(SEARCHED);
  const goesOn = find !== "" && items !== null && list.hasMore.value && items.length < searched;
  useEffect(() => {
    if (goesOn) void list.more();
  }, [goesOn, items?.length]);
  if (!items)
    return <Waiting problem={list.problem.value} again={() => void list.changed()} rows={8} height={44} />;
  const found = find ? items.filter((it) => holds(it, find)) : items;
  const isOpen = list.hasMore.value;
  return (
    <>
      {find && (
        <p class="quiet" role="status">
          {words.run.found(found.length, items.length, isOpen)}{" "}
          {isOpen && !goesOn && (
            <button class="link" onClick={() => setSearched(items.length + SEARCHED)}>
              {words.run.searchOn}
            </button>
          )}
        </p>
      )}
      {found.length === 0 && !find && <Nothing run={run} isAll={isAll} />}
      {found.length > 0 && (
        <ol class="changes card flush">
          {found.map((change) => (
            <Row key={change.id} change={change} />
          ))}
        </ol>
      )}
      {isOpen && !find && (
        <button class="more" onClick={() => void list.more()}>
          {words.more}
        </button>
      )}
    </>
  );
}

function Nothing({ run, isAll }: { run: Run; isAll: boolean }) {
  const isOver = run.finished_at !== null;
  const whole = run.state === "cancelled" ? words.run.stopped : run.state === "failed" ? "" : words.run.equal;
  const hint = !isOver ? words.run.noneYetHint : isAll ? whole : words.run.noneOfKind;
  return (
    <Empty title={isOver ? words.run.nothing : words.run.none_yet}>
      <p>{hint}</p>
    </Empty>
  );
}

function Row({ change }: { change: Change }) {
  const [isWhole, setWhole] = useState(false);
  const isLong = (change.act === "create" || change.act === "delete") && change.fields.length > FIELDS_SHOWN;
  const fields = isLong && !isWhole ? change.fields.slice(0, FIELDS_SHOWN) : change.fields;
  const act = change.state === "failed" ? "failed" : change.act;
  const kind = act === "failed" ? "bad" : act === "conflict" ? "warn" : "";
  const name = change.contact?.name ?? change.record_id ?? words.run.noName;
  const ends = [words.salesforce, words.tieline];
  const [from, to] = change.direction === "to_hub" ? ends : ends.toReversed();
  return (
    <li>
      <header>
        <Avatar id={change.contact?.id ?? name} name={name} size={24} />
        {change.contact ? (
          <Link to={`contacts/${change.contact.id}`} dir="auto">
            <b>{name}</b>
          </Link>
        ) : (
          <b>{name}</b>
        )}
        <span class="quiet">{change.object}</span>
        <span class={`tag ${kind}`}>{words.acts[act] ?? act}</span>
        <span class="grow" />
        <span class="quiet way">
          {from} <ArrowRight size={14} aria-label={words.run.to} role="img" /> {to}
        </span>
      </header>
      {change.error && <p class="problem">{change.error.text}</p>}
      <dl>
        {fields.map((field) => (
          <div key={field.name}>
            <dt>{field.label}</dt>
            <dd dir="auto">
              <Values before={field.before} after={field.after} isNew={change.act === "create"} />
            </dd>
          </div>
        ))}
      </dl>
      {isLong && (
        <button class="link" onClick={() => setWhole(!isWhole)}>
          {isWhole ? words.run.lessFields : words.run.moreFields(change.fields.length - FIELDS_SHOWN)}
        </button>
      )}
    </li>
  );
}

type ValuesProps = { before: string | null; after: string | null; isNew: boolean };

/** What was struck through, what is beside it; what was or is blank is said. */
function Values({ before, after, isNew }: ValuesProps) {
  const blank = <em>{words.run.blank}</em>;
  return (
    <>
      {!isNew && before !== after && (before ? <del>{before}</del> : blank)}
      {after ? <ins>{after}</ins> : blank}
    </>
  );
}
