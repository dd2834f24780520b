// How a contact stands with the org, in a word.

import { Mark } from "../kit/ground";
import type { ContactRow } from "../types";
import { words } from "../words/contacts";

const KINDS: Partial<Record<ContactRow["sync"], string>> = { in_step: "well", conflict: "warn" };

export function Standing({ state }: { state: ContactRow["sync"] }) {
  return (
    <span class={`tag ${KINDS[state] ?? ""}`}>
      {state === "in_step" && <Mark size={12} />}
      {words.standing[state] ?? state}
    </span>
  );
}
