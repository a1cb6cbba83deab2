/** Open rounds as the browser keeps them: a reload or a restarted kernel loses nothing that was chosen or typed. */
import type { Storage } from "../core/storage";
import type { Action } from "./outbox";

/** What undo takes back. */
export interface Choice {
  readonly guess: string | null;
  readonly labels: readonly string[];
  readonly resigned: boolean;
}

export interface Draft {
  began: number;
  choice: Choice;
  past: Choice[];
  future: Choice[];
  actions: Action[];
  language: string;
  guessText: string;
  featureText: string;
  step: number;
  paused: boolean;
}

export interface Keeping {
  storage: Storage;
  prefix: string;
}

/** Drafts of rounds that were never answered are not kept for ever. */
const DRAFT_DAYS = 14;

export function readDraft({ storage, prefix }: Keeping, round: string): Draft | undefined {
  try {
    const draft = JSON.parse(storage.get(`${prefix}draft:${round}`) ?? "null") as Draft | null;
    return draft !== null && Array.isArray(draft.actions) && Array.isArray(draft.choice?.labels) ? draft : undefined;
  } catch {
    return undefined;
  }
}

export function keepDraft({ storage, prefix }: Keeping, round: string, draft: Draft): void {
  storage.set(`${prefix}draft:${round}`, JSON.stringify(draft));
}

export function forgetDraft({ storage, prefix }: Keeping, round: string): void {
  storage.remove(`${prefix}draft:${round}`);
}

export function forgetDrafts({ storage, prefix }: Keeping): void {
  for (const key of storage.keys(`${prefix}draft:`)) storage.remove(key);
}

/** Throw away drafts that nobody came back to. */
export function pruneDrafts({ storage, prefix }: Keeping, now = Date.now()): void {
  for (const key of storage.keys(`${prefix}draft:`)) {
    let began = 0;
    try {
      began = (JSON.parse(storage.get(key) ?? "{}") as Partial<Draft>).began ?? 0;
    } catch {
      // Not readable: not worth keeping.
    }
    if (now - began > DRAFT_DAYS * 86_400_000) storage.remove(key);
  }
}
