/** What an Explorer shares with other views, what is its own, and what it remembers when it is drawn again. */
import type { Mode } from "../core/painter";
import type { Groups } from "./layers";

/** Shared by all views on one State. */
export type Shared = {
  picture: string | null;
  target: string | null;
  layer: string | null;
  cluster_map: string | null;
  label: string | null;
  group: string | null;
  layers: string[];
  groups: Groups;
  colour_map: string;
  opacity: number;
  language: string;
};

/** This Explorer's own. */
export type Own = {
  view: Mode;
  share: number;
  cut: number;
  /** Null: as wide as fits. */
  card_size: number | null;
  hidden_layers: string[];
  height: number;
};

/** What a view remembers when it is drawn again; nothing that Python must know. */
export interface Memory {
  scrollLeft: number;
  scrollTop: number;
  stripLeft: number;
  search: string;
}

export const newMemory = (): Memory => ({ scrollLeft: 0, scrollTop: 0, stripLeft: 0, search: "" });

export const SHARED: Shared = {
  picture: null,
  target: null,
  layer: null,
  cluster_map: null,
  label: null,
  group: null,
  layers: [],
  groups: {},
  colour_map: "viridis",
  opacity: 0.6,
  language: "en",
};

export const OWN: Own = { view: "overlay", share: 20, cut: 0, card_size: null, hidden_layers: [], height: 680 };
