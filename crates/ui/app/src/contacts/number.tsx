// How a number is read while it is typed: whose it would be, or why nobody is texted there.

import { useEffect, useState } from "preact/hooks";
import { hub, told } from "../api";
import { LOCALE } from "../format";
import type { NumberRead } from "../types";
import { words } from "../words/contacts";

const WAIT_MS = 150;
const countries = new Intl.DisplayNames(LOCALE, { type: "region" });

type Asked = { text: string; contact?: string; country?: string };

/** The hub's reading of what is typed; none while it is asked for, or where nothing is typed. */
export function useNumber({ text, contact, country }: Asked): NumberRead | null {
  const [read, setRead] = useState<{ of: string; it: NumberRead } | null>(null);
  const asked = text.trim();
  useEffect(() => {
    if (!asked) return;
    let isOver = false;
    const wait = setTimeout(async () => {
      const query = { text: asked, contact_id: contact, country: country?.trim() || undefined };
      const it = await told(hub.GET("/api/v1/numbers", { params: { query } })).catch(() => null);
      if (it && !isOver) setRead({ of: asked, it });
    }, WAIT_MS);
    return () => {
      isOver = true;
      clearTimeout(wait);
    };
  }, [asked, contact, country]);
  return read && read.of === asked ? read.it : null;
}

/** A reading in a sentence; amber where one must look twice. */
export function sayNumber(read: NumberRead): { text: string; isWarning: boolean } {
  if (read.number === null) return { text: words.read.not[read.reason ?? "no_number"], isWarning: true };
  const where = read.country ? countries.of(read.country) : null;
  const display = read.display ?? read.number;
  if (read.doubtful) return { text: words.read.doubtful(display, where ?? ""), isWarning: true };
  const isLandline = read.kind === "landline";
  return { text: words.read.as(display, where ?? null, isLandline), isWarning: isLandline };
}

/** Keeps its room once something is typed, so that nothing moves as the answer comes. */
export function NumberTold({ id, ...asked }: Asked & { id?: string }) {
  const read = useNumber(asked);
  if (!asked.text.trim()) return null;
  const said = read && sayNumber(read);
  return (
    <p id={id} class={said?.isWarning ? "reason" : "quiet read"} role="status">
      {said?.text ?? words.read.reading}
    </p>
  );
}
