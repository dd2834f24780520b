// The runs, the newest first.

import { useEffect, useState } from "preact/hooks";
import { count, exactly, moment, took } from "../format";
import { StaffAvatar, Waiting } from "../kit/ground";
import { Link } from "../kit/link";
import { isTablet } from "../state/screen";
import { fresh } from "../state/session";
import { runList, runs } from "../state/sync";
import type { Run } from "../types";
import { words } from "../words/sync";
import { linesOf } from "./quiet_runs";

export function Runs() {
  // After a gap it is looked at again.
  useEffect(() => void runList.open(), [fresh.value]);
  const rows = runList.items.value;
  if (!rows)
    return (
      <Waiting problem={runList.problem.value} again={() => void runList.changed()} rows={5} height={40} />
    );
  if (rows.length === 0) return null;
  return (
    <div class="card flush">
      <h2>{words.runs}</h2>
      {isTablet.value ? <Cards rows={rows} /> : <Table rows={rows} />}
      {runList.hasMore.value && (
        <button class="more" onClick={() => void runList.more()}>
          {words.more}
        </button>
      )}
    </div>
  );
}

function Table({ rows }: { rows: Run[] }) {
  const { columns } = words;
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={words.runs}>
      <table class="table figures">
        <thead>
          <tr>
            <th rowSpan={2}>{columns.started}</th>
            <th rowSpan={2}>{columns.by}</th>
            <th rowSpan={2}>{columns.took}</th>
            <th colSpan={3} class="group">
              {columns.toHub}
            </th>
            <th colSpan={3} class="group">
              {columns.toOrg}
            </th>
            <th rowSpan={2}>{columns.failed}</th>
            <th rowSpan={2}>{columns.calls}</th>
            <th rowSpan={2}>{columns.state}</th>
          </tr>
          <tr>
            <th>{columns.created}</th>
            <th>{columns.updated}</th>
            <th>{columns.deleted}</th>
            <th>{columns.created}</th>
            <th>{columns.updated}</th>
            <th>{columns.deleted}</th>
          </tr>
        </thead>
        <tbody>
          {linesOf(rows).map((it) =>
            it.kind === "run" ? (
              <Row key={it.run.id} id={it.run.id} item={it.run} />
            ) : (
              <QuietRows key={it.id} runs={it.runs} />
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}

function QuietRows({ runs: quiet }: { runs: Run[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <tr class="quiet-runs">
        <td class="word" colSpan={12}>
          <Quietly quiet={quiet} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />
        </td>
      </tr>
      {isOpen && quiet.map((it) => <Row key={it.id} id={it.id} item={it} />)}
    </>
  );
}

type QuietlyProps = { quiet: Run[]; isOpen: boolean; onToggle: () => void };

function Quietly({ quiet, isOpen, onToggle }: QuietlyProps) {
  const [newest, oldest] = [quiet[0]!, quiet.at(-1)!];
  return (
    <button class="link" aria-expanded={isOpen} onClick={onToggle}>
      {words.quietRuns(quiet.length, moment(oldest.started_at), moment(newest.started_at))}
    </button>
  );
}

function Row({ id, item }: { id: string; item: Run }) {
  const run = runs.at(id).value.value ?? item;
  const { to_hub, to_org } = run.counts;
  const figures = [
    to_hub.created,
    to_hub.updated,
    to_hub.deleted,
    to_org.created,
    to_org.updated,
    to_org.deleted,
    to_hub.failed + to_org.failed,
    run.api_calls,
  ];
  return (
    <tr>
      <td class="word">
        <Link to={`sync/${run.id}`} title={exactly(run.started_at)}>
          {moment(run.started_at)}
        </Link>
      </td>
      <td class="word">
        <By run={run} />
      </td>
      <td>{run.finished_at ? took(run.finished_at - run.started_at) : ""}</td>
      {figures.map((n, i) => (
        <td key={i} class={n === 0 ? "zero" : ""}>
          {count(n)}
        </td>
      ))}
      <td class="word">
        <RunState run={run} />
      </td>
    </tr>
  );
}

const By = ({ run }: { run: Run }) =>
  run.by ? (
    <span class="by">
      <StaffAvatar name={run.by.name} size={20} />
      {run.by.name}
    </span>
  ) : (
    <span>{words.triggers[run.trigger] ?? run.trigger}</span>
  );

function RunState({ run }: { run: Run }) {
  if (run.counts.conflicts) return <span class="tag warn">{words.wire.toDecide(run.counts.conflicts)}</span>;
  return <span class={run.state === "failed" ? "red" : ""}>{words.runStates[run.state] ?? run.state}</span>;
}

/** The same on a phone: a line for who and when, a line for what. */
function Cards({ rows }: { rows: Run[] }) {
  return (
    <ul class="run-cards">
      {linesOf(rows).map((it) =>
        it.kind === "run" ? (
          <Card key={it.run.id} id={it.run.id} item={it.run} />
        ) : (
          <QuietCards key={it.id} runs={it.runs} />
        ),
      )}
    </ul>
  );
}

function QuietCards({ runs: quiet }: { runs: Run[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <li>
        <Quietly quiet={quiet} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />
      </li>
      {isOpen && quiet.map((it) => <Card key={it.id} id={it.id} item={it} />)}
    </>
  );
}

function Card({ id, item }: { id: string; item: Run }) {
  const run = runs.at(id).value.value ?? item;
  const { to_hub, to_org } = run.counts;
  const sum = (it: typeof to_hub) => it.created + it.updated + it.deleted;
  return (
    <li>
      <Link to={`sync/${run.id}`}>
        <b>{moment(run.started_at)}</b>
        <span class="quiet">{run.by?.name ?? words.triggers[run.trigger] ?? run.trigger}</span>
        <span class="grow" />
        <RunState run={run} />
      </Link>
      <p class="quiet">
        {words.moving(sum(to_hub), sum(to_org))}, {words.calls(run.api_calls)}
        {run.finished_at ? `, ${took(run.finished_at - run.started_at)}` : ""}
      </p>
    </li>
  );
}
