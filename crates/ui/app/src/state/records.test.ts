import { expect, test } from "vitest";
import { Problem } from "../problem";
import { Records } from "./records";

type Thing = { id: string; version: number };

function asked() {
  const answers: { id: string; give: (it: Thing) => void; refuse: (why: Problem) => void }[] = [];
  const records = new Records<Thing>(
    (id) => new Promise((give, refuse) => answers.push({ id, give, refuse })),
    (it, known) => it.version < known.version,
  );
  return { records, answers };
}

test("who asks twice at once is answered by one request", async () => {
  const { records, answers } = asked();
  const both = [records.load("a"), records.load("a")];
  expect(answers.length).toBe(1);
  answers[0]!.give({ id: "a", version: 1 });
  await Promise.all(both);
  expect(records.at("a").value.value?.version).toBe(1);
});

test("an answer that left before the stream told of something newer changes nothing", async () => {
  const { records, answers } = asked();
  const loading = records.load("a");
  records.put("a", { id: "a", version: 3 });
  answers[0]!.give({ id: "a", version: 2 });
  await loading;
  expect(records.at("a").value.value?.version).toBe(3);
});

test("what is named while it is asked for is asked for once more", async () => {
  const { records, answers } = asked();
  records.at("a").users = 1;
  const loading = records.load("a");
  records.named(["a"]);
  records.named(["a"]);
  answers[0]!.give({ id: "a", version: 1 });
  await Promise.resolve();
  await Promise.resolve();
  expect(answers.length).toBe(2);
  answers[1]!.give({ id: "a", version: 2 });
  await loading;
  expect(answers.length).toBe(2);
});

test("only what somebody looks at is asked for after a gap", () => {
  const { records, answers } = asked();
  records.put("a", { id: "a", version: 1 });
  records.put("b", { id: "b", version: 1 });
  records.at("b").users = 1;
  records.refresh();
  expect(answers.map((it) => it.id)).toEqual(["b"]);
});

test("a refusal is kept beside what was known, and goes with the next answer", async () => {
  const { records, answers } = asked();
  records.put("a", { id: "a", version: 1 });
  const loading = records.load("a");
  answers[0]!.refuse(new Problem(0, "offline", "x"));
  await loading;
  expect(records.at("a").problem.value?.code).toBe("offline");
  expect(records.at("a").value.value?.version).toBe(1);
  records.put("a", { id: "a", version: 1 });
  expect(records.at("a").problem.value).toBe(null);
});

test("what one may no longer see is not shown any more, until one may again", async () => {
  for (const status of [403, 404]) {
    const { records, answers } = asked();
    const slot = records.at("a");
    records.put("a", { id: "a", version: 1 });
    let loading = records.load("a");
    answers[0]!.refuse(new Problem(status, "not_found", "x"));
    await loading;
    expect([slot.value.value, slot.problem.value?.status, slot.wasThere]).toEqual([undefined, status, true]);
    loading = records.load("a");
    answers[1]!.give({ id: "a", version: 1 });
    await loading;
    expect([slot.value.value?.version, slot.problem.value]).toEqual([1, null]);
  }
});

test("what was never seen is missing, not gone", async () => {
  const { records, answers } = asked();
  const loading = records.load("a");
  answers[0]!.refuse(new Problem(404, "not_found", "x"));
  await loading;
  expect(records.at("a").wasThere).toBe(false);
});
