import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import type { Painter } from "../core/painter";
import type { Theme } from "../core/theme";
import type { GameStore } from "./store";

export interface GameContext {
  store: GameStore;
  painter: Painter;
  theme: ReadonlySignal<Theme>;
  /** Put the focus on an element, unless the player works elsewhere on the page. */
  focus: (element: HTMLElement | null | undefined) => void;
}

/** Given by every game to its own parts; no two share it. */
export const Context = createContext<GameContext>(undefined as unknown as GameContext);
