// What was sent and has not reached the hub: kept until it has, sent again by itself with the same key,
// so that it arrives once. What the hub refused stays with the reason until somebody decides, and so does
// what has waited for so long that nobody thinks of it any more. An outbox is one user's: it ends with them.
// Every tab of the browser has the same texts: each is sent, taken back or discarded by one tab at a time,
// which first reads what the others left of it.

import { signal } from "@preact/signals";
import { ALREADY_MADE, asProblem, sentence } from "../problem";
import { words } from "../words/inbox";
import type { Alone } from "./alone";
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
  alone: Alone;
};

/** Where a text is that somebody wants back: "elsewhere" is with another tab, which had it back first. */
export type Where = "here" | "arrived" | "elsewhere" | "unknown";

const KIND = "outbox";
const WAIT_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
/** "On my way" of yesterday is not sent by itself today. */
const BY_ITSELF_MS = 12 * 60 * 60 * 1_000;

export class Outbox {
  readonly all = signal<Outgoing[]>([]);
  /** Conversations with something under way; within one the order is kept. */
  readonly #busy = new Set<string>();
  /** What the browser has no room for, by its key: no other tab knows of it. */
  readonly #unkept = new Map<string, Outgoing>();
  #isStopped = false;

  constructor(
    private readonly kept: Pick<Kept, "all" | "put" | "drop">,
    private readonly ground: Ground,
  ) {
    this.reload();
  }

  /** Another tab wrote, or the page was just opened. */
  reload() {
    const kept = Object.values(this.kept.all<Outgoing>(KIND)).filter((it) => !this.#unkept.has(it.key));
    this.all.value = [...kept, ...this.#unkept.values()].sort((a, b) => a.at - b.at);
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
    const it = this.#anew(key);
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
   * For whoever wants other words: `take` takes these if they are still here, and says whether it did. A try
   * whose answer was lost may have arrived; what has is gone from here, and what nobody can tell stays.
   */
  takeBack(key: string, take: () => boolean): Promise<Where> {
    return this.#takeAway(key, take);
  }

  /** Lets go of what waits, unless it left meanwhile; what nobody can tell goes too, for it is not to be sent. */
  discard(key: string): Promise<Where> {
    return this.#takeAway(key, () => true, true);
  }

  async #takeAway(key: string, take: () => boolean, goesAnyway = false): Promise<Where> {
    const known = this.#find(key);
    if (!known) return "elsewhere";
    return this.#alone(key, async () => {
      const it = this.#anew(key);
      if (!it || it.tries > 0) {
        const hasArrived = await this.ground.hasArrived(known).catch(() => null);
        if (hasArrived || (hasArrived === null && goesAnyway)) this.#drop(key);
        if (hasArrived === null) return "unknown";
        if (hasArrived || !it) return hasArrived ? "arrived" : "elsewhere";
      }
      if (take()) this.#drop(key);
      return "here";
    });
  }

  async #sendOf(id: string) {
    if (this.#busy.has(id)) return;
    this.#busy.add(id);
    try {
      for (let next = this.#next(id); next; next = this.#next(id)) {
        const known = next;
        if (!(await this.#alone(known.key, () => this.#post(known)))) break;
      }
    } finally {
      this.#busy.delete(id);
    }
  }

  #next(id: string) {
    if (this.#isStopped) return undefined;
    return this.all.peek().find((it) => it.conversation_id === id && !it.refusal);
  }

  /** Whether the one behind it may go. */
  async #post(known: Outgoing): Promise<boolean> {
    if (this.#isStopped) return false;
    const it = this.#anew(known.key);
    if (!it || it.refusal) return true;
    if (it.at < this.ground.now() - BY_ITSELF_MS) {
      this.#put({ ...it, refusal: words.waited });
      return true;
    }
    // Another tab tried just now.
    if (it.tries > known.tries) {
      this.#later(it);
      return false;
    }
    try {
      await this.ground.post(it);
      this.#drop(it.key);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (this.#isStopped || problem.isOfSession) return false;
      if (!this.#find(it.key)) return true;
      // It arrived, and only the answer was lost.
      if (problem.code === ALREADY_MADE) {
        this.#drop(it.key);
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

  #alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.ground.alone(`${KIND}:${key}`, work);
  }

  #find(key: string) {
    return this.all.peek().find((it) => it.key === key);
  }

  /** As the tabs left it. */
  #anew(key: string) {
    this.reload();
    return this.#find(key);
  }

  #put(it: Outgoing) {
    if (this.kept.put(KIND, it.key, it)) this.#unkept.delete(it.key);
    else this.#unkept.set(it.key, it);
    this.reload();
  }

  #drop(key: string) {
    this.kept.drop(KIND, key);
    this.#unkept.delete(key);
    this.reload();
  }
}
