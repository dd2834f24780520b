// What was sent and has not reached the hub: kept until it has, sent again by itself with the same key,
// so that it arrives once. What the hub refused stays with the reason until somebody decides, and so does
// what has waited for so long that nobody thinks of it any more. An outbox is one user's: it ends with them.

import { signal } from "@preact/signals";
import { ALREADY_MADE, asProblem, sentence } from "../problem";
import { words } from "../words/inbox";
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
  /** Whether the hub has it, whatever became of the answers. */
  hasArrived: (it: Outgoing) => Promise<boolean>;
  newKey: () => string;
  now: () => number;
  wait: (ms: number, then: () => void) => void;
};

const KIND = "outbox";
const WAIT_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
/** "On my way" of yesterday is not sent by itself today. */
const BY_ITSELF_MS = 12 * 60 * 60 * 1_000;

export class Outbox {
  readonly all = signal<Outgoing[]>([]);
  /** Conversations with something under way; within one the order is kept. */
  readonly #busy = new Set<string>();
  /** What is under way, by its key. */
  readonly #posts = new Map<string, Promise<boolean>>();
  /** Nothing is done with these until somebody knows whether they arrived. */
  readonly #held = new Set<string>();
  #isStopped = false;

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

  /** Its user is gone: nothing leaves any more, and what waits is left for them as it is. */
  stop() {
    this.#isStopped = true;
  }

  /** Sends what waits, of one conversation or of all; as when the hub is reached again. */
  async send(of?: string): Promise<void> {
    if (this.#isStopped) return;
    const waiting = this.all.peek().filter((it) => !it.refusal && (!of || it.conversation_id === of));
    await Promise.all([...new Set(waiting.map((it) => it.conversation_id))].map((id) => this.#sendOf(id)));
  }

  /** The same words once more, with the same key: a refusal gave it back, and what arrived is not sent twice. */
  again(key: string) {
    const it = this.#find(key);
    if (!it) return;
    this.#put({ ...it, refusal: null, at: it.refusal === words.waited ? this.ground.now() : it.at });
    void this.send(it.conversation_id);
  }

  /** What was discarded once more, as the request that it was. */
  putBack(it: Outgoing) {
    this.#put(it);
    void this.send(it.conversation_id);
  }

  /**
   * For whoever wants other words: whether these are still here, to be discarded in the same breath. A try
   * whose answer was lost may have arrived; what has is gone from here, and what nobody can tell stays.
   */
  async takeBack(key: string): Promise<"here" | "arrived" | "unknown"> {
    this.#held.add(key);
    try {
      await this.#posts.get(key);
      const it = this.#find(key);
      if (it?.tries === 0) return "here";
      if (it && !(await this.ground.hasArrived(it))) return "here";
      this.discard(key);
      return "arrived";
    } catch {
      return "unknown";
    } finally {
      this.#held.delete(key);
      const it = this.#find(key);
      if (it) this.#later(it);
    }
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
        const post = this.#post(next);
        this.#posts.set(next.key, post);
        const mayGoOn = await post.finally(() => this.#posts.delete(next!.key));
        if (!mayGoOn) break;
      }
    } finally {
      this.#busy.delete(id);
    }
  }

  /** The first that may leave; one that is held holds up those behind it. */
  #next(id: string) {
    if (this.#isStopped) return undefined;
    const old = this.ground.now() - BY_ITSELF_MS;
    for (const it of this.all.peek())
      if (it.conversation_id === id && !it.refusal && it.at < old)
        this.#put({ ...it, refusal: words.waited });
    const next = this.all.peek().find((it) => it.conversation_id === id && !it.refusal);
    return next && this.#held.has(next.key) ? undefined : next;
  }

  /** Whether the one behind it may go. */
  async #post(it: Outgoing): Promise<boolean> {
    try {
      await this.ground.post(it);
      this.discard(it.key);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (this.#isStopped || problem.isOfSession) return false;
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
      this.#later(it);
      return false;
    }
  }

  #later({ tries, conversation_id }: Outgoing) {
    this.ground.wait(WAIT_MS[Math.min(tries, WAIT_MS.length - 1)]!, () => void this.send(conversation_id));
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
