import { expect, test } from "vitest";
import { Problem } from "../problem";
import { Kept } from "./kept";
import { Outbox, type Outgoing } from "./outbox";
import { shelf } from "./shelf.fake";

const away = () => new Problem(0, "offline", "Tieline cannot be reached");
const settled = () => new Promise((done) => setTimeout(done));

/** An outbox whose hub answers as the test says, and whose waits end when the test says. */
function begun(browser = shelf()) {
  const posted: Outgoing[] = [];
  const waits: { ms: number; then: () => void }[] = [];
  const hub = {
    answer: async (_: Outgoing): Promise<void> => {},
    hasArrived: async (_: Outgoing): Promise<boolean> => false,
  };
  let keys = 0;
  const clock = { at: 0 };
  const outbox = new Outbox(new Kept(browser, "st_1"), {
    post: (it) => {
      posted.push(it);
      return hub.answer(it);
    },
    hasArrived: (it) => hub.hasArrived(it),
    newKey: () => `k${++keys}`,
    now: () => clock.at++,
    wait: (ms, then) => waits.push({ ms, then }),
  });
  return { outbox, posted, waits, hub, clock };
}

const refuse = (why: Problem) => async () => {
  throw why;
};

test("what reached the hub is gone from here", async () => {
  const { outbox, posted } = begun();
  outbox.add("c1", "hello", "message");
  expect(outbox.all.value.length).toBe(1);
  await settled();
  expect(posted.length).toBe(1);
  expect(outbox.all.value).toEqual([]);
});

test("what did not is kept over a reload and sent again with the same key", async () => {
  const browser = shelf();
  const first = begun(browser);
  first.hub.answer = refuse(away());
  first.outbox.add("c1", "hello", "message");
  await settled();
  expect(first.outbox.all.value[0]).toMatchObject({ tries: 1, refusal: null });
  const later = begun(browser);
  await later.outbox.send();
  expect(later.posted.map((it) => it.key)).toEqual(["k1"]);
  expect(browser.length).toBe(0);
});

test("it is tried again by itself, each time later, in the order it was written", async () => {
  const { outbox, posted, waits, hub } = begun();
  hub.answer = refuse(away());
  outbox.add("c1", "one", "message");
  outbox.add("c1", "two", "message");
  await settled();
  expect(posted.map((it) => it.text)).toEqual(["one"]);
  waits.shift()!.then();
  await settled();
  expect(waits[0]!.ms).toBe(2_000);
  hub.answer = async () => {};
  waits.shift()!.then();
  await settled();
  expect(posted.map((it) => it.text)).toEqual(["one", "one", "one", "two"]);
});

test("what waits for one person holds up nobody else", async () => {
  const { outbox, posted, hub } = begun();
  hub.answer = (it) => (it.conversation_id === "c1" ? new Promise(() => {}) : Promise.resolve());
  outbox.add("c1", "hangs", "message");
  outbox.add("c2", "goes", "message");
  await settled();
  expect(posted.map((it) => it.text)).toEqual(["hangs", "goes"]);
  expect(outbox.all.value.map((it) => it.text)).toEqual(["hangs"]);
});

test("what the hub refused stays with the reason, does not hold up the next, and is not repeated", async () => {
  const { outbox, posted, waits, hub } = begun();
  hub.answer = refuse(new Problem(422, "too_long", "it is too long", "shorten it"));
  outbox.add("c1", "long", "message");
  await settled();
  hub.answer = async () => {};
  outbox.add("c1", "short", "message");
  await settled();
  expect(outbox.all.value.map((it) => it.refusal)).toEqual(["It is too long. Shorten it."]);
  expect(waits.length).toBe(0);
  await outbox.send();
  expect(posted.length).toBe(2);
  outbox.again("k1");
  await settled();
  expect(posted.at(-1)).toMatchObject({ key: "k1", text: "long" });
  expect(outbox.all.value).toEqual([]);
});

test("what was discarded while it was under way does not come back", async () => {
  const { outbox, hub } = begun();
  let fail = () => {};
  hub.answer = () =>
    new Promise((_, no) => {
      fail = () => no(away());
    });
  outbox.add("c1", "no", "note");
  outbox.discard("k1");
  fail();
  await settled();
  expect(outbox.all.value).toEqual([]);
});

test("two presses of send again are one request", async () => {
  const { outbox, posted, hub } = begun();
  hub.answer = refuse(away());
  outbox.add("c1", "once", "message");
  await settled();
  hub.answer = () => new Promise(() => {});
  outbox.again("k1");
  outbox.again("k1");
  await settled();
  expect(posted.length).toBe(2);
  expect(posted[1]!.key).toBe("k1");
});

