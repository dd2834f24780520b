// The shapes of the API, as the hub's web crate writes them.

export type Person = { id: string; name: string };
export type Counts = { created: number; updated: number; deleted: number; unchanged: number; failed: number };

export type Connection = {
  id: string; name: string; kind: string; state: string; state_reason: string | null;
  username: string; instance_url: string; org_name: string;
};

export type Me = {
  staff: Person & { email: string; role: string };
  organisation: { name: string };
  inboxes: (Person & { channel: string; address: string })[];
  staff_list: Person[];
  connection: Connection | null;
  unread: { ours: number };
  demo: { org_url: string; phones_url: string } | null;
};

export type Gate = { allowed: boolean; code: string; reason: string | null; since: number | null };

export type Conversation = {
  id: string; inbox_id: string; channel: string; address: string; contact: Person | null;
  status: "open" | "closed"; turn: "ours" | "theirs"; assigned_to: Person | null;
  last: { text: string; direction: string; author: Person | null; at: number; state: string } | null;
  unread: number; version: number; gate: Gate;
};

export type Message = {
  id: string; conversation_id: string; seq: number; direction: "in" | "out" | "note"; author: Person | null;
  text: string; at: number; state: string; state_at: number; error: { code: string; text: string } | null;
  segments: number; client_key: string | null;
};

export type Link = {
  id: string; object: string; record_id: string; url: string | null; is_primary: boolean; state: string; synced_at: number;
};

export type ContactRow = {
  id: string; name: string; company: string | null; title: string | null; phone: string | null; email: string | null;
  sync: string; updated_at: number;
};

export type Contact = {
  id: string; name: string; fields: Record<string, string>; version: number;
  points: { id: string; channel: string; address: string; label: string;
            consent: { state: string; since: number | null; source: string | null } }[];
  links: Link[]; conversations: { id: string; channel: string; address: string; last_at: number }[];
  sync: string; created_at: number; updated_at: number; deleted_at: number | null;
};

export type Attribute = { name: string; label: string; type: string; max_length: number; section: string };

export type Run = {
  id: string; trigger: string; by: Person | null; state: string; phase: string; started_at: number;
  finished_at: number | null; api_calls: number; api_calls_minimum: number;
  error: { text: string; fix: string } | null; progress: { done: number; total: number | null };
  counts: { to_hub: Counts; to_org: Counts; conflicts: number };
  by_object: { object: string; to_hub: Counts; to_org: Counts }[];
};

export type Mapping = {
  id: string; object: string; enabled: boolean; direction: string; records: number; waiting_to_org: number;
  conflicts: number; last_changed_at: number | null; deletes: "honour" | "ignore";
  fields: { field: string; attribute: string; direction: string; policy: string }[];
};

export type SyncStatus = {
  connection: Connection; state: string; in_step_since: number | null; last_run: Run | null; running: Run | null;
  contacts_total: number; mappings: Mapping[];
  api: { used_24h: number; budget_24h: number; org_used: number | null; org_max: number | null;
         by_purpose: Record<string, number> };
};

export type Change = {
  seq: number; object: string; record_id: string | null; contact: Person | null; direction: string; act: string;
  state: string; fields: { name: string; label: string; before: string | null; after: string | null }[];
  error: { code: string; text: string } | null; at: number;
};

export type Page<T> = { items: T[]; next_cursor: string | null };
