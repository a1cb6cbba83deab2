import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import type { Painter } from "../core/painter";
import type { Theme } from "../core/theme";
import type { Store } from "./store";

export interface ComparisonContext {
  store: Store;
  painter: Painter;
  theme: ReadonlySignal<Theme>;
  /** Whether files can be asked of a kernel. */
  alive: ReadonlySignal<boolean>;
  /** Whether there ever was a kernel. */
  page: boolean;
}

/** Given by every Comparison to its own parts; no two share it. */
export const Context = createContext<ComparisonContext>(undefined as unknown as ComparisonContext);
