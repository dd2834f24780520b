// The sync page: two sides and the line between them, what it costs, the runs.

import { Cloud, Play, Square } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { hub, keyed, told } from "../api";
import { moment, now, took } from "../format";
import { Mark, Waiting } from "../kit/ground";
import { go } from "../route";
import { useRecord } from "../state/records";
import { putRun, runs, STATUS_ID, status } from "../state/sync";
import { attempt, say } from "../state/toasts";
import type { Run, SyncStatus } from "../types";
import { words } from "../words/sync";
import { Api } from "./api_use";
import { Runs } from "./runs";
import { standingOf } from "./standing";
import { Wire } from "./wire";

export function SyncPage() {
  const slot = useRecord(status, STATUS_ID)!;
  const it = slot.value.value;
  return (
    <section class="wide">
      <header class="title">
        <h1>{words.title}</h1>
        <span class="grow" />
        <Start status={it ?? null} />
      </header>
      {it ? (
        <>
          <Sides status={it} />
          <Api status={it} />
        </>
      ) : (
        <Waiting
          problem={slot.problem.value}
          again={() => void status.load(STATUS_ID)}
          rows={4}
          height={80}
        />
      )}
      <Runs />
    </section>
  );
}

/** Busy at once; what came of it is told when the run is over. */
function Start({ status: it }: { status: SyncStatus | null }) {
  const [isBusy, setBusy] = useState(false);
  const [started, setStarted] = useState<string | null>(null);
  const mine = started ? runs.at(started).value.value : undefined;
  useEffect(() => {
    if (!mine?.finished_at) return;
    setStarted(null);
    say(outcomeOf(mine), { label: words.outcome.look, run: () => go(`sync/${mine.id}`) });
  }, [mine]);
  const start = async () => {
    setBusy(true);
    const run = await attempt(() => told(hub.POST("/api/v1/sync/runs", { params: keyed() })));
    setBusy(false);
    if (!run) return;
    setStarted(run.id);
    putRun(run);
  };
  const running = it?.running;
  if (running)
    return (
      <button onClick={() => void cancel(running.id)} disabled={running.state === "cancelling"}>
        <Square size={16} aria-hidden="true" />
        {running.state === "cancelling" ? words.stopping : words.cancel}
      </button>
    );
  return (
    <button class="primary" disabled={!it || isBusy || started !== null} onClick={() => void start()}>
      <Play size={16} aria-hidden="true" />
      {isBusy || started ? words.starting : words.start}
    </button>
  );
}

async function cancel(id: string) {
  const params = { path: { id } };
  const run = await attempt(() => told(hub.POST("/api/v1/sync/runs/{id}/cancel", { params })));
  if (run) putRun(run);
}

function outcomeOf(run: Run): string {
  const { to_hub, to_org } = run.counts;
  const sum = (it: typeof to_hub) => it.created + it.updated + it.deleted;
  const calls = words.calls(run.api_calls);
  if (run.state === "failed") return run.error?.text ?? words.outcome.failed;
  if (run.state === "cancelled") return words.outcome.cancelled;
  if (sum(to_hub) + sum(to_org) === 0) return words.outcome.nothing(calls);
  return words.outcome.done(sum(to_hub), sum(to_org), calls);
}

function Sides({ status: it }: { status: SyncStatus }) {
  return (
    <div class="sides card" role="group" aria-label={words.sides}>
      <div class="side">
        <span class="tile grey">
          <Cloud size={20} aria-hidden="true" />
        </span>
        <div>
          <h2>{words.salesforce}</h2>
          <p>
            {it.connection.org_name}, {it.connection.kind}
          </p>
        </div>
      </div>
      {it.running ? <Progress run={it.running} /> : <State status={it} />}
      <div class="side">
        <span class="tile">
          <Mark size={20} />
        </span>
        <div>
          <h2>{words.tieline}</h2>
          <p>{words.contactsTotal(it.contacts_total)}</p>
        </div>
      </div>
      {it.mappings.map((mapping) => (
        <Wire key={mapping.id} mapping={mapping} status={it} />
      ))}
    </div>
  );
}

function Progress({ run }: { run: Run }) {
  const { done, total } = run.progress;
  const elapsed = Math.max(0, now.value - run.started_at);
  const left = total && done > 0 && done < total && elapsed > 0 ? (elapsed / done) * (total - done) : null;
  return (
    <div class="standing" role="status">
      <p class="section-title">{run.phase}</p>
      <progress max={total ?? 1} value={total ? done : undefined} aria-label={words.progress} />
      <p>
        {total ? words.ofRecords(done, total) : words.counting}
        {left ? `, ${words.left(took(left))}` : ""}
      </p>
    </div>
  );
}

function State({ status: it }: { status: SyncStatus }) {
  const { title, hint, kind } = standingOf(it, moment);
  return (
    <div class="standing" role="status">
      <p class={`section-title ${kind}`}>
        {kind === "teal" && <Mark size={16} />} <span>{title}</span>
      </p>
      <p>{hint}</p>
    </div>
  );
}
