// One run: its changes by record, before struck through, after beside it.

import { ChevronLeft } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { hub, told } from "../api";
import { count, moment, took } from "../format";
import { Empty, Skeleton } from "../parts";
import { attempt, go } from "../state";
import type { Change, Page, Run } from "../types";
import { TRIGGERS, WORDS } from "./page";

type Filter = { direction?: "to_hub" | "to_org"; state?: "failed" };
const FILTERS: Record<string, Filter> = {
  All: {},
  "To Tieline": { direction: "to_hub" },
  "To Salesforce": { direction: "to_org" },
  Failed: { state: "failed" },
};
const ACTS: Record<string, string> = {
  create: "Created",
  update: "Updated",
  delete: "Deleted",
  link: "Linked",
  conflict: "To decide",
};

export function RunPage({ id }: { id: string }) {
  const [run, setRun] = useState<Run | null>(null);
  const [filter, setFilter] = useState("All");
  const [page, setPage] = useState<Page<Change> | null>(null);
  const load = async (cursor?: string) => {
    const query = { ...FILTERS[filter], cursor: cursor ? Number(cursor) : undefined };
    const next = await attempt(() =>
      told(hub.GET("/api/v1/sync/runs/{id}/changes", { params: { path: { id }, query } })),
    );
    if (next) setPage((now) => (cursor && now ? { ...next, items: [...now.items, ...next.items] } : next));
  };
  useEffect(() => {
    void attempt(() => told(hub.GET("/api/v1/sync/runs/{id}", { params: { path: { id } } }))).then(
      (it) => it && setRun(it),
    );
  }, [id]);
  useEffect(() => {
    setPage(null);
    void load();
  }, [id, filter]);
  return (
    <section class="wide">
      <header class="title">
        <button class="back shown" aria-label="Back to sync" onClick={() => go("sync")}>
          <ChevronLeft size={20} />
        </button>
        <div>
          <h1>{run ? `Run of ${moment(run.started_at)}` : "Run"}</h1>
          <p class="quiet">
            {run
              ? `${run.by?.name ?? TRIGGERS[run.trigger]}, ${WORDS[run.state]?.toLowerCase()}${run.finished_at ? ` in ${took(run.finished_at - run.started_at)}` : ""}, ${count(run.api_calls)} API calls`
              : "Loading"}
          </p>
        </div>
      </header>
      {run?.error && (
        <p class="problem" role="alert">
          <b>{run.error.text}</b> {run.error.fix}
        </p>
      )}
      <div class="tabs" role="tablist" aria-label="Which changes">
        {Object.keys(FILTERS).map((label) => (
          <button key={label} role="tab" aria-selected={filter === label} onClick={() => setFilter(label)}>
            {label}
          </button>
        ))}
      </div>
      {!page ? (
        <Skeleton rows={8} height={44} />
      ) : page.items.length === 0 ? (
        <Empty title="No changes">
          <p>{filter !== "All" ? "None of this kind in this run." : "Both sides were in step already."}</p>
        </Empty>
      ) : (
        <ol class="changes card flush">
          {page.items.map((change) => (
            <Row key={change.seq} change={change} />
          ))}
        </ol>
      )}
      {page?.next_cursor && (
        <button class="more" onClick={() => void load(page.next_cursor!)}>
          Show more
        </button>
      )}
    </section>
  );
}

function Row({ change }: { change: Change }) {
  const whole = change.act === "create" || change.act === "delete";
  const fields = whole ? change.fields.slice(0, 6) : change.fields;
  return (
    <li>
      <header>
        {change.contact ? (
          <a
            href={`/app/contacts/${change.contact.id}`}
            onClick={(event) => {
              event.preventDefault();
              go(`contacts/${change.contact!.id}`);
            }}
          >
            <b>{change.contact.name}</b>
          </a>
        ) : (
          <b>{change.record_id}</b>
        )}
        <span class="quiet">
          {change.object}, {change.direction === "to_hub" ? "to Tieline" : "to Salesforce"}
        </span>
        <span class="grow" />
        <span class={`tag ${change.state === "failed" ? "bad" : change.act === "conflict" ? "warn" : ""}`}>
          {change.state === "failed" ? "Failed" : ACTS[change.act]}
        </span>
      </header>
      {change.error && <p class="problem">{change.error.text}</p>}
      <dl>
        {fields.map((field) => (
          <div key={field.name}>
            <dt>{field.label}</dt>
            <dd>
              {field.before !== null && field.before !== field.after && <del>{field.before}</del>}
              {field.after !== null && <ins>{field.after}</ins>}
              {field.after === null && field.before !== null && <em>blank</em>}
            </dd>
          </div>
        ))}
      </dl>
      {whole && change.fields.length > fields.length && (
        <p class="quiet">and {change.fields.length - fields.length} more fields</p>
      )}
    </li>
  );
}
