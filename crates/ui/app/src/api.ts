// Requests to the hub. A refusal becomes a Problem, whose words are for people.

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, detail: string, readonly fix: string | null, readonly field: string | null) {
    super(detail);
  }
}

export async function api<T>(path: string, method = "GET", body?: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers["idempotency-key"] = key;
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem(0, "offline", "Tieline cannot be reached.", "Check your connection; it is tried again by itself.", null);
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const told = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, told.code ?? "unknown", told.detail ?? `The server answered ${answer.status}.`, told.fix ?? null, told.field ?? null);
}

export const newKey = () => crypto.randomUUID();
