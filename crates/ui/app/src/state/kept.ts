// What this browser keeps for a user over reloads and crashes: drafts, edits, texts that have not left.
// Nothing of it is kept beyond signing out.

const ROOT = "tieline:";

type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export class Kept {
  constructor(
    private readonly shelf: Shelf,
    private readonly user: string,
  ) {}

  /** All of a kind, by their names. */
  all<T>(kind: string): Record<string, T> {
    const start = this.#key(kind, "");
    const found: Record<string, T> = {};
    for (let i = 0; i < this.shelf.length; i++) {
      const key = this.shelf.key(i);
      if (!key?.startsWith(start)) continue;
      const value = parsed<T>(this.shelf.getItem(key));
      if (value !== null) found[key.slice(start.length)] = value;
    }
    return found;
  }

  put(kind: string, name: string, value: unknown) {
    try {
      this.shelf.setItem(this.#key(kind, name), JSON.stringify(value));
    } catch {
      // The browser's room is full or closed to us: it lives on in memory.
    }
  }

  drop(kind: string, name: string) {
    this.shelf.removeItem(this.#key(kind, name));
  }

  /** Which kind another tab changed, if the key is one of this user's. */
  kindOf(key: string | null): string | null {
    const start = `${ROOT}${this.user}:`;
    return key?.startsWith(start) ? (key.slice(start.length).split(":")[0] ?? null) : null;
  }

  clear() {
    const keys = Array.from({ length: this.shelf.length }, (_, i) => this.shelf.key(i));
    for (const key of keys) if (key?.startsWith(`${ROOT}${this.user}:`)) this.shelf.removeItem(key);
  }

  #key(kind: string, name: string) {
    return `${ROOT}${this.user}:${kind}:${name}`;
  }
}

function parsed<T>(text: string | null): T | null {
  try {
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
