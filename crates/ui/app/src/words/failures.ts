// Why a text may not go or did not arrive, by the hub's codes.

import type { components } from "../../api/types";

type Code = components["schemas"]["FailureCode"];

const AGAIN = "They can text START to hear from you again.";

const words: Record<Code, (detail: string) => string> = {
  opted_out: () => `They wrote STOP. ${AGAIN}`,
  opted_out_at_carrier: () => `They opted out at the carrier. ${AGAIN}`,
  not_answerable: () => "They text from a name or a short code, which takes no answer.",
  no_sender: () => "This inbox has no number to send from. Give it one under Settings.",
  landline: () => "This number takes no texts; it may be a landline. Use another number, or call.",
  empty: () => "There is nothing to send. Write a text first.",
  too_long: (detail) => `The text has ${detail} characters, 1600 fit. Shorten it or send it in parts.`,
  carrier_refused: (detail) => `The carrier refused it: ${detail || "no reason given"}`,
  carrier_unreachable: (detail) =>
    `The carrier did not take it (${detail || "no reason given"}). Try again later.`,
  not_sent: () => "The carrier never got it. Sending it again is safe.",
  phone_unreachable: () => "Their phone is off or out of reach. Try again later.",
  blocked: () => "They block texts from you. It counts as a wish to get none; they can text START.",
  no_such_number: () => "Nobody has this number. Check it with them.",
  filtered: () =>
    "A carrier filtered it as unwanted. Sending it again makes that worse: change the words first.",
  not_delivered: (detail) =>
    `The carrier could not deliver it and does not say why${detail && ` (its code is ${detail})`}. You may try again.`,
};

/** The sentence of a code; of one that this app does not know yet the hub's own. */
export function whyNot(code: Code | null, detail: string | null, hubs: string | null): string {
  const word = code && Object.hasOwn(words, code) ? words[code] : null;
  return word ? word(detail ?? "") : (hubs ?? "");
}

/** Why a conversation takes no text. */
export const refusal = (gate: components["schemas"]["Gate"]) => whyNot(gate.code, null, gate.reason);
