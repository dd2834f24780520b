import { expect, test } from "vitest";
import { Problem } from "../problem";
import { Adding, type Fields } from "./adding";

const lost = () => new Problem(0, "offline", "Tieline cannot be reached");
const refused = () => new Problem(422, "invalid_field", "no");

/** A hub that does a request with a key once, and loses answers as the test says. */
function begun() {
  const made = new Map<string, { id: string; version: number; fields: Fields }>();
  const hub = {
    isAway: false,
    loses: false,
    refuses: (_: Fields) => false,
    posts: [] as string[],
    conflicts: 0,
  };
  let keys = 0;
  const byId = (id: string) => [...made.values()].find((it) => it.id === id)!;
  const answer = <T>(it: T): T => {
    if (hub.loses) throw lost();
    return it;
  };
  const adding = new Adding({
    newKey: () => `k${++keys}`,
    add: async ({ key, fields }) => {
      hub.posts.push(key);
      if (hub.isAway) throw lost();
      if (hub.refuses(fields)) throw refused();
      if (!made.has(key)) made.set(key, { id: `ct_${key}`, version: 1, fields });
      return answer({ ...made.get(key)! });
    },
    show: async (id) => answer({ ...byId(id) }),
    change: async (id, { version, fields }) => {
      const it = byId(id);
      if (hub.refuses(fields)) throw refused();
      if (hub.conflicts-- > 0) it.version++;
      if (version !== it.version) throw new Problem(409, "version_conflict", "changed");
      Object.assign(it, { version: version + 1, fields: { ...it.fields, ...fields } });
      return answer({ ...it });
    },
  });
  return { adding, hub, made };
}

const ANN = { first_name: "Ann", last_name: "Lost", email: "" };
const LOST = { ...ANN, first_name: "" };

test("what was made while its answer was lost is changed, not made again", async () => {
  const { adding, hub, made } = begun();
  hub.loses = true;
  await expect(adding.add(LOST)).rejects.toMatchObject({ code: "offline" });
  expect(adding.isUnknown).toBe(true);
  hub.loses = false;
  const { contact, isChanged } = await adding.add(ANN);
  expect([contact.id, isChanged]).toEqual(["ct_k1", true]);
  expect([...made.values()].map((it) => it.fields)).toEqual([ANN]);
  expect(hub.posts).toEqual(["k1", "k1"]);
});

test("the same again is the same request, and nothing is changed", async () => {
  const { adding, hub, made } = begun();
  hub.loses = true;
  await expect(adding.add(ANN)).rejects.toBeInstanceOf(Problem);
  hub.loses = false;
  expect(await adding.add(ANN)).toMatchObject({ contact: { version: 1 }, isChanged: false });
  expect(made.size).toBe(1);
});

test("what was refused is another request once it is changed", async () => {
  const { adding, hub, made } = begun();
  hub.refuses = (it) => it.first_name === "";
  await expect(adding.add(LOST)).rejects.toMatchObject({ code: "invalid_field" });
  expect(adding.isUnknown).toBe(false);
  expect(await adding.add(ANN)).toMatchObject({ isChanged: false });
  expect([...made.keys()]).toEqual(["k2"]);
});

test("an earlier one that turns out to be refused gives way to what is asked for now", async () => {
  const { adding, hub, made } = begun();
  hub.isAway = true;
  await expect(adding.add(LOST)).rejects.toBeInstanceOf(Problem);
  hub.isAway = false;
  hub.refuses = (it) => it.first_name === "";
  await adding.add(ANN);
  expect([...made.keys()]).toEqual(["k2"]);
});

test("a change that is refused leaves the one contact, to be changed again", async () => {
  const { adding, hub, made } = begun();
  hub.loses = true;
  await expect(adding.add(LOST)).rejects.toBeInstanceOf(Problem);
  hub.loses = false;
  hub.refuses = (it) => it.email === "nonsense";
  await expect(adding.add({ ...ANN, email: "nonsense" })).rejects.toMatchObject({ code: "invalid_field" });
  hub.conflicts = 1;
  await adding.add({ ...ANN, email: "ann@example.com" });
  expect([...made.values()].map((it) => it.fields)).toEqual([{ ...ANN, email: "ann@example.com" }]);
});
