// What is being written: for each conversation a reply and a note, apart, and which of the two is open.
// A note's words never stand where a reply is sent from.

import { signal } from "@preact/signals";
import type { Kept } from "./kept";

export type Mode = "reply" | "note";
export type Draft = { mode: Mode; reply: string; note: string; at: number };

const NONE: Draft = { mode: "reply", reply: "", note: "", at: 0 };
const KIND = "draft";

export class Drafts {
  readonly all = signal<Record<string, Draft>>({});

  constructor(
    private readonly kept: Pick<Kept, "all" | "put" | "drop">,
    private readonly now: () => number = Date.now,
  ) {
    this.reload();
  }

  /** Another tab wrote. */
  reload() {
    this.all.value = this.kept.all<Draft>(KIND);
  }

  of(id: string): Draft {
    return this.all.value[id] ?? NONE;
  }

  /** The words that wait to be finished, for a list: those of the open mode first. */
  mark(id: string): { mode: Mode; text: string } | null {
    const draft = this.of(id);
    for (const mode of [draft.mode, "reply", "note"] as const) {
      const text = draft[mode].trim();
      if (text) return { mode, text };
    }
    return null;
  }

  write(id: string, text: string) {
    const draft = this.of(id);
    this.#put(id, { ...draft, [draft.mode]: text, at: this.now() });
  }

  open(id: string, mode: Mode) {
    if (this.of(id).mode !== mode) this.#put(id, { ...this.of(id), mode });
  }

  /** Takes the words of the open mode away, as they are sent. */
  take(id: string): { mode: Mode; text: string } | null {
    const draft = this.of(id);
    const text = draft[draft.mode].trim();
    if (!text) return null;
    this.#put(id, { ...draft, [draft.mode]: "" });
    return { mode: draft.mode, text };
  }

  /** Gives words back, unless others were written meanwhile. */
  giveBack(id: string, mode: Mode, text: string): boolean {
    const draft = this.of(id);
    if (draft[mode].trim()) return false;
    this.#put(id, { ...draft, mode, [mode]: text, at: this.now() });
    return true;
  }

  /** Gives up all that is written there. */
  drop(id: string) {
    this.#put(id, NONE);
  }

  #put(id: string, draft: Draft) {
    const { [id]: _, ...others } = this.all.value;
    const isBlank = !draft.reply && !draft.note && draft.mode === "reply";
    if (isBlank) this.kept.drop(KIND, id);
    else this.kept.put(KIND, id, draft);
    this.all.value = isBlank ? others : { ...others, [id]: draft };
  }
}
