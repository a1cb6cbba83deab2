import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import type { RowObserver } from "./grid";

export interface GridState {
  /** Keys of rows near what is in sight. */
  near: ReadonlySignal<ReadonlySet<string>>;
  observer: RowObserver;
  /** So few rows that all are drawn. */
  all: boolean;
}

export const GridContext = createContext<GridState>(undefined as unknown as GridState);
