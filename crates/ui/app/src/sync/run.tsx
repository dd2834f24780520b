// One run: what it came to, and what it changed by record; live while it goes on.

import { ChevronLeft } from "lucide-preact";
import { useEffect, useMemo } from "preact/hooks";
import { hub, told } from "../api";
import { count, exactly, moment, took } from "../format";
import { Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { sentence } from "../problem";
import { route, withQuery } from "../route";
import { useRecord } from "../state/records";
import { fresh } from "../state/session";
import { runs } from "../state/sync";
import { ListWindow } from "../state/window";
import type { Counts, Run } from "../types";
import { words as problems } from "../words/problems";
import { words } from "../words/sync";
import { Changes, type Item, SearchField } from "./changes";

type Filter = { direction?: "to_hub" | "to_org"; state?: "failed" };
const FILTERS: Record<keyof typeof words.run.filters, Filter> = {
  all: {},
  to_hub: { direction: "to_hub" },
  to_org: { direction: "to_org" },
  failed: { state: "failed" },
};
type FilterName = keyof typeof FILTERS;

const written = (it: Counts) => it.created + it.updated + it.deleted;
/** Entries of a direction: what was written there, and what was refused. */
const entries = (it: Counts) => written(it) + it.failed;

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
          out={{ text: words.run.back, to: "sync" }}
          rows={8}
          height={44}
        />
      </section>
    );
  return <Shown run={run} />;
}

function Shown({ run }: { run: Run }) {
  const query = route.value.place === "sync" ? route.value.query : new URLSearchParams();
  const asked = query.get("only");
  const filter = (asked && asked in FILTERS ? asked : "all") as FilterName;
  const find = (query.get("find") ?? "").trim();
  const list = useMemo(() => changesOf(run.id, FILTERS[filter]), [run.id, filter]);
  const done = entries(run.counts.to_hub) + entries(run.counts.to_org);
  // As the run goes on, its changes do.
  useEffect(() => void list.changed(), [list, fresh.value, run.state, done]);
  return (
    <section class="wide">
      <header class="title">
        <Link class="icon back shown" to="sync" aria-label={words.run.back}>
          <ChevronLeft size={20} />
        </Link>
        <h1 title={exactly(run.started_at)}>{words.run.title(moment(run.started_at))}</h1>
        <RunTag run={run} />
      </header>
      {run.error && (
        <p class="problem" role="alert">
          {sentence({ message: run.error.text, fix: run.error.fix })}
        </p>
      )}
      {!run.finished_at && <Live run={run} />}
      <Totals run={run} />
      <div class="tabs-and-search">
        <Tabs run={run} filter={filter} />
        <SearchField of={query.get("find") ?? ""} run={run.id} />
      </div>
      <Changes list={list} run={run} isAll={filter === "all"} find={find} />
    </section>
  );
}

function RunTag({ run }: { run: Run }) {
  const kind = { failed: "bad", cancelled: "warn", done: "", running: "well", cancelling: "warn" }[run.state];
  return <span class={`tag ${kind}`}>{words.runStates[run.state] ?? run.state}</span>;
}

function Totals({ run }: { run: Run }) {
  const { to_hub, to_org } = run.counts;
  const { columns } = words;
  const facts: [string, string][] = [
    [columns.by, run.by?.name ?? words.triggers[run.trigger] ?? run.trigger],
    [columns.took, run.finished_at ? took(run.finished_at - run.started_at) : words.run.goesOn],
    [columns.toHub, words.run.total(to_hub)],
    [columns.toOrg, words.run.total(to_org)],
    [columns.calls, count(run.api_calls)],
  ];
  return (
    <dl class="totals" aria-label={words.run.totals}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Tabs({ run, filter }: { run: Run; filter: FilterName }) {
  const { to_hub, to_org } = run.counts;
  const figures: Record<FilterName, number> = {
    all: entries(to_hub) + entries(to_org),
    to_hub: entries(to_hub),
    to_org: entries(to_org),
    failed: to_hub.failed + to_org.failed,
  };
  return (
    <nav class="tabs" aria-label={words.run.which}>
      {(Object.keys(FILTERS) as FilterName[]).map((name) => (
        <Link
          key={name}
          to={withQuery({ only: name === "all" ? null : name })}
          aria-current={filter === name ? "true" : undefined}
        >
          {words.run.filters[name]} <small>{count(figures[name])}</small>
        </Link>
      ))}
    </nav>
  );
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

function changesOf(id: string, filter: Filter) {
  return new ListWindow<Item>(async (cursor) => {
    const query = { ...filter, cursor: cursor ? Number(cursor) : undefined };
    const page = await told(hub.GET("/api/v1/sync/runs/{id}/changes", { params: { path: { id }, query } }));
    return { ...page, items: page.items.map((it) => ({ ...it, id: String(it.seq) })) };
  });
}
