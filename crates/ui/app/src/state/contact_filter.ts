// Which contacts a list holds and in which order, as the address says it and as the hub is asked.

import type { operations } from "../../api/types";

type Asked = NonNullable<operations["get_contacts"]["parameters"]["query"]>;

export const SORTS = ["name", "changed"] as const;
export const TEXTING = ["opted_out", "without_number", "unreadable"] as const;
/** Nobody's record, among the objects. */
export const NO_RECORD = "none";

export type ContactFilter = {
  q: string;
  sort: (typeof SORTS)[number];
  /** An object's API name, `none` for those without a record, null for all. */
  record: string | null;
  texting: (typeof TEXTING)[number] | null;
};

export function filterOf(query: URLSearchParams): ContactFilter {
  return {
    q: query.get("q") ?? "",
    sort: SORTS.find((it) => it === query.get("sort")) ?? "name",
    record: query.get("record"),
    texting: TEXTING.find((it) => it === query.get("texting")) ?? null,
  };
}

export const isFiltered = (it: ContactFilter) => !!(it.q || it.record || it.texting);

export function askedBy({ q, sort, record, texting }: ContactFilter): Asked {
  return {
    ...(q && { q }),
    ...(sort !== "name" && { sort }),
    ...(record === NO_RECORD ? { linked: false } : record ? { object: record } : {}),
    ...(texting && { [texting]: true }),
  };
}
