import { expect, test } from "vitest";
import { Problem } from "../problem";
import { inPage } from "./alone";
import { Kept } from "./kept";
import { Outbox, type Outgoing } from "./outbox";
import { shelf } from "./shelf.fake";

const away = () => new Problem(0, "offline", "Tieline cannot be reached");
const settled = () => new Promise((done) => setTimeout(done));

const nothing = () => {};

/** A promise that the test keeps or breaks. */
function pending() {
  let keep = nothing;
  let breakIt: (why: Problem) => void = nothing;
  const promise = new Promise<void>((yes, no) => {
    keep = yes;
    breakIt = no;
  });
  return { promise, keep, breakIt };
}

/** Two tabs of one browser with a text that did not reach the hub. */
async function twoTabs() {
  const browser = shelf();
  const alone = inPage();
  const one = begun(browser, alone);
  one.hub.answer = refuse(away());
  one.outbox.add("c1", "at TEN", "message");
  await settled();
  return { browser, one, two: begun(browser, alone) };
}

/** An outbox whose hub answers as the test says, and whose waits end when the test says. */
function begun(browser = shelf(), alone = inPage()) {
  const posted: Outgoing[] = [];
  const waits: { ms: number; then: () => void }[] = [];
  const hub = {
    answer: async (_: Outgoing): Promise<void> => {},
    hasArrived: async (_: Outgoing): Promise<boolean> => false,
  };
  let keys = 0;
  const clock = { at: 0 };
  const outbox = new Outbox(new Kept(browser, "st_1"), {
    alone,
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
  await settled();
  const asked = outbox.discard("k1");
  fail();
  expect(await asked).toBe("here");
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
  await settled();
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
  for (const [arrived, where, taken, left] of [
    [async () => true, "arrived", 0, []],
    [async () => false, "here", 1, []],
    [refuse(away()) as unknown as () => Promise<boolean>, "unknown", 0, ["Monday"]],
  ] as const) {
    const { outbox, posted, hub } = begun();
    hub.answer = refuse(away());
    hub.hasArrived = arrived;
    outbox.add("c1", "Monday", "message");
    await settled();
    let times = 0;
    expect(await outbox.takeBack("k1", () => ++times > 0)).toBe(where);
    expect(times).toBe(taken);
    expect(outbox.all.value.map((it) => it.text)).toEqual(left);
    expect(posted.length).toBe(1);
  }
});

test("nothing leaves while it is asked whether it arrived, and what was taken back then not at all", async () => {
  const { outbox, posted, waits, hub } = begun();
  hub.answer = refuse(away());
  outbox.add("c1", "Monday", "message");
  await settled();
  const asking = pending();
  hub.hasArrived = () => asking.promise.then(() => false);
  const asked = outbox.takeBack("k1", () => true);
  for (const it of waits) it.then();
  await settled();
  expect(posted.length).toBe(1);
  asking.keep();
  expect(await asked).toBe("here");
  await settled();
  expect(posted.length).toBe(1);
});

test("words that the composer has no room for stay, and leave", async () => {
  const { outbox, posted, waits, hub } = begun();
  hub.answer = refuse(away());
  outbox.add("c1", "Monday", "message");
  await settled();
  hub.answer = async () => {};
  await outbox.takeBack("k1", () => false);
  waits[0]!.then();
  await settled();
  expect(posted.length).toBe(2);
});

test("what is under way is taken back once it is known what became of it", async () => {
  const { outbox, hub, posted } = begun();
  let arrive = () => {};
  hub.answer = () =>
    new Promise((yes) => {
      arrive = yes;
    });
  outbox.add("c1", "Monday", "message");
  hub.hasArrived = async () => true;
  await settled();
  const asked = outbox.takeBack("k1", () => true);
  arrive();
  expect(await asked).toBe("arrived");
  expect(posted.length).toBe(1);
});

test("what was discarded and put back is the request that it was", async () => {
  const { outbox, posted, hub } = begun();
  hub.answer = refuse(away());
  outbox.add("c1", "hello", "message");
  await settled();
  const it = outbox.all.value[0]!;
  expect(await outbox.discard("k1")).toBe("here");
  expect(outbox.all.value).toEqual([]);
  hub.answer = async () => {};
  outbox.putBack(it);
  await settled();
  expect(posted.map((it) => it.key)).toEqual(["k1", "k1"]);
});

test("what may have arrived is discarded with a word of that, and what has is not said to be", async () => {
  for (const [arrived, where] of [
    [async () => true, "arrived"],
    [refuse(away()) as unknown as () => Promise<boolean>, "unknown"],
    [async () => false, "here"],
  ] as const) {
    const { outbox, hub } = begun();
    hub.answer = refuse(away());
    outbox.add("c1", "hello", "message");
    await settled();
    hub.hasArrived = arrived;
    expect(await outbox.discard("k1")).toBe(where);
    expect(outbox.all.value).toEqual([]);
  }
});

test("what was refused at its first try never arrived, and is taken back without asking", async () => {
  const { outbox, hub } = begun();
  hub.answer = refuse(new Problem(422, "too_long", "it is too long"));
  hub.hasArrived = refuse(away()) as unknown as () => Promise<boolean>;
  outbox.add("c1", "long", "message");
  await settled();
  expect(await outbox.takeBack("k1", () => true)).toBe("here");
});

test("what another tab has in hand is waited for, and what that sent is neither edited nor discarded", async () => {
  for (const way of ["takeBack", "discard"] as const) {
    const { one, two } = await twoTabs();
    const inHand = pending();
    two.hub.answer = () => inHand.promise;
    one.hub.hasArrived = async () => two.outbox.all.value.length === 0;
    void two.outbox.send();
    await settled();
    let taken = 0;
    const asked = one.outbox[way]("k1", () => ++taken > 0);
    one.waits[0]!.then();
    await settled();
    inHand.keep();
    expect(await asked).toBe("arrived");
    await settled();
    expect(taken).toBe(0);
    expect([one.posted.length, two.posted.length]).toEqual([1, 1]);
    expect(one.outbox.all.value).toEqual([]);
  }
});

test("what was taken back or discarded in one tab is not sent by another", async () => {
  for (const way of ["takeBack", "discard"] as const) {
    const { browser, one, two } = await twoTabs();
    const asking = pending();
    one.hub.hasArrived = () => asking.promise.then(() => false);
    const asked = one.outbox[way]("k1", () => true);
    const sent = two.outbox.send();
    await settled();
    asking.keep();
    expect(await asked).toBe("here");
    await sent;
    expect(two.posted).toEqual([]);
    expect(two.outbox.all.value).toEqual([]);
    expect(browser.length).toBe(0);
  }
});

test("what one tab took back, another neither takes back nor sends again", async () => {
  const { one, two } = await twoTabs();
  let taken = 0;
  const take = () => ++taken > 0;
  const both = [one.outbox.takeBack("k1", take), two.outbox.takeBack("k1", take)];
  expect(await Promise.all(both)).toEqual(["here", "elsewhere"]);
  expect(taken).toBe(1);
  const later = await twoTabs();
  await later.one.outbox.discard("k1");
  later.two.outbox.again("k1");
  await settled();
  expect(later.two.posted).toEqual([]);
});

test("tabs that send at once ask the hub once, and one that failed is told to all", async () => {
  const { one, two } = await twoTabs();
  const inHand = pending();
  one.hub.answer = () => inHand.promise;
  one.waits[0]!.then();
  void two.outbox.send();
  await settled();
  inHand.breakIt(away());
  await settled();
  expect(two.posted).toEqual([]);
  expect(two.waits.map((it) => it.ms)).toEqual([4_000]);
  await Promise.all([one.outbox.send(), two.outbox.send()]);
  expect(two.outbox.all.value[0]).toMatchObject({ tries: 3 });
});

test("what the browser has no room for is sent from memory, and goes as all others do", async () => {
  const { outbox, posted, hub } = begun(shelf(true));
  hub.answer = refuse(away());
  outbox.add("c1", "hello", "message");
  await settled();
  outbox.reload();
  expect(outbox.all.value).toMatchObject([{ text: "hello", tries: 1 }]);
  hub.answer = async () => {};
  await outbox.send();
  expect(posted.length).toBe(2);
  expect(outbox.all.value).toEqual([]);
});
