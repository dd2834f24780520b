// Small pieces that screens share.

import type { ComponentChildren } from "preact";
import { hue, initials } from "./format";

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
    <span class="avatar" style={{ "--hue": hue(id), "--size": `${size}px` }} aria-hidden="true">
      {known ? initials(name) : "#"}
    </span>
  );
}

export const StaffAvatar = ({ name, size = 24 }: { name: string; size?: number }) => (
  <span class="avatar staff" style={{ "--size": `${size}px` }} title={name}>
    {initials(name)}
  </span>
);

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="section-title">{title}</p>
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

const STEPS: Record<string, [string, string]> = {
  in_step: ["In step", "well"],
  waiting: ["On its way to Salesforce", ""],
  conflict: ["To decide", "warn"],
  not_linked: ["Only in Tieline", ""],
};
export function Standing({ state }: { state: string }) {
  const [text, kind] = STEPS[state] ?? [state, ""];
  return (
    <span class={`tag ${kind}`}>
      {state === "in_step" && <Mark size={12} />}
      {text}
    </span>
  );
}
