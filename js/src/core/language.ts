/** The language of one view: of its own words and of those that it shares with others (the banner, errors). */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Translate, translator } from "./languages";
import type { Model } from "./model";

/** Given by each root; English where none is. */
export const Language = createContext<ReadonlySignal<Translate>>(signal(translator("en")));

/** The words in the view's language; who reads them is drawn again when it changes. */
export function useTranslate(): Translate {
  return useContext(Language).value;
}

export interface Followed {
  readonly t: ReadonlySignal<Translate>;
  dispose(): void;
}

/** Follow the language that a State names. */
export function followLanguage(state: Model): Followed {
  const named = signal(state.get("language") as string | null | undefined);
  const listener = () => {
    named.value = state.get("language") as string | null | undefined;
  };
  state.on("change:language", listener);
  return { t: computed(() => translator(named.value)), dispose: () => state.off("change:language", listener) };
}
