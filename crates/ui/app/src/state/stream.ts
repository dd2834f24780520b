// The live stream, one for all tabs of a browser: the tab that leads listens and passes on what it
// hears. Every tab knows the number of the last event, so whoever leads next goes on behind it.

import { signal } from "@preact/signals";
import type { Ending } from "./session";

export type Line = "connecting" | "live" | "lost";
export type Heard = { name: string; value: unknown };

/** What a tab says to the others of its browser. */
export type Word =
  | { kind: "event"; name: string; value: unknown; id: string }
  | { kind: "line"; line: Line }
  /** A tab that was just opened asks where the stream stands. */
  | { kind: "where" }
  | { kind: "here"; line: Line; last: string }
  /** The session of a user is over, for every tab; or one has begun. */
  | { kind: "over"; user: string; how: Ending }
  | { kind: "begun"; user: string | null };

export type Source = {
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  addEventListener: (name: string, heard: (event: MessageEvent) => void) => void;
  /** Whether the browser gave it up. */
  readonly isClosed: boolean;
  close: () => void;
};

export type Ground = {
  open: (after: string) => Source;
  say: (word: Word) => void;
  /** Runs `lead` once this tab is the one that listens, until what it returns is called. */
  lead: (lead: () => void) => () => void;
  wait: (ms: number, then: () => void) => void;
};

/** What the app does with what is heard. */
export type Hearer = {
  event: (heard: Heard) => void;
  /** Events may be missing: all that is open is loaded again. */
  gap: () => void;
  over: (user: string, how: Ending) => void;
  begun: (user: string | null) => void;
  /** The hub turned the stream away: perhaps nobody is signed in any more. */
  refused: () => void;
};

export const EVENTS = [
  "hello",
  "message",
  "message_state",
  "conversation",
  "read",
  "presence",
  "counts",
  "contacts",
  "run",
  "reset",
];
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000];

export class Stream {
  readonly line = signal<Line>("connecting");
  #last = "";
  #source: Source | null = null;
  #tries = 0;
  #release: (() => void) | null = null;
  #isOver = false;

  constructor(
    private readonly ground: Ground,
    private readonly hearer: Hearer,
  ) {}

  /** Whether this tab is the one that listens for all. */
  get isLeading() {
    return this.#source !== null;
  }

  start() {
    this.ground.say({ kind: "where" });
    this.#release = this.ground.lead(() => this.#listen());
  }

  stop() {
    this.#isOver = true;
    this.#source?.close();
    this.#source = null;
    this.#release?.();
    this.#release = null;
  }

  /** What another tab said. */
  hear(word: Word) {
    if (word.kind === "event") this.#take(word.name, word.value, word.id);
    else if (word.kind === "line") this.line.value = word.line;
    else if (word.kind === "over") this.hearer.over(word.user, word.how);
    else if (word.kind === "begun") this.hearer.begun(word.user);
    else if (word.kind === "where" && this.#source)
      this.ground.say({ kind: "here", line: this.line.peek(), last: this.#last });
    else if (word.kind === "here") {
      this.line.value = word.line;
      this.#last ||= word.last;
    }
  }

  #listen() {
    if (this.#isOver) return;
    const source = this.ground.open(this.#last);
    this.#source = source;
    source.onopen = () => this.#tell("live");
    source.onerror = () => {
      this.#tell("lost");
      // A browser gives up after a refusal, as when the session is over or the hub starts again.
      if (!source.isClosed || this.#source !== source) return;
      this.#source = null;
      this.hearer.refused();
      this.ground.wait(AGAIN_MS[Math.min(this.#tries++, AGAIN_MS.length - 1)]!, () => {
        if (!this.#source) this.#listen();
      });
    };
    for (const name of EVENTS) {
      source.addEventListener(name, ({ data, lastEventId }) => {
        this.#tries = 0;
        const value: unknown = JSON.parse(data);
        this.ground.say({ kind: "event", name, value, id: lastEventId });
        this.#take(name, value, lastEventId);
      });
    }
  }

  #tell(line: Line) {
    this.line.value = line;
    this.ground.say({ kind: "line", line });
  }

  #take(name: string, value: unknown, id: string) {
    this.#last = id || this.#last;
    // After a greeting what was asked for while the line was down is asked for again.
    if (name === "hello" || name === "reset") this.hearer.gap();
    else this.hearer.event({ name, value });
  }
}
