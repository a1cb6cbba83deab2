import { createContext } from "preact";
import type { SynonymStore } from "./store";

export interface Context {
  readonly store: SynonymStore;
}

export const Context = createContext<Context>(undefined as unknown as Context);
