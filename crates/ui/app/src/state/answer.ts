// One answer of the hub while a page shows it: asked for again after a gap and when it is told to.

import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../problem";
import { fresh } from "./session";

export type Answer<T> = {
  value: T | null;
  problem: Problem | null;
  again: () => Promise<void>;
  put: (it: T) => void;
};

export function useAnswer<T>(ask: () => Promise<T>, on: unknown[] = []): Answer<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const turn = useRef(0);
  const again = async () => {
    const mine = ++turn.current;
    try {
      const it = await ask();
      if (mine !== turn.current) return;
      setValue(it);
      setProblem(null);
    } catch (error) {
      if (mine !== turn.current) return;
      const refusal = asProblem(error);
      setProblem(refusal);
      if (refusal.isGone) setValue(null);
    }
  };
  const gap = fresh.value;
  // `ask` is what `on` says that it depends on.
  useEffect(() => {
    void again();
    return () => {
      turn.current++;
    };
  }, [gap, ...on]);
  return { value, problem, again, put: setValue };
}
