import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import type { Painter } from "../core/painter";
import type { Theme } from "../core/theme";
import type { Store } from "./store";

export interface ExplorerContext {
  store: Store;
  painter: Painter;
  theme: ReadonlySignal<Theme>;
  /** Whether a kernel can be asked. */
  alive: ReadonlySignal<boolean>;
}

/** Given by every Explorer to its own parts; no two share it. */
export const Context = createContext<ExplorerContext>(undefined as unknown as ExplorerContext);
