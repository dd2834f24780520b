// What was sent and has not reached the hub: kept until it has, sent again by itself with the same key,
// so that it arrives once. What the hub refused stays with the reason until somebody decides.

import { signal } from "@preact/signals";
import { ALREADY_MADE, asProblem, sentence } from "../problem";
import type { Kept } from "./kept";

export type Outgoing = {
  key: string;
  conversation_id: string;
  text: string;
  kind: "message" | "note";
  at: number;
  /** Tries that did not reach the hub. */
  tries: number;
  /** Why the hub does not take it; null while it is on its way. */
  refusal: string | null;
};

export type Post = (it: Outgoing) => Promise<void>;

type Ground = {
  post: Post;
  newKey: () => string;
  now: () => number;
  wait: (ms: number, then: () => void) => void;
};

const KIND = "outbox";
const WAIT_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export class Outbox {
  readonly all = signal<Outgoing[]>([]);
  /** Conversations with something under way; within one the order is kept. */
  readonly #busy = new Set<string>();

  constructor(
    private readonly kept: Pick<Kept, "all" | "put" | "drop">,
    private readonly ground: Ground,
  ) {
    this.reload();
  }

  /** Another tab wrote, or the page was just opened. */
  reload() {
    this.all.value = Object.values(this.kept.all<Outgoing>(KIND)).sort((a, b) => a.at - b.at);
  }

  add(conversation_id: string, text: string, kind: Outgoing["kind"]) {
    const key = this.ground.newKey();
    this.#put({ key, conversation_id, text, kind, at: this.ground.now(), tries: 0, refusal: null });
    void this.send(conversation_id);
  }

  /** Sends what waits, of one conversation or of all; as when the hub is reached again. */
  async send(of?: string): Promise<void> {
    const waiting = this.all.peek().filter((it) => !it.refusal && (!of || it.conversation_id === of));
    await Promise.all([...new Set(waiting.map((it) => it.conversation_id))].map((id) => this.#sendOf(id)));
  }

  /** The same words once more, with the same key: a refusal gave it back, and what arrived is not sent twice. */
  again(key: string) {
    const it = this.#find(key);
    if (!it) return;
    this.#put({ ...it, refusal: null });
    void this.send(it.conversation_id);
  }

  discard(key: string): Outgoing | undefined {
    const it = this.#find(key);
    this.kept.drop(KIND, key);
    this.all.value = this.all.peek().filter((other) => other.key !== key);
    return it;
  }

  async #sendOf(id: string) {
    if (this.#busy.has(id)) return;
    this.#busy.add(id);
    try {
      for (let next = this.#next(id); next; next = this.#next(id)) {
        if (!(await this.#post(next))) break;
      }
    } finally {
      this.#busy.delete(id);
    }
  }

  #next(id: string) {
    return this.all.peek().find((it) => it.conversation_id === id && !it.refusal);
  }

  /** Whether the one behind it may go. */
  async #post(it: Outgoing): Promise<boolean> {
    try {
      await this.ground.post(it);
      this.discard(it.key);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (!this.#find(it.key)) return true;
      // It arrived, and only the answer was lost.
      if (problem.code === ALREADY_MADE) {
        this.discard(it.key);
        return true;
      }
      if (!problem.isTransient) {
        this.#put({ ...it, refusal: sentence(problem) });
        return true;
      }
      this.#put({ ...it, tries: it.tries + 1 });
      this.ground.wait(
        WAIT_MS[Math.min(it.tries, WAIT_MS.length - 1)]!,
        () => void this.send(it.conversation_id),
      );
      return false;
    }
  }

  #find(key: string) {
    return this.all.peek().find((it) => it.key === key);
  }

  #put(it: Outgoing) {
    this.kept.put(KIND, it.key, it);
    const others = this.all.peek().filter((other) => other.key !== it.key);
    this.all.value = [...others, it].sort((a, b) => a.at - b.at);
  }
}
