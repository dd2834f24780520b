// The sync page: two sides and the line between them, runs below.

import { Cloud, Play, Square } from "lucide-preact";
import { useEffect } from "preact/hooks";
import { hub, keyed, told } from "../api";
import { count, moment, took } from "../format";
import { Mark, Skeleton, StaffAvatar } from "../parts";
import { attempt, go, loadRuns, loadSync, runs, sync } from "../state";
import type { Counts, Mapping, Run, SyncStatus } from "../types";

const start = () =>
  attempt(() => told(hub.POST("/api/v1/sync/runs", { params: keyed() }))).then(() =>
    Promise.all([loadSync(), loadRuns()]),
  );
const cancel = (id: string) =>
  attempt(() => told(hub.POST("/api/v1/sync/runs/{id}/cancel", { params: { path: { id } } }))).then(loadSync);

export function SyncPage() {
  useEffect(() => {
    void loadSync();
    void loadRuns();
  }, []);
  const status = sync.value;
  const running = status?.running ?? null;
  return (
    <section class="wide">
      <header class="title">
        <h1>Sync</h1>
        <span class="grow" />
        {running ? (
          <button onClick={() => void cancel(running.id)} disabled={running.state === "cancelling"}>
            <Square size={16} aria-hidden="true" />
            {running.state === "cancelling" ? "Stopping" : "Cancel"}
          </button>
        ) : (
          <button class="primary" disabled={!status} onClick={() => void start()}>
            <Play size={16} aria-hidden="true" />
            Start sync
          </button>
        )}
      </header>
      {!status ? (
        <Skeleton rows={4} height={80} />
      ) : (
        <>
          <Sides status={status} />
          <Api status={status} />
        </>
      )}
      <Runs />
    </section>
  );
}

function Sides({ status }: { status: SyncStatus }) {
  return (
    <div class="sides card" role="group" aria-label="How the two sides stand">
      <div class="side">
        <span class="tile grey">
          <Cloud size={20} aria-hidden="true" />
        </span>
        <div>
          <h2>Salesforce</h2>
          <p>
            {status.connection.org_name}, {status.connection.kind}
          </p>
        </div>
      </div>
      <State status={status} />
      <div class="side">
        <span class="tile">
          <Mark size={20} />
        </span>
        <div>
          <h2>Tieline</h2>
          <p>{count(status.contacts_total)} contacts</p>
        </div>
      </div>
      {status.mappings.map((mapping) => (
        <Wire key={mapping.id} mapping={mapping} run={status.running} />
      ))}
    </div>
  );
}

function State({ status }: { status: SyncStatus }) {
  const run = status.running;
  if (run) {
    const { done, total } = run.progress;
    const elapsed = Date.now() - run.started_at;
    const left = total && done > 0 && done < total ? (elapsed / done) * (total - done) : null;
    return (
      <div class="standing" role="status">
        <p class="section-title">{run.phase}</p>
        <progress max={total ?? 1} value={total ? done : undefined} aria-label="Progress" />
        <p>
          {total ? `${count(done)} of ${count(total)} records` : "Counting"}
          {left ? `, about ${took(left)} left` : ""}
        </p>
      </div>
    );
  }
  const last = status.last_run;
  if (status.state === "failed" && last?.error) {
    return (
      <div class="standing" role="status">
        <p class="section-title red">The last run failed</p>
        <p>
          {last.error.text} {last.error.fix}
        </p>
      </div>
    );
  }
  if (status.state === "never")
    return (
      <div class="standing">
        <p class="section-title">Not synced yet</p>
        <p>The first sync brings everybody in. It writes nothing to Salesforce.</p>
      </div>
    );
  return (
    <div class="standing" role="status">
      <p class="section-title">
        {status.state === "behind" ? (
          "Changes wait for Salesforce"
        ) : (
          <>
            <Mark size={16} /> In step since {status.in_step_since ? moment(status.in_step_since) : "now"}
          </>
        )}
      </p>
      <p>
        {status.state === "behind"
          ? "They go out in a moment."
          : last
            ? `The last run took ${took((last.finished_at ?? last.started_at) - last.started_at)} and ${last.api_calls} API calls`
            : ""}
      </p>
    </div>
  );
}

