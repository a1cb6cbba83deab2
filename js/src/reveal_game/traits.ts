/** What a game shares with other views, what is its own, and what it shows before the kernel tells. */
import type { Screen, Settings } from "./screens";

/** Shared by all views on one State. */
export type Shared = { language: string; colour_map: string; opacity: number };

/** This game's own. */
export type Own = { height: number };

export const SHARED: Shared = { language: "en", colour_map: "viridis", opacity: 0.6 };
export const OWN: Own = { height: 680 };

export const SETTINGS: Settings = {
  game: "",
  title: "",
  information: null,
  consent: null,
  asks_nickname: false,
  player: null,
  categories: [],
  shares: [2, 4.5, 8, 13, 20, 30],
  seconds: null,
  features_required: true,
  max_labels: 20,
  max_label_length: 200,
  leaderboard: true,
  show_others: true,
  picture_size: 512,
};

export const OPENING: Screen = { kind: "opening", turn: 0 };