test("what arrived while its answer was lost is gone from here, and nothing is sent a second time", async () => {
  const { outbox, posted, hub } = begun();
  hub.answer = refuse(new Problem(409, "already_made", "A request with this key was done"));
  outbox.add("c1", "hello", "message");
  await settled();
  expect(outbox.all.value).toEqual([]);
  expect(posted.length).toBe(1);
});

test("what was refused goes again with its own key", async () => {
  const { outbox, posted, hub } = begun();
  hub.answer = refuse(new Problem(422, "invalid_field", "no"));
  outbox.add("c1", "hello", "message");
  await settled();
  hub.answer = async () => {};
  outbox.again("k1");
  await settled();
  expect(posted.map((it) => it.key)).toEqual(["k1", "k1"]);
  expect(outbox.all.value).toEqual([]);
});

test("once its user is gone nothing leaves, and what waits stays for them as it is", async () => {
  const browser = shelf();
  const { outbox, posted, waits, hub } = begun(browser);
  hub.answer = refuse(away());
  outbox.add("c1", "one", "message");
  await settled();
  let answer = () => {};
  hub.answer = () =>
    new Promise((_, no) => {
      answer = () => no(new Problem(404, "not_found", "no such conversation"));
    });
  outbox.again("k1");
  const before = browser.getItem("tieline:st_1:outbox:k1");
  outbox.stop();
  answer();
  await settled();
  for (const it of waits) it.then();
  await outbox.send();
  outbox.again("k1");
  expect(posted.length).toBe(2);
  expect(browser.getItem("tieline:st_1:outbox:k1")).toBe(before);
  const later = begun(browser);
  await later.outbox.send();
  expect(later.posted.map((it) => it.text)).toEqual(["one"]);
});

test("a session that is over judges nothing: the text waits for the next", async () => {
  for (const code of ["not_signed_in", "other_user"] as const) {
    const { outbox, hub } = begun();
    hub.answer = refuse(new Problem(code === "other_user" ? 409 : 401, code, "nobody is signed in"));
    outbox.add("c1", "one", "message");
    await settled();
    expect(outbox.all.value).toMatchObject([{ text: "one", refusal: null }]);
  }
});

test("what waited over night is not sent by itself, but when somebody says so", async () => {
  const { outbox, posted, waits, hub, clock } = begun();
  hub.answer = refuse(away());
  outbox.add("c1", "On my way", "message");
  await settled();
  hub.answer = async () => {};
  clock.at += 13 * 60 * 60 * 1_000;
  for (const it of waits) it.then();
  await settled();
  expect(posted.length).toBe(1);
  expect(outbox.all.value[0]!.refusal).toMatch(/waited/);
  outbox.again("k1");
  await settled();
  expect(posted.map((it) => it.key)).toEqual(["k1", "k1"]);
  expect(outbox.all.value).toEqual([]);
});

test("words are taken back only if they have not arrived", async () => {
  for (const [arrived, where, left] of [
    [async () => true, "arrived", []],
    [async () => false, "here", ["Monday"]],
    [refuse(away()) as unknown as () => Promise<boolean>, "unknown", ["Monday"]],
  ] as const) {
    const { outbox, posted, waits, hub } = begun();
    hub.answer = refuse(away());
    hub.hasArrived = arrived;
    outbox.add("c1", "Monday", "message");
    await settled();
    const asked = outbox.takeBack("k1");
    for (const it of waits) it.then();
    expect(await asked).toBe(where);
    expect(outbox.all.value.map((it) => it.text)).toEqual(left);
    expect(posted.length).toBe(1);
  }
});

test("what is under way is taken back once it is known what became of it", async () => {
  const { outbox, hub, posted } = begun();
  let arrive = () => {};
  hub.answer = () =>
    new Promise((yes) => {
      arrive = yes;
    });
  outbox.add("c1", "Monday", "message");
  const asked = outbox.takeBack("k1");
  arrive();
  expect(await asked).toBe("arrived");
  expect(posted.length).toBe(1);
});

test("what was discarded and put back is the request that it was", async () => {
  const { outbox, posted, hub } = begun();
  hub.answer = refuse(away());
  outbox.add("c1", "hello", "message");
  await settled();
  const it = outbox.discard("k1")!;
  hub.answer = async () => {};
  outbox.putBack(it);
  await settled();
  expect(posted.map((it) => it.key)).toEqual(["k1", "k1"]);
});

test("what was refused at its first try never arrived, and is taken back without asking", async () => {
  const { outbox, hub } = begun();
  hub.answer = refuse(new Problem(422, "too_long", "it is too long"));
  hub.hasArrived = refuse(away()) as unknown as () => Promise<boolean>;
  outbox.add("c1", "long", "message");
  await settled();
  expect(await outbox.takeBack("k1")).toBe("here");
});
