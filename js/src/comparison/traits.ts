/** What a Comparison shares with other views, and what is its own. */
import type { Mode } from "../core/painter";
import type { About, Head } from "./data";
import type { Signs } from "./maps";

/** Shared by all views on one State. */
export type Shared = {
  picture: string | null;
  target: string | null;
  cluster_map: string | null;
  colour_map: string;
  opacity: number;
  language: string;
};

/** This Comparison's own. */
export type Own = {
  view: Mode;
  share: number;
  signs: Signs;
  outline: boolean;
  cell_size: number;
  /** Null: the first three. */
  metrics: string[] | null;
  hidden_methods: string[];
  sort_methods: string | null;
  sort_pictures: string | null;
  height: number;
};

/** What the kernel alone says. */
export type Told = { _about: About; _added: Head[] };

export const SHARED: Shared = {
  picture: null,
  target: null,
  cluster_map: null,
  colour_map: "viridis",
  opacity: 0.6,
  language: "en",
};

export const OWN: Own = {
  view: "overlay",
  share: 20,
  signs: "both",
  outline: true,
  cell_size: 144,
  metrics: null,
  hidden_methods: [],
  sort_methods: null,
  sort_pictures: null,
  height: 720,
};

export const TOLD: Told = {
  _about: { network: "", methods: [], measures: [], summary: {}, live: false, categories: [], largest: 0 },
  _added: [],
};

/** What a view remembers when it is drawn again; nothing that Python must know. */
export interface Memory {
  scrollLeft: number;
  scrollTop: number;
}

export const newMemory = (): Memory => ({ scrollLeft: 0, scrollTop: 0 });
