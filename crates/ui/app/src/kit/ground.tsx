// What stands where something is not there yet, or not at all; the marks of people.

import { Plus, UserRound } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { hue, initials } from "../format";
import { type Problem, sentence } from "../problem";
import { go } from "../route";
import { words } from "../words/problems";

export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" class="mark">
      <path d="M5 15 15 5" stroke="currentColor" stroke-width="2.2" />
      <circle cx="4.6" cy="15.4" r="3.6" fill="currentColor" />
      <circle cx="15.4" cy="4.6" r="3.6" fill="currentColor" />
    </svg>
  );
}

export function Avatar({ id, name, size = 32 }: { id: string; name: string; size?: number }) {
  const known = /\p{L}/u.test(name);
  return (
    <span
      class={`avatar ${known ? "" : "unknown"}`}
      style={{ "--hue": hue(id), "--size": `${size}px` }}
      aria-hidden="true"
    >
      {known ? initials(name) : <UserRound size={size / 2} strokeWidth={1.8} />}
    </span>
  );
}

/** In the place of a user where there is none. */
export const NobodyMark = ({ label, size = 24 }: { label: string; size?: number }) => (
  <span
    class="avatar staff nobody"
    style={{ "--size": `${size}px` }}
    role="img"
    aria-label={label}
    title={label}
  >
    <Plus size={12} aria-hidden="true" />
  </span>
);

export const StaffAvatar = ({ name, size = 24 }: { name: string; size?: number }) => (
  <span class="avatar staff" style={{ "--size": `${size}px` }} title={name}>
    {initials(name)}
  </span>
);

type EmptyProps = { title: string; level?: 1; children?: ComponentChildren };

export function Empty({ title, level, children }: EmptyProps) {
  return (
    <div class="empty">
      {level ? <h1 class="section-title">{title}</h1> : <p class="section-title">{title}</p>}
      {children}
    </div>
  );
}

export const Skeleton = ({ rows, height }: { rows: number; height: number }) => (
  <div aria-hidden="true" class="skeleton">
    {Array.from({ length: rows }, (_, i) => (
      <div key={i} style={{ height }}>
        <i />
        <i />
      </div>
    ))}
  </div>
);

const AGAIN_MS = 5_000;

type WaitingProps = {
  problem: Problem | null;
  again: () => void;
  /** What to say where there is no such thing. */
  missing?: string;
  /** Where to go from there, in words and address. */
  out?: { text: string; to: string };
  rows: number;
  height: number;
};

/** Grey bars while an answer is awaited; the problem and a way out once there is one. */
export function Waiting({ problem, again, missing, out, rows, height }: WaitingProps) {
  // What nobody judged is asked for again by itself.
  useEffect(() => {
    if (!problem?.isTransient) return;
    const timer = setInterval(again, AGAIN_MS);
    return () => clearInterval(timer);
  }, [problem]);
  if (!problem) return <Skeleton rows={rows} height={height} />;
  if (missing && [400, 403, 404, 422].includes(problem.status))
    return (
      <Empty title={missing} level={1}>
        {out && <button onClick={() => go(out.to)}>{out.text}</button>}
      </Empty>
    );
  return (
    <Empty title={sentence({ message: problem.message, fix: null })}>
      <p>{problem.fix}</p>
      <button onClick={again}>{words.again}</button>
    </Empty>
  );
}
