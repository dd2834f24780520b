import { expect, test } from "vitest";
import { type Heard, type Source, Stream, type Word } from "./stream";

/** A browser with tabs: one channel, one lock, and the streams that were opened. */
function browser() {
  const tabs: { stream: Stream; heard: Heard[]; told: string[] }[] = [];
  const queue: (() => void)[] = [];
  let isLed = false;
  const opened: {
    after: string;
    source: Source & { isClosed: boolean };
    emit: (name: string, id: string, value?: unknown) => void;
  }[] = [];
  const waits: (() => void)[] = [];

  const lead = (run: () => void) => {
    queue.push(run);
    const next = () => {
      if (isLed) return;
      isLed = true;
      queue.shift()?.();
    };
    next();
    return () => {
      isLed = false;
      if (queue.length) next();
    };
  };
  const open = (after: string) => {
    const hearers: Record<string, (event: MessageEvent) => void> = {};
    const source = {
      onopen: null as (() => void) | null,
      onerror: null as (() => void) | null,
      isClosed: false,
      addEventListener: (name: string, heard: (event: MessageEvent) => void) => {
        hearers[name] = heard;
      },
      close: () => {},
    };
    const emit = (name: string, id: string, value: unknown = {}) =>
      hearers[name]!({ data: JSON.stringify(value), lastEventId: id } as MessageEvent);
    opened.push({ after, source, emit });
    return source;
  };
  const tab = () => {
    const told: string[] = [];
    const heard: Heard[] = [];
    const say = (word: Word) => {
      for (const other of tabs) if (other.stream !== stream) other.stream.hear(word);
    };
    const stream = new Stream(
      { open, say, lead, wait: (_, then) => waits.push(then) },
      {
        event: (it) => heard.push(it),
        gap: () => told.push("gap"),
        over: () => told.push("over"),
        begun: () => told.push("begun"),
        refused: () => told.push("refused"),
      },
    );
    const made = { stream, heard, told };
    tabs.push(made);
    stream.start();
    return made;
  };
  return { tab, opened, waits };
}

test("one tab listens, every tab hears", () => {
  const { tab, opened } = browser();
  const [one, two] = [tab(), tab()];
  expect(opened.length).toBe(1);
  opened[0]!.source.onopen!();
  opened[0]!.emit("message", "5", { text: "hi" });
  expect(one.heard).toEqual([{ name: "message", value: { text: "hi" } }]);
  expect(two.heard).toEqual(one.heard);
  expect(two.stream.line.value).toBe("live");
});

test("when the leader goes, the next goes on behind the last event", () => {
  const { tab, opened } = browser();
  const one = tab();
  opened[0]!.emit("message", "5");
  const two = tab();
  one.stream.stop();
  expect(opened.map((it) => it.after)).toEqual(["", "5"]);
  opened[1]!.emit("message", "6");
  expect(two.heard.length).toBe(1);
});

test("a tab that heard nothing yet knows the place from the leader", () => {
  const { tab, opened } = browser();
  const one = tab();
  opened[0]!.source.onopen!();
  opened[0]!.emit("hello", "9");
  const late = tab();
  expect(late.stream.line.value).toBe("live");
  one.stream.stop();
  expect(opened[1]!.after).toBe("9");
});

test("after a refusal it is opened again behind the last event, and only once", () => {
  const { tab, opened, waits } = browser();
  const one = tab();
  opened[0]!.emit("message", "7");
  opened[0]!.source.isClosed = true;
  opened[0]!.source.onerror!();
  expect(one.stream.line.value).toBe("lost");
  expect(one.told).toEqual(["refused"]);
  waits.shift()!();
  expect(opened[1]!.after).toBe("7");
  opened[0]!.source.onerror!();
  expect(waits.length).toBe(0);
});

test("a reset, and a greeting after the line was down, load everything open again in every tab", () => {
  const { tab, opened } = browser();
  const [one, two] = [tab(), tab()];
  opened[0]!.emit("reset", "40");
  opened[0]!.emit("hello", "41");
  expect(one.told).toEqual(["gap", "gap"]);
  expect(two.told).toEqual(["gap", "gap"]);
});

test("a tab that stopped opens nothing more", () => {
  const { tab, opened, waits } = browser();
  const one = tab();
  opened[0]!.source.isClosed = true;
  opened[0]!.source.onerror!();
  one.stream.stop();
  waits.shift()!();
  expect(opened.length).toBe(1);
});
