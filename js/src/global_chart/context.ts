import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import type { Painter } from "../core/painter";
import type { Theme } from "../core/theme";
import type { Pictures } from "./pictures";
import type { ChartStore } from "./store";

export interface ChartContext {
  store: ChartStore;
  painter: Painter;
  pictures: Pictures;
  theme: ReadonlySignal<Theme>;
}

/** Given by every GlobalChart to its own parts; no two share it. */
export const Context = createContext<ChartContext>(undefined as unknown as ChartContext);
