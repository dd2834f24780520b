// A long list of which only the rows in sight are drawn. What comes or goes above them does not move them.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { keepScroll, keptScroll } from "../route";
import { watchPointer } from "../state/pointer";
import { revealed, spanOf, topOf } from "./virtual";

export type Row = { key: string; height: number; draw: () => ComponentChildren };

type Props = {
  rows: Row[];
  label: string;
  className?: string;
  /** The row that must be in sight, when it becomes another. */
  reveal?: string | null;
  /** Tells which rows are in sight. */
  onSight?: (from: number, to: number) => void;
  /** Whether Back finds the place again. */
  keeps?: boolean;
  children?: ComponentChildren;
};

export function VirtualList({ rows, label, className, reveal, onSight, keeps, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: keeps ? keptScroll() : 0, height: 900 });
  const anchor = useRef<{ key: string; offset: number } | null>(null);
  const heights = rows.map((row) => row.height);
  const span = spanOf(heights, sight.top, sight.height);

  const look = () => {
    const it = box.current;
    if (!it) return;
    if (keeps) keepScroll(it.scrollTop);
    const now = { top: it.scrollTop, height: it.clientHeight };
    setSight((was) => (was.top === now.top && was.height === now.height ? was : now));
  };
  // Once, when the box is there.
  useLayoutEffect(() => {
    const it = box.current;
    if (!it) return;
    if (keeps) it.scrollTop = keptScroll();
    look();
    const watch = new ResizeObserver(look);
    watch.observe(it);
    const rest = watchPointer(it);
    return () => {
      watch.disconnect();
      rest();
    };
  }, []);

  // The row at the upper edge stays where it is; at the very top what is new is seen.
  useLayoutEffect(() => {
    const it = box.current;
    const held = anchor.current;
    const at = held ? rows.findIndex((row) => row.key === held.key) : -1;
    if (it && held && at >= 0 && it.scrollTop > 0) {
      const y = topOf(heights, at) + held.offset;
      if (Math.abs(y - it.scrollTop) > 1 && sight.top === it.scrollTop) it.scrollTop = y;
    }
    const edge = spanOf(heights, it?.scrollTop ?? 0, sight.height, 0);
    const first = rows[edge.from];
    const offset = (it?.scrollTop ?? 0) - topOf(heights, edge.from);
    anchor.current = first ? { key: first.key, offset } : null;
    onSight?.(edge.from, edge.to);
  });
  // Only when another row is to be seen.
  useLayoutEffect(() => {
    const it = box.current;
    const at = reveal ? rows.findIndex((row) => row.key === reveal) : -1;
    if (!it || at < 0) return;
    it.scrollTop = revealed(heights, at, it.scrollTop, it.clientHeight);
    anchor.current = null;
  }, [reveal]);

  return (
    <div ref={box} class={className} role="group" aria-label={label} onScroll={look} tabIndex={0}>
      <div style={{ height: span.above }} />
      {rows.slice(span.from, span.to).map((row) => (
        <div key={row.key} style={{ height: row.height }}>
          {row.draw()}
        </div>
      ))}
      <div style={{ height: span.below }} />
      {children}
    </div>
  );
}
