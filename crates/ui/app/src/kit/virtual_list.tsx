// A long list of which only the rows in sight are drawn. What comes or goes above them does not move them.

import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { keepScroll, keptScroll } from "../route";
import { watchPointer } from "../state/pointer";
import { revealed, spanOf, topOf } from "./virtual";

export type Row = { key: string; height: number; draw: () => ComponentChildren };

/** The row at the upper edge, and how far of it is above. */
type Anchor = { key: string; offset: number } | null;

function anchorAt(rows: Row[], top: number): Anchor {
  let y = 0;
  for (const { key, height } of rows) {
    if (y + height > top) return { key, offset: top - y };
    y += height;
  }
  return null;
}

/** A row that was drawn stays as it is until the list has another in its place: scrolling draws what is new. */
const drawings = new WeakMap<Row, VNode>();

function drawingOf(row: Row): VNode {
  const drawing = drawings.get(row) ?? (
    <div key={row.key} style={{ height: row.height }}>
      {row.draw()}
    </div>
  );
  drawings.set(row, drawing);
  return drawing;
}

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
  const anchor = useRef<Anchor>(null);
  const drawn = useRef(rows);
  const heights = rows.map((row) => row.height);
  const span = spanOf(heights, sight.top, sight.height);

  const look = () => {
    const it = box.current;
    if (!it) return;
    if (keeps) keepScroll(it.scrollTop);
    // The hand moved: from now on this row is the one that stays.
    anchor.current = anchorAt(drawn.current, it.scrollTop);
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
    if (!it) return;
    const held = anchor.current;
    const isNew = drawn.current !== rows;
    const at = isNew && held ? rows.findIndex((row) => row.key === held.key) : -1;
    // A scroll that is not told yet is the hand's.
    if (held && at >= 0 && it.scrollTop > 0 && sight.top === it.scrollTop) {
      const y = topOf(heights, at) + held.offset;
      if (Math.abs(y - it.scrollTop) > 1) it.scrollTop = y;
    }
    drawn.current = rows;
    anchor.current = anchorAt(rows, it.scrollTop);
    const edge = spanOf(heights, it.scrollTop, sight.height, 0);
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
      {rows.slice(span.from, span.to).map(drawingOf)}
      <div style={{ height: span.below }} />
      {children}
    </div>
  );
}
