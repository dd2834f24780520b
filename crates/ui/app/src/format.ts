// Dates, numbers and phone numbers as the viewer writes them, in their own time zone and in the
// language of the catalogue.

import { signal } from "@preact/signals";

/** The app speaks English; whose browser does too is written to in their own kind of it. */
export const LOCALE = globalThis.navigator?.language?.startsWith("en") ? navigator.language : "en-GB";

const counts12 = new Intl.DateTimeFormat(LOCALE, { hour: "numeric" }).resolvedOptions().hour12;
/** 09:14, or 9:14 AM: a clock of twelve hours has no zero in front. */
const clock = new Intl.DateTimeFormat(LOCALE, { hour: counts12 ? "numeric" : "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long" });
const whole = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "medium" });
const lists = new Intl.ListFormat(LOCALE);
const numbers = new Intl.NumberFormat(LOCALE);

const DAY_MS = 86_400_000;
const TICK_MS = 20_000;

/** The present; whoever shows an age by it ages. */
export const now = signal(Date.now());
export const tick = () => setInterval(() => (now.value = Date.now()), TICK_MS);

const day = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
const daysAgo = (ms: number, at: number) => Math.round((day(at) - day(ms)) / DAY_MS);
const sameYear = (a: number, b: number) => new Date(a).getFullYear() === new Date(b).getFullYear();
const date = (ms: number, at: number) => (sameYear(ms, at) ? dayMonth : dayMonthYear).format(ms);

export const time = (ms: number) => clock.format(ms);
/** A moment in full, for who points at it. */
export const exactly = (ms: number) => whole.format(ms);
export const listed = (names: string[]) => lists.format(names);
export const count = (n: number) => numbers.format(n);
/** A count where there is room for two figures. */
export const short = (n: number) => (n > 99 ? "99+" : String(n));
export const sameDay = (a: number, b: number) => day(a) === day(b);

/** A time in a list: today by the clock, this week by the day, else by date. */
export function when(ms: number, at = now.value): string {
  const days = daysAgo(ms, at);
  if (days === 0) return clock.format(ms);
  return days > 0 && days < 7 ? weekday.format(ms) : date(ms, at);
}

export function dayName(ms: number, at = now.value): string {
  const days = daysAgo(ms, at);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return sameYear(ms, at) ? longDay.format(ms) : `${longDay.format(ms)} ${new Date(ms).getFullYear()}`;
}

/** A moment within a sentence: "09:14" today, "Fri 17:42", "3 Mar". */
export function moment(ms: number, at = now.value): string {
  const days = daysAgo(ms, at);
  if (days === 0) return time(ms);
  return days > 0 && days < 7 ? `${weekday.format(ms)} ${time(ms)}` : date(ms, at);
}

export function took(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (ms < 1000) return `${numbers.format(Math.max(1, Math.round(ms / 100)) / 10)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** How British and American numbers are cut when they are read aloud; others stay as they are. */
const CUTS: [RegExp, number[]][] = [
  [/^\+442\d{9}$/, [3, 2, 4, 4]],
  [/^\+441(?:1\d|\d1)\d{7}$/, [3, 3, 3, 4]],
  [/^\+447\d{9}$/, [3, 4, 3, 3]],
  [/^\+44\d{10}$/, [3, 4, 6]],
  [/^\+1\d{10}$/, [2, 3, 3, 4]],
];

/** +447700900317 as +44 7700 900 317. */
export function phone(e164: string): string {
  const cuts = CUTS.find(([pattern]) => pattern.test(e164))?.[1];
  if (!cuts) return e164;
  const ends = cuts.map((_, i) => cuts.slice(0, i + 1).reduce((sum, it) => sum + it, 0));
  return ends.map((end, i) => e164.slice(end - cuts[i]!, end)).join(" ");
}

export function initials(name: string): string {
  const words = name
    .replace(/[^\p{L}\s]/gu, "")
    .split(/\s+/)
    .filter(Boolean);
  const first = [...(words[0] ?? "")][0] ?? "";
  const last = words.length > 1 ? ([...words.at(-1)!][0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** A hue of its own for every id. */
export function hue(id: string): number {
  let sum = 0;
  for (const c of id) sum = (sum * 31 + c.charCodeAt(0)) % 360;
  return sum;
}
