// What this browser keeps for a user over reloads and crashes: drafts, edits, texts that have not left.
// Nothing of it is kept beyond signing out. Where a session ends otherwise it waits for its user, whom
// alone it is shown to, and not for ever: the browser may be one that many use.

const ROOT = "tieline:";
/** When something was kept last, as a kind of its own. */
const USED = "used";
const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long it waits for a user who does not come back. */
export const KEPT_DAYS = 14;
const STAMP_MS = 60 * 60 * 1_000;

type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export class Kept {
  #stampedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly shelf: Shelf,
    private readonly user: string,
    private readonly now: () => number = Date.now,
  ) {}

  /** All of a kind, by their names. */
  all<T>(kind: string): Record<string, T> {
    const start = this.#key(kind, "");
    const found: Record<string, T> = {};
    for (const key of keysOf(this.shelf, start)) {
      const value = parsed<T>(this.shelf.getItem(key));
      if (value !== null) found[key.slice(start.length)] = value;
    }
    return found;
  }

  /** Whether it is kept: where the browser's room is full or closed to us, it lives on in memory. */
  put(kind: string, name: string, value: unknown): boolean {
    try {
      this.shelf.setItem(this.#key(kind, name), JSON.stringify(value));
    } catch {
      return false;
    }
    this.#stamp();
    return true;
  }

  drop(kind: string, name: string) {
    this.shelf.removeItem(this.#key(kind, name));
    if (keysOf(this.shelf, `${ROOT}${this.user}:`).length === 1) this.shelf.removeItem(this.#key(USED, ""));
  }

  /** Which kind another tab changed, if the key is one of this user's. */
  kindOf(key: string | null): string | null {
    const start = `${ROOT}${this.user}:`;
    return key?.startsWith(start) ? (key.slice(start.length).split(":")[0] ?? null) : null;
  }

  clear() {
    for (const key of keysOf(this.shelf, `${ROOT}${this.user}:`)) this.shelf.removeItem(key);
  }

  #stamp() {
    const key = this.#key(USED, "");
    // Another tab may have taken the last thing away, and the stamp with it.
    if (this.now() - this.#stampedAt < STAMP_MS && this.shelf.getItem(key) !== null) return;
    this.#stampedAt = this.now();
    try {
      this.shelf.setItem(key, String(this.#stampedAt));
    } catch {
      // There was room for the one, not for the other.
    }
  }

  #key(kind: string, name: string) {
    return `${ROOT}${this.user}:${kind}:${name}`;
  }
}

/** Takes away what waits for users who have not come back, but for the one who is here. */
export function forgetOld(shelf: Shelf, now: number, here: string | null = null) {
  for (const user of new Set(keysOf(shelf, ROOT).map((key) => key.split(":")[1]!))) {
    const used = Number(shelf.getItem(`${ROOT}${user}:${USED}:`));
    if (user !== here && !(now - used < KEPT_DAYS * DAY_MS)) new Kept(shelf, user).clear();
  }
}

/** How many things of a kind wait for whomever. */
export const countKept = (shelf: Shelf, kind: string) =>
  keysOf(shelf, ROOT).filter((key) => key.split(":")[2] === kind).length;

function keysOf(shelf: Shelf, start: string): string[] {
  const keys = Array.from({ length: shelf.length }, (_, i) => shelf.key(i));
  return keys.filter((key) => key?.startsWith(start)) as string[];
}

function parsed<T>(text: string | null): T | null {
  try {
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
