// One run: its changes by record, before struck through, after beside it; live while it goes on.

import { ChevronLeft } from "lucide-preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { hub, told } from "../api";
import { moment, took } from "../format";
import { Empty, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { sentence } from "../problem";
import { route, withQuery } from "../route";
import { useRecord } from "../state/records";
import { fresh } from "../state/session";
import { runs } from "../state/sync";
import { ListWindow } from "../state/window";
import type { Change, Run } from "../types";
import { words as problems } from "../words/problems";
import { words } from "../words/sync";

type Filter = { direction?: "to_hub" | "to_org"; state?: "failed" };
const FILTERS: Record<keyof typeof words.run.filters, Filter> = {
  all: {},
  to_hub: { direction: "to_hub" },
  to_org: { direction: "to_org" },
  failed: { state: "failed" },
};
type FilterName = keyof typeof FILTERS;
/** Fields of a whole record that are shown at first. */
const FIELDS_SHOWN = 6;

export function RunPage({ id }: { id: string }) {
  const slot = useRecord(runs, id)!;
  const run = slot.value.value;
  if (!run)
    return (
      <section class="wide">
        <Waiting
          problem={slot.problem.value}
          again={() => void runs.load(id)}
          missing={problems.missingRun}
          rows={8}
          height={44}
        />
      </section>
    );
  return <Shown run={run} />;
}

function Shown({ run }: { run: Run }) {
  const asked = route.value.place === "sync" ? route.value.query.get("only") : null;
  const filter = (asked && asked in FILTERS ? asked : "all") as FilterName;
  const list = useMemo(() => changesOf(run.id, FILTERS[filter]), [run.id, filter]);
  const { to_hub, to_org } = run.counts;
  const done =
    to_hub.created + to_hub.updated + to_hub.deleted + to_org.created + to_org.updated + to_org.deleted;
  // As the run goes on, its changes do.
  useEffect(() => void list.changed(), [list, fresh.value, run.state, done]);
  return (
    <section class="wide">
      <header class="title">
        <Link class="icon back shown" to="sync" aria-label={words.run.back}>
          <ChevronLeft size={20} />
        </Link>
        <div>
          <h1>{words.run.title(moment(run.started_at))}</h1>
          <p class="quiet">{lineOf(run)}</p>
        </div>
      </header>
      {run.error && (
        <p class="problem" role="alert">
          {sentence({ message: run.error.text, fix: run.error.fix })}
        </p>
      )}
      {!run.finished_at && <Live run={run} />}
      <nav class="tabs" aria-label={words.run.which}>
        {(Object.keys(FILTERS) as FilterName[]).map((name) => (
          <Link
            key={name}
            to={withQuery({ only: name === "all" ? null : name }, `sync/${run.id}`)}
            aria-current={filter === name ? "true" : undefined}
          >
            {words.run.filters[name]}
          </Link>
        ))}
      </nav>
      <Changes list={list} run={run} filter={filter} />
    </section>
  );
}

function lineOf(run: Run): string {
  const by = run.by?.name ?? words.triggers[run.trigger] ?? run.trigger;
  const state = (words.runStates[run.state] ?? run.state).toLowerCase();
  const long = run.finished_at ? ` ${words.run.in(took(run.finished_at - run.started_at))}` : "";
  return `${by}, ${state}${long}, ${words.calls(run.api_calls)}`;
}

function Live({ run }: { run: Run }) {
  const { done, total } = run.progress;
  return (
    <div class="card" role="status">
      <p>
        {run.phase}
        {total ? `, ${words.ofRecords(done, total)}` : ""}
      </p>
      <progress max={total ?? 1} value={total ? done : undefined} aria-label={words.progress} />
    </div>
  );
}

type Item = Change & { id: string };

function changesOf(id: string, filter: Filter) {
  return new ListWindow<Item>(async (cursor) => {
    const query = { ...filter, cursor: cursor ? Number(cursor) : undefined };
    const page = await told(hub.GET("/api/v1/sync/runs/{id}/changes", { params: { path: { id }, query } }));
    return { ...page, items: page.items.map((it) => ({ ...it, id: String(it.seq) })) };
  });
}

type ChangesProps = { list: ListWindow<Item>; run: Run; filter: FilterName };

function Changes({ list, run, filter }: ChangesProps) {
  const items = list.items.value;
  if (!items)
    return <Waiting problem={list.problem.value} again={() => void list.changed()} rows={8} height={44} />;
  if (items.length === 0) {
    const isOver = run.finished_at !== null;
    const title = isOver ? words.run.nothing : words.run.none_yet;
    const whole =
      run.state === "cancelled" ? words.run.stopped : run.state === "failed" ? "" : words.run.equal;
    const hint = !isOver ? words.run.noneYetHint : filter === "all" ? whole : words.run.noneOfKind;
    return (
      <Empty title={title}>
        <p>{hint}</p>
      </Empty>
    );
  }
  return (
    <>
      <ol class="changes card flush">
        {items.map((change) => (
          <Row key={change.id} change={change} />
        ))}
      </ol>
      {list.hasMore.value && (
        <button class="more" onClick={() => void list.more()}>
          {words.more}
        </button>
      )}
    </>
  );
}

function Row({ change }: { change: Change }) {
  const [isWhole, setWhole] = useState(false);
  const isLong = (change.act === "create" || change.act === "delete") && change.fields.length > FIELDS_SHOWN;
  const fields = isLong && !isWhole ? change.fields.slice(0, FIELDS_SHOWN) : change.fields;
  const act = change.state === "failed" ? "failed" : change.act;
  const kind = act === "failed" ? "bad" : act === "conflict" ? "warn" : "";
  return (
    <li>
      <header>
        {change.contact ? (
          <Link to={`contacts/${change.contact.id}`} dir="auto">
            <b>{change.contact.name}</b>
          </Link>
        ) : (
          <b>{change.record_id}</b>
        )}
        <span class="quiet">
          {change.object}, {change.direction === "to_hub" ? words.run.toHub : words.run.toOrg}
        </span>
        <span class="grow" />
        <span class={`tag ${kind}`}>{words.acts[act] ?? act}</span>
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
