// The address: which page, which thing on it, and what the page was asked for. Whoever reloads or
// follows a link sees the same.

import { computed, signal } from "@preact/signals";

const ROOT = "/app/";

export type Place = "inbox" | "contacts" | "sync" | "settings" | "parts";
const PLACES: Place[] = ["inbox", "contacts", "sync", "settings", "parts"];
export type Route = { place: Place; id: string | null; query: URLSearchParams } | { place: "missing" };

/** What an address means: `inbox/conv_1?view=mine`, without the root. */
export function parse(address: string): Route {
  const [path = "", search = ""] = address.split("?");
  const [place = "", id, ...rest] = path.split("/").filter(Boolean);
  const known = PLACES.find((it) => it === (place || "inbox"));
  const deep = known && known !== "settings" && known !== "parts";
  if (!known || rest.length > 0 || (id && !deep)) return { place: "missing" };
  return { place: known, id: id ? decodeURIComponent(id) : null, query: new URLSearchParams(search) };
}

const here = () => (globalThis.location ? location.pathname.replace(/^\/app\/?/, "") + location.search : "");

export const address = signal(here());
export const route = computed(() => parse(address.value));
export const href = (to: string) => ROOT + to;

/** How far pages were scrolled, so that Back finds the place again. */
const scrolled = new Map<string, number>();
export const keepScroll = (top: number) => scrolled.set(address.peek(), top);
export const keptScroll = () => scrolled.get(address.peek()) ?? 0;

export function go(to: string, how: "push" | "replace" = "push") {
  if (to === address.peek()) return;
  if (how === "push") history.pushState(null, "", href(to));
  else history.replaceState(null, "", href(to));
  address.value = to;
}

/** The same page with other words in its query; what is null or blank leaves it. */
export function withQuery(changes: Record<string, string | null>, of = address.peek()): string {
  const [path, search = ""] = of.split("?");
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path!;
}

/** A conversation, in the list that is open; at a message, if one is meant. */
export function conversationAddress(id: string, message: string | null = null): string {
  const at = address.peek();
  const search = at.startsWith("inbox") && at.includes("?") ? `?${at.split("?")[1]}` : "";
  return withQuery({ at: message }, `inbox/${id}${search}`);
}

/** The list as it was asked for, with no conversation open. */
export const inboxAddress = () => withQuery({ at: null }, conversationAddress("").replace("/", ""));

export const follow = () => addEventListener("popstate", () => (address.value = here()));
