// What is open, each thing by its own id: loaded by its address whatever a list holds, put anew by the
// live stream, asked for again after a gap. What one may no longer see is not shown any more.

import { batch, type Signal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { asProblem, type Problem } from "../problem";

export type Slot<T> = {
  value: Signal<T | undefined>;
  problem: Signal<Problem | null>;
  /** It was seen here, and is gone or may not be seen any more. */
  wasThere: boolean;
  /** How many parts of the page look at it. */
  users: number;
  asking: Promise<void> | null;
  /** It was named while it was asked for, so that the answer may be old. */
  isStale: boolean;
};

export class Records<T> {
  readonly #slots = new Map<string, Slot<T>>();

  constructor(
    private readonly ask: (id: string) => Promise<T>,
    /** Whether what is known must stay: the other is older. */
    private readonly isOlder: (it: T, known: T) => boolean = () => false,
  ) {}

  at(id: string): Slot<T> {
    let slot = this.#slots.get(id);
    if (!slot) {
      slot = {
        value: signal<T | undefined>(undefined),
        problem: signal(null),
        wasThere: false,
        users: 0,
        asking: null,
        isStale: false,
      };
      this.#slots.set(id, slot);
    }
    return slot;
  }

  /** Takes in what was told; an older telling changes nothing. */
  put(id: string, it: T) {
    const slot = this.at(id);
    const known = slot.value.peek();
    if (known !== undefined && this.isOlder(it, known)) return;
    slot.value.value = it;
    slot.problem.value = null;
  }

  /** Asks for it; who asks meanwhile waits for the same answer. */
  load(id: string): Promise<void> {
    const slot = this.at(id);
    slot.asking ??= this.#ask(id, slot).finally(() => {
      slot.asking = null;
    });
    return slot.asking;
  }

  /** Others changed these: what is looked at is asked for again. */
  named(ids: Iterable<string>) {
    for (const id of ids) {
      const slot = this.#slots.get(id);
      if (!slot?.users) continue;
      if (slot.asking) slot.isStale = true;
      else void this.load(id);
    }
  }

  /** After a gap all that is looked at may be old. */
  refresh() {
    this.named(this.#slots.keys());
  }

  /** Forgets what nobody looks at. */
  drop(id: string) {
    if (!this.#slots.get(id)?.users) this.#slots.delete(id);
  }

  clear() {
    this.#slots.clear();
  }

  async #ask(id: string, slot: Slot<T>) {
    do {
      slot.isStale = false;
      try {
        this.put(id, await this.ask(id));
      } catch (error) {
        this.#refused(slot, asProblem(error));
      }
    } while (slot.isStale);
  }

  #refused(slot: Slot<T>, problem: Problem) {
    batch(() => {
      slot.problem.value = problem;
      if (!problem.isGone || slot.value.peek() === undefined) return;
      slot.wasThere = true;
      slot.value.value = undefined;
    });
  }
}

/** A record while a part of the page looks at it. */
export function useRecord<T>(records: Records<T>, id: string | null): Slot<T> | null {
  useEffect(() => {
    if (id === null) return;
    const slot = records.at(id);
    slot.users++;
    void records.load(id);
    return () => {
      slot.users--;
    };
  }, [records, id]);
  return id === null ? null : records.at(id);
}
