/** What the kernel tells the host: numbers only, no answers. */

export type Status = "running" | "paused" | "ended";

export const FORMATS = ["csv", "jsonl", "parquet"] as const;
export type Format = (typeof FORMATS)[number];

/** The cluster maps of one picture in one layer. */
export interface Cell {
  maps: number;
  /** Maps with at least one round. */
  played: number;
  rounds: number;
}

export interface Coverage {
  /** Of a large run, those with the most rounds; `numbers`: their places among all, from 1. */
  pictures: string[];
  numbers: number[];
  n_pictures: number;
  layers: string[];
  /** A row a picture, a cell a layer; null where a picture has no map in a layer. */
  cells: (Cell | null)[][];
}

export interface Ranked {
  nickname: string;
  points: number;
  rounds: number;
  wins: number;
}

export interface Player {
  /** Where merged stores have two players of one nickname, this tells them apart. */
  id?: string;
  nickname: string;
  rounds: number;
  /** ISO 8601, UTC. */
  last_seen: string;
}

export interface Desk {
  /** Grows with each message; 0: nothing came yet. */
  turn: number;
  title: string;
  status: Status;
  link: string | null;
  /** Modules of the link's QR code, 1 is dark. */
  qr: number[][] | null;
  n_players: number;
  n_active: number;
  n_rounds: number;
  won: number;
  lost: number;
  resigned: number;
  skipped: number;
  withdrawn: number;
  labels: number;
  n_maps: number;
  n_played: number;
  n_retired: number;
  retire_after: number | null;
  median_seconds: number | null;
  coverage: Coverage;
  agreement: {
    /** Right guesses among all guesses. */
    guess_right: number | null;
    /** Of the pairs of players who played a same part: those who gave the same guess, and those who gave a same word. */
    same_guess?: number | null;
    shared_label: number | null;
    pairs: number;
  };
  leaderboard: Ranked[];
  players: Player[];
  trouble: { code: string; message: string } | null;
}

const NOTHING: Desk = {
  turn: 0,
  title: "",
  status: "running",
  link: null,
  qr: null,
  n_players: 0,
  n_active: 0,
  n_rounds: 0,
  won: 0,
  lost: 0,
  resigned: 0,
  skipped: 0,
  withdrawn: 0,
  labels: 0,
  n_maps: 0,
  n_played: 0,
  n_retired: 0,
  retire_after: null,
  median_seconds: null,
  coverage: { pictures: [], numbers: [], n_pictures: 0, layers: [], cells: [] },
  agreement: { guess_right: null, shared_label: null, pairs: 0 },
  leaderboard: [],
  players: [],
  trouble: null,
};

/** What the kernel sent, with nothing for what it left out. */
export function readDesk(sent: unknown): Desk {
  return { ...NOTHING, ...(sent as Partial<Desk> | null | undefined) };
}
