// Adding a contact once, however often it is tried: a request whose answer was lost may have been done. It
// is repeated as it was, with its key, before anything else is asked for; what was changed since is then
// changed in the contact that it made.

import { asProblem } from "../problem";
import type { Contact } from "../types";

export type Fields = Record<string, string>;
type Asked = { key: string; fields: Fields };
type Made = Pick<Contact, "id" | "version">;

export type Ground<T extends Made> = {
  add: (asked: Asked) => Promise<T>;
  show: (id: string) => Promise<T>;
  change: (id: string, body: { version: number; fields: Fields }) => Promise<T>;
  newKey: () => string;
};

/** Tries to change onto a version that others changed meanwhile. */
const TRIES = 3;

export class Adding<T extends Made> {
  /** What was sent, and nobody knows what became of it. */
  #open: Asked | null = null;
  /** What it made, with the fields that it was told so far. */
  #made: { contact: T; fields: Fields } | null = null;

  constructor(private readonly ground: Ground<T>) {}

  /** Whether there may be a contact that nobody was told of. */
  get isUnknown(): boolean {
    return this.#open !== null;
  }

  /** The contact with these fields; `isChanged` if it was made with others first. */
  async add(fields: Fields): Promise<{ contact: T; isChanged: boolean }> {
    const made = this.#made ?? (await this.#make(fields));
    const isChanged = this.#made !== null || differs(made.fields, fields);
    this.#made = made;
    for (let tries = 1; ; tries++) {
      const changed = difference(made.fields, fields);
      if (Object.keys(changed).length === 0) return { contact: made.contact, isChanged };
      const { id, version } = made.contact;
      try {
        made.contact = await this.ground.change(id, { version, fields: changed });
        made.fields = fields;
      } catch (error) {
        if (asProblem(error).code !== "version_conflict" || tries === TRIES) throw error;
        made.contact = await this.ground.show(id);
      }
    }
  }

  async #make(fields: Fields): Promise<{ contact: T; fields: Fields }> {
    const before = this.#open;
    const asked = before ?? { key: this.ground.newKey(), fields };
    this.#open = asked;
    try {
      const contact = await this.ground.add(asked);
      this.#open = null;
      return { contact, fields: asked.fields };
    } catch (error) {
      const problem = asProblem(error);
      if (problem.isTransient || problem.isOfSession) throw error;
      this.#open = null;
      // The earlier one was refused, so there is none, and what is asked for now is another.
      if (before && problem.code !== "already_made" && differs(before.fields, fields))
        return this.#make(fields);
      throw error;
    }
  }
}

const differs = (a: Fields, b: Fields) => Object.keys(difference(a, b)).length > 0;

/** The fields that are to be another. */
function difference(from: Fields, to: Fields): Fields {
  return Object.fromEntries(Object.entries(to).filter(([name, value]) => (from[name] ?? "") !== value));
}