function Wire({ mapping, run }: { mapping: Mapping; run: Run | null }) {
  const counts = run?.by_object.find((it) => it.object === mapping.object);
  const sum = (it?: Counts) => (it ? it.created + it.updated + it.deleted : 0);
  const state =
    mapping.conflicts > 0 ? (
      <span class="tag warn">{mapping.conflicts} to decide</span>
    ) : mapping.waiting_to_org > 0 ? (
      <span class="tag">{mapping.waiting_to_org} waiting</span>
    ) : (
      <span class="tag well">In step</span>
    );
  return (
    <>
      <p class="end">
        <span>{mapping.object}</span>
        <b>{count(mapping.records)}</b>
      </p>
      <p class={`wire ${run ? "moving" : ""} ${mapping.enabled ? "" : "off"}`}>
        {!mapping.enabled ? (
          <span class="tag">Off</span>
        ) : run ? (
          <span>
            → {count(sum(counts?.to_hub))} in, ← {count(sum(counts?.to_org))} out
          </span>
        ) : (
          state
        )}
        <small>
          {mapping.direction === "both"
            ? "both ways"
            : mapping.direction === "to_hub"
              ? "into Tieline only"
              : "into Salesforce only"}
        </small>
      </p>
      <p class="end right">
        <b>{count(mapping.records)}</b>
        <span>contacts</span>
        <small>{mapping.last_changed_at ? `changed ${moment(mapping.last_changed_at)}` : ""}</small>
      </p>
    </>
  );
}

function Api({ status }: { status: SyncStatus }) {
  const { used_24h, budget_24h, org_used, org_max, by_purpose } = status.api;
  return (
    <div class="card api">
      <h2>
        API calls, last 24 hours{" "}
        {org_max ? (
          <span class="quiet">
            Whole org {count(org_used ?? 0)} of {count(org_max)}
          </span>
        ) : null}
      </h2>
      <p>
        <b class="figure">{count(used_24h)}</b> of {count(budget_24h)} that Tieline may use
      </p>
      <progress max={budget_24h} value={used_24h} aria-label="API calls used" />
      <p class="quiet">
        Runs {count(by_purpose.sync ?? 0)}, live {count(by_purpose.live ?? 0)}, staff actions{" "}
        {count(by_purpose.staff ?? 0)}
      </p>
    </div>
  );
}

export const TRIGGERS: Record<string, string> = {
  staff: "Staff",
  schedule: "Schedule",
  first: "First sync",
  change: "A change here",
};
export const WORDS: Record<string, string> = {
  running: "Running",
  cancelling: "Stopping",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

function Runs() {
  const rows = runs.value;
  if (!rows) return <Skeleton rows={5} height={40} />;
  if (rows.length === 0) return null;
  return (
    <div class="card flush">
      <h2>Runs</h2>
      <div class="table-box" tabIndex={0} role="region" aria-label="Runs">
        <table class="table figures">
          <thead>
            <tr>
              <th rowSpan={2}>Started</th>
              <th rowSpan={2}>By</th>
              <th rowSpan={2}>Took</th>
              <th colSpan={3} class="group">
                To Tieline
              </th>
              <th colSpan={2} class="group">
                To Salesforce
              </th>
              <th rowSpan={2}>Failed</th>
              <th rowSpan={2}>API calls</th>
              <th rowSpan={2}>State</th>
            </tr>
            <tr>
              <th>Created</th>
              <th>Updated</th>
              <th>Deleted</th>
              <th>Created</th>
              <th>Updated</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((run) => (
              <Row key={run.id} run={run} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Row({ run }: { run: Run }) {
  const { to_hub, to_org } = run.counts;
  const cell = (n: number) => <td class={n === 0 ? "zero" : ""}>{count(n)}</td>;
  return (
    <tr>
      <td class="word">
        <a
          href={`/app/sync/${run.id}`}
          onClick={(event) => {
            event.preventDefault();
            go(`sync/${run.id}`);
          }}
        >
          {moment(run.started_at)}
        </a>
      </td>
      <td class="word">
        {run.by ? (
          <span class="by">
            <StaffAvatar name={run.by.name} size={20} />
            {run.by.name}
          </span>
        ) : (
          TRIGGERS[run.trigger]
        )}
      </td>
      <td>{run.finished_at ? took(run.finished_at - run.started_at) : ""}</td>
      {cell(to_hub.created)}
      {cell(to_hub.updated)}
      {cell(to_hub.deleted)}
      {cell(to_org.created)}
      {cell(to_org.updated)}
      {cell(to_hub.failed + to_org.failed)}
      {cell(run.api_calls)}
      <td class="word">
        {run.counts.conflicts ? (
          <span class="tag warn">{run.counts.conflicts} to decide</span>
        ) : (
          <span class={run.state === "failed" ? "red" : ""}>{WORDS[run.state]}</span>
        )}
      </td>
    </tr>
  );
}
