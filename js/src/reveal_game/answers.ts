/** What a panel asks the kernel for when it is opened: loading, there, or failed. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Asked<T> {
  /** The last answer; stays while a new one is on its way. */
  readonly value: ReadonlySignal<T | undefined>;
  readonly error: ReadonlySignal<unknown>;
  readonly busy: ReadonlySignal<boolean>;
  ask: (question: () => Promise<T>) => Promise<void>;
}

export function useAnswer<T>(question: () => Promise<T>): Asked<T> {
  const value = useSignal<T | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  const busy = useSignal(false);
  const turn = useRef(0);
  const ask = async (next: () => Promise<T>) => {
    const own = ++turn.current;
    busy.value = true;
    error.value = undefined;
    try {
      const answer = await next();
      if (own === turn.current) value.value = answer;
    } catch (reason) {
      if (own === turn.current) error.value = reason ?? new Error("");
    } finally {
      if (own === turn.current) busy.value = false;
    }
  };
  useEffect(() => {
    void ask(question);
    return () => {
      turn.current++;
    };
  }, []);
  return { value, error, busy, ask };
}
