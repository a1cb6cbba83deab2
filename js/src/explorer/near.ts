/** Of very many columns only those near sight have their cards in the page: thousands of elements slow down every frame. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useEffect, useMemo } from "preact/hooks";

/** Up to so many cards all are made: nothing is gained by less. */
const ALL = 300;

/** Before it is known what is in sight: wider than any screen shows. */
const FIRST = 16;

/** Pixels beyond the box's edges: what one flick of a finger brings into sight. */
const MARGIN = 400;

export class Near {
  /** Whether there are so many cards that some are left out. */
  readonly many: boolean;
  readonly #box: { readonly current: HTMLElement | null };
  readonly #of = new WeakMap<Element, Signal<boolean>>();
  #observer: IntersectionObserver | undefined;

  constructor(many: boolean, box: { readonly current: HTMLElement | null }) {
    this.many = many;
    this.#box = box;
  }

  watch(column: Element, near: Signal<boolean>): () => void {
    this.#of.set(column, near);
    this.#observer ??= new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const known = this.#of.get(target);
          if (known) known.value = isIntersecting;
        }
      },
      { root: this.#box.current, rootMargin: `0px ${MARGIN}px` },
    );
    this.#observer.observe(column);
    return () => this.#observer?.unobserve(column);
  }

  dispose(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
  }
}

export const NearContext = createContext<Near | undefined>(undefined);

/** For the box of all columns. */
export function useNearColumns(cards: number, box: { readonly current: HTMLElement | null }): Near {
  const many = cards > ALL;
  const near = useMemo(() => new Near(many, box), [many, box]);
  useEffect(() => () => near.dispose(), [near]);
  return near;
}

/** For a column, the `place`th: whether its cards are to be there. */
export function useNear(column: { readonly current: Element | null }, place: number): ReadonlySignal<boolean> {
  const near = useContext(NearContext);
  const known = useMemo(() => signal(!near?.many || place < FIRST), [near]);
  useEffect(
    () => (near?.many && column.current ? near.watch(column.current, known) : undefined),
    [near, column, known],
  );
  return known;
}
