// Dates, numbers and phone numbers as the viewer writes them, in their own time zone.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const numbers = new Intl.NumberFormat();

const day = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
const DAY_MS = 86_400_000;

export const time = (ms: number) => clock.format(ms);
export const count = (n: number) => numbers.format(n);
export const sameDay = (a: number, b: number) => day(a) === day(b);

/** A time in a list: today by the clock, this week by the day, else by date. */
export function when(ms: number, now = Date.now()): string {
  const days = Math.round((day(now) - day(ms)) / DAY_MS);
  if (days === 0) return clock.format(ms);
  return days > 0 && days < 7 ? weekday.format(ms) : dayMonth.format(ms);
}

export function dayName(ms: number, now = Date.now()): string {
  const days = Math.round((day(now) - day(ms)) / DAY_MS);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : longDay.format(ms);
}

/** A moment within a sentence: "today 09:14", "Fri 17:42", "3 Mar". */
export function moment(ms: number, now = Date.now()): string {
  if (sameDay(ms, now)) return `today ${time(ms)}`;
  return now - ms < 7 * DAY_MS ? `${weekday.format(ms)} ${time(ms)}` : dayMonth.format(ms);
}

export function took(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (ms < 1000) return `${Math.max(1, Math.round(ms / 100)) / 10} s`;
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** +447700900317 as +44 7700 900 317; good enough to read aloud. */
export function phone(e164: string): string {
  const uk = /^\+44(\d{4})(\d{3})(\d{3})$/.exec(e164);
  if (uk) return `+44 ${uk[1]} ${uk[2]} ${uk[3]}`;
  const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(e164);
  return us ? `+1 ${us[1]} ${us[2]} ${us[3]}` : e164;
}

export function initials(name: string): string {
  const words = name
    .replace(/[^\p{L}\s]/gu, "")
    .split(/\s+/)
    .filter(Boolean);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? words[words.length - 1]![0] : "")).toUpperCase();
}

/** A hue of its own for every id. */
export function hue(id: string): number {
  let sum = 0;
  for (const c of id) sum = (sum * 31 + c.charCodeAt(0)) % 360;
  return sum;
}
