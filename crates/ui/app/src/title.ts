// The tab says where one is and how many wait; so does its icon.

import { effect } from "@preact/signals";
import { phone, short } from "./format";
import { route } from "./route";
import { contacts } from "./state/contacts";
import { conversations, waiting } from "./state/inbox";
import { notice } from "./state/notice";
import { me } from "./state/session";
import { words } from "./words/frame";

function pageName(): string {
  const at = route.value;
  if (at.place === "missing") return words.missing;
  const place = words.places[at.place];
  if (!at.id) return place;
  if (at.place === "contacts") return contacts.at(at.id).value.value?.name ?? place;
  if (at.place !== "inbox") return place;
  const open = conversations.at(at.id).value.value;
  return open ? (open.contact?.name ?? phone(open.address)) : place;
}

/** The mark, with a dot while somebody waits. */
function icon(waits: boolean): string {
  const dot = waits ? '<circle cx="25" cy="7" r="7" fill="#d9480f"/>' : "";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0c6260"/><path d="M11 21 21 11" stroke="#fff" stroke-width="2.6"/><circle cx="10.6" cy="21.4" r="4" fill="#fff"/><circle cx="21.4" cy="10.6" r="4" fill="#fff"/>${dot}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

export function keepTitle() {
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  effect(() => {
    if (!me.value) {
      document.title = words.app;
      return;
    }
    const waits = notice.value.isOn ? waiting.value : 0;
    document.title = `${waits > 0 ? `(${short(waits)}) ` : ""}${pageName()} · ${words.app}`;
    if (link) link.href = icon(waits > 0);
  });
}
