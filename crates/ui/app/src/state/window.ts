// A window on a list of the server: its order and its membership are the server's. Pages are loaded as
// one scrolls; when something changed, the pages that are in sight are asked for again, the others as
// soon as they come in sight.

import { signal } from "@preact/signals";
import { asProblem, type Problem } from "../problem";

export type Page<T> = { items: T[]; next_cursor: string | null; total?: number };
type Item = { id: string };

/** Requests that one look at the server may take, before the rest waits for its turn in sight. */
const PAGES_MAX = 4;

export class ListWindow<T extends Item> {
  readonly items = signal<T[] | null>(null);
  readonly total = signal<number | null>(null);
  readonly hasMore = signal(false);
  readonly problem = signal<Problem | null>(null);
  #next: string | null = null;
  /** Where pages begin: the first item's id, and the cursor that brings it. */
  #begins = new Map<string, string | null>();
  /** The ids of items that were not asked for since the last change. */
  #stale = new Set<string>();
  #sight: [number, number] = [0, 0];
  #working: Promise<void> | null = null;
  #wanted = { again: false, more: false };

  constructor(
    private readonly page: (cursor: string | null) => Promise<Page<T>>,
    /** Resolves when rows may move: not under the pointer. */
    private readonly calm: () => Promise<void> = async () => {},
  ) {}

  /** Something in the list changed: what is in sight is asked for again. */
  changed(): Promise<void> {
    this.forget();
    this.#wanted.again = true;
    return this.#work();
  }

  /** Something changed while nobody looks: what comes in sight is asked for again. */
  forget() {
    this.#stale = new Set((this.items.peek() ?? []).map((it) => it.id));
  }

  /** Somebody looks again: brings the first page, or what changed meanwhile. */
  open(): Promise<void> {
    return this.items.peek() === null || this.#stale.size > 0 ? this.changed() : Promise.resolve();
  }

  more(): Promise<void> {
    if (!this.hasMore.peek()) return Promise.resolve();
    this.#wanted.more = true;
    return this.#work();
  }

  /** Tells which rows are in sight, from and up to; near the end more are brought. */
  look(from: number, to: number, ahead = 20) {
    this.#sight = [from, to];
    const items = this.items.peek() ?? [];
    if (items.slice(from, to).some((it) => this.#stale.has(it.id))) {
      this.#wanted.again = true;
      void this.#work();
    }
    if (to + ahead >= items.length) void this.more();
  }

  #work(): Promise<void> {
    this.#working ??= this.#run().finally(() => {
      this.#working = null;
    });
    return this.#working;
  }

  async #run() {
    while (this.#wanted.again || this.#wanted.more) {
      const again = this.#wanted.again || this.items.peek() === null;
      this.#wanted = { again: false, more: false };
      try {
        if (again) await this.#again();
        else await this.#append();
        this.problem.value = null;
      } catch (error) {
        const problem = asProblem(error);
        this.problem.value = problem;
        // Whoever may no longer read a list sees nothing of it.
        if (problem.isGone) this.items.value = null;
        return;
      }
    }
  }

  async #append() {
    const cursor = this.#next;
    if (cursor === null) return;
    const page = await this.page(cursor);
    this.#begin(page, cursor);
    const fresh = new Set(page.items.map((it) => it.id));
    this.items.value = [...(this.items.peek() ?? []).filter((it) => !fresh.has(it.id)), ...page.items];
    this.#end(page);
  }

  /** Asks for the pages in sight, from the last known beginning on until the answers meet what is known. */
  async #again() {
    const known = this.items.peek() ?? [];
    const [from, to] = this.#sight;
    const begin = this.#beginBefore(known, Math.min(from, known.length - 1));
    const last = Math.min(to, known.length);
    const place = new Map(known.map((it, i) => [it.id, i]));
    let cursor = begin < 0 ? null : (this.#begins.get(known[begin]!.id) ?? null);
    const fresh: T[] = [];
    const pages: [Page<T>, string | null][] = [];
    let meets = -1;
    do {
      const page = await this.page(cursor);
      pages.push([page, cursor]);
      fresh.push(...page.items);
      cursor = page.next_cursor;
      const end = page.items.at(-1);
      meets = end ? (place.get(end.id) ?? -1) : -1;
    } while (cursor !== null && meets < last - 1 && fresh.length < known.length && pages.length < PAGES_MAX);
    await this.calm();
    for (const [page, at] of pages) this.#begin(page, at);
    const answer = pages.at(-1)![0];
    const isAll = cursor === null || meets < 0 || meets === known.length - 1;
    this.#splice(known, Math.max(0, begin), fresh, isAll ? -1 : meets);
    if (isAll) this.#end(answer);
    else this.total.value = answer.total ?? this.total.peek();
  }

  #splice(known: T[], begin: number, fresh: T[], meets: number) {
    const ids = new Set(fresh.map((it) => it.id));
    const head = known.slice(0, begin).filter((it) => !ids.has(it.id));
    const tail = meets < 0 ? [] : known.slice(meets + 1).filter((it) => !ids.has(it.id));
    for (const it of fresh) this.#stale.delete(it.id);
    this.items.value = [...head, ...fresh, ...tail];
  }

  #begin(page: Page<T>, cursor: string | null) {
    const first = page.items[0];
    if (first) this.#begins.set(first.id, cursor);
  }

  #end(page: Page<T>) {
    this.#next = page.next_cursor;
    this.hasMore.value = page.next_cursor !== null;
    this.total.value = page.total ?? this.total.peek();
  }

  #beginBefore(known: T[], at: number): number {
    for (let i = at; i > 0; i--) if (this.#begins.has(known[i]!.id)) return i;
    return -1;
  }
}
