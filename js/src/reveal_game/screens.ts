/** What the kernel shows and answers: the game's protocol. Times in ms. */
import type { Bytes } from "../core/payload";

/** Constant while a widget lives. */
export interface Settings {
  /** Names this game's entries in the browser's storage. */
  game: string;
  title: string;
  information: string | null;
  consent: string | null;
  asks_nickname: boolean;
  player: string | null;
  /** All classes, sorted. */
  categories: string[];
  /** Per cent of the picture shown at each step. */
  shares: number[];
  /** Of a round; null: not timed. */
  seconds: number | null;
  features_required: boolean;
  max_labels: number;
  max_label_length: number;
  leaderboard: boolean;
  show_others: boolean;
  picture_size: number;
}

export interface Score {
  points: number;
  wins: number;
  losses: number;
  resigns: number;
  streak: number;
  best_streak: number;
}

export type Need = "information" | "consent" | "nickname";

interface Turn {
  /** Grows with each screen. */
  turn: number;
}

/** Nothing came from the kernel yet. */
export interface OpeningScreen extends Turn {
  kind: "opening";
}

export interface WelcomeScreen extends Turn {
  kind: "welcome";
  needs: Need[];
  n_maps: number;
  status: string;
}

export interface RoundScreen extends Turn {
  kind: "round";
  round: string;
  number: number;
  of: number | null;
  step: number;
  /** Not while paused. */
  image?: Bytes | null;
  image_type?: string;
  width: number;
  height: number;
  choices: string[] | null;
  left_ms: number | null;
  paused: boolean;
  score: Score | null;
}

export type Outcome = "won" | "lost" | "resigned";

export interface ResultScreen extends Turn {
  kind: "result";
  round: string;
  number: number;
  of: number | null;
  outcome: Outcome;
  guess: string | null;
  truth: string;
  points: number;
  step: number;
  image: Bytes;
  image_type: string;
  width: number;
  height: number;
  /** What the network saw: left, top, width, height as shares of the picture. */
  window: number[];
  map: Bytes;
  map_height: number;
  map_width: number;
  picture: string;
  layer_title: string;
  weight: number | null;
  labels: string[];
  language: string;
  others: { text: string; players: number }[];
  n_others: number;
  withdrawn: boolean;
  corrected: boolean;
  score: Score | null;
  last: boolean;
}

export interface WaitingScreen extends Turn {
  kind: "waiting";
  reason: string;
  score: Score | null;
}

export interface EndScreen extends Turn {
  kind: "end";
  reason: "queue" | "rounds" | "ended" | "declined";
  score: Score | null;
  can_continue: boolean;
  skipped: number;
  n_played: number;
}

export interface TroubleScreen extends Turn {
  kind: "trouble";
  code: string;
  message: string;
  retry: boolean;
}

export type Screen =
  | OpeningScreen
  | WelcomeScreen
  | RoundScreen
  | ResultScreen
  | WaitingScreen
  | EndScreen
  | TroubleScreen;

export interface LeaderboardRow {
  nickname: string;
  points: number;
  rounds: number;
  wins: number;
  you: boolean;
}

export interface LeaderboardAnswer {
  leaderboard: LeaderboardRow[];
  /** Whether this player stands on it. */
  on: boolean;
}

export interface StatisticsAnswer extends Score {
  rounds: number;
  mean_step_of_wins: number | null;
  best_points: number | null;
  seconds_median: number | null;
  by_layer: { layer_title: string; rounds: number; wins: number }[];
  labels: number;
}
