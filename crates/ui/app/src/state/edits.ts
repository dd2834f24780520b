// A field under the hand belongs to the hand: what is typed stands until it is saved or given up, and
// what the other side did meanwhile is shown beside it.

import { signal } from "@preact/signals";
import type { Kept } from "./kept";

export type Edit = {
  /** What is typed. */
  text: string;
  /** The value that the typing began from. */
  base: string;
  /** Why it was not taken. */
  refusal: string | null;
};

const KIND = "edit";

export class Edits {
  readonly all = signal<Record<string, Edit>>({});

  constructor(private readonly kept: Pick<Kept, "all" | "put" | "drop">) {
    this.all.value = kept.all<Edit>(KIND);
  }

  of(field: string): Edit | undefined {
    return this.all.value[field];
  }

  type(field: string, text: string, value: string) {
    const base = this.of(field)?.base ?? value;
    this.#put(field, { text, base, refusal: null });
  }

  refuse(field: string, refusal: string) {
    const edit = this.of(field);
    if (edit) this.#put(field, { ...edit, refusal });
  }

  /** The other side's value was seen and the typed one is to stand. */
  keepMine(field: string, value: string) {
    const edit = this.of(field);
    if (edit) this.#put(field, { ...edit, base: value, refusal: null });
  }

  /** Saved or given up; unless more was typed meanwhile. */
  end(field: string, text?: string) {
    if (text !== undefined && this.of(field)?.text !== text) return;
    const { [field]: _, ...others } = this.all.value;
    this.kept.drop(KIND, field);
    this.all.value = others;
  }

  #put(field: string, edit: Edit) {
    this.kept.put(KIND, field, edit);
    this.all.value = { ...this.all.value, [field]: edit };
  }
}

/** What stands in a field: the value, the typing, and whether the other side changed it meanwhile. */
export function standing(value: string, edit: Edit | undefined) {
  if (!edit) return { shown: value, isDirty: false, theirs: null };
  const isDirty = edit.text.trim() !== value;
  return { shown: edit.text, isDirty, theirs: isDirty && edit.base !== value ? value : null };
}
