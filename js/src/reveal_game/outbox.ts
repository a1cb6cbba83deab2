/**
 * Answers on their way to the store: never lost, never doubled.
 *
 * An answer is put into the browser's storage before it is sent, and removed when the kernel says that it is committed: reloads,
 * restarts of the kernel and a store that is busy or gone leave it there. Sent twice it counts once, because the round is its
 * idempotency key. What the store refuses for good stays too, so that the words can be copied.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { RequestError } from "../core/requests";
import type { Storage } from "../core/storage";

export interface Action {
  kind: string;
  /** Seconds since the round was first shown. */
  at: number;
  value: string | number | string[] | null;
}

export interface AnswerMessage extends Record<string, unknown> {
  kind: "answer";
  round: string;
  guess: string | null;
  resigned: boolean;
  labels: string[];
  language: string;
  actions: Action[];
  seconds: number;
  timeout?: boolean;
}

export interface Entry {
  /** Who gave the answer; null where the game does not say. */
  player: string | null;
  /** When, in ms since 1970. */
  made: number;
  message: AnswerMessage;
}

export interface Delivery {
  readonly entry: Entry;
  /** "kept": the store refuses it for good, or it is another player's. */
  readonly state: "saving" | "waiting" | "kept";
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

export interface Post {
  storage: Storage;
  /** Start of the keys in the storage. */
  prefix: string;
  /** Resolves with the kernel's answer once the round is committed; rejects with a RequestError. */
  send: (message: AnswerMessage) => Promise<Record<string, unknown>>;
  /** Whether the kernel is there and knows a player. */
  ready: () => boolean;
  player: () => string | null;
}

/** Pauses between attempts, ms. */
export const PAUSES = [2_000, 4_000, 8_000, 15_000, 30_000] as const;

/** What can come right by itself: the store's troubles, a kernel that has not met the player yet, what nobody foresaw. */
function mayComeRight(code: string | undefined): boolean {
  return code === undefined || code.startsWith("store-") || ["player-unknown", "not-entered", "unknown"].includes(code);
}

export class Outbox {
  readonly deliveries: ReadonlySignal<ReadonlyMap<string, Delivery>>;
  /** Rounds that were committed since the page was opened. */
  readonly saved: ReadonlySignal<ReadonlySet<string>>;
  /** Answers that are not saved yet, the oldest first. */
  readonly pending: ReadonlySignal<Delivery[]>;
  readonly #deliveries = signal<ReadonlyMap<string, Delivery>>(new Map());
  readonly #saved = signal<ReadonlySet<string>>(new Set());
  readonly #post: Post;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #working = false;
  #again = false;
  #disposed = false;

  constructor(post: Post) {
    this.#post = post;
    this.deliveries = this.#deliveries;
    this.saved = this.#saved;
    this.pending = computed(() => [...this.#deliveries.value.values()]);
    this.#load();
  }

  /** Keep an answer and send it. The first answer to a round stands: a second one changes nothing. */
  put(message: AnswerMessage): void {
    if (this.has(message.round)) return;
    const entry: Entry = { player: this.#post.player(), made: Date.now(), message };
    this.#post.storage.set(this.#key(message.round), JSON.stringify(entry));
    this.#mark({ entry, state: "saving" });
    this.flush();
  }

  has(round: string): boolean {
    return this.#deliveries.peek().has(round) || this.#saved.peek().has(round);
  }

  /** Try everything now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#again = this.#working;
    if (!this.#working) void this.#work();
  }

  /** Try what was refused once more, too. */
  retry(): void {
    for (const delivery of this.#deliveries.peek().values()) {
      if (delivery.state === "kept") this.#mark({ entry: delivery.entry, state: "waiting" });
    }
    this.#failures = 0;
    this.flush();
  }

  /** The kernel shows this round's result: it is committed, whoever said so first. */
  confirm(round: string): void {
    if (!this.#deliveries.peek().has(round)) return;
    this.#remove(round);
    this.#saved.value = new Set(this.#saved.peek()).add(round);
  }

  /** Throw an answer away; only ever on the player's own wish. */
  dismiss(round: string): void {
    this.#remove(round);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #work(): Promise<void> {
    this.#working = true;
    let failed = false;
    try {
      do {
        this.#again = false;
        failed = await this.#round();
      } while (this.#again && !this.#disposed);
    } finally {
      this.#working = false;
    }
    if (failed && !this.#disposed) {
      const pause = PAUSES[Math.min(this.#failures, PAUSES.length) - 1] ?? PAUSES[0];
      // A whole class reconnects at once: not all in the same moment.
      this.#timer = setTimeout(() => this.flush(), pause * (0.85 + 0.3 * Math.random()));
    }
  }

  /** Try each once; whether one has to be tried again. */
  async #round(): Promise<boolean> {
    for (const { entry, state } of [...this.#deliveries.peek().values()]) {
      const { round } = entry.message;
      if (state === "kept" || !this.#deliveries.peek().has(round)) continue;
      const player = this.#post.player();
      if (!this.#post.ready()) {
        this.#mark({ entry, state: "waiting", code: "not-connected" });
        continue;
      }
      if (entry.player !== null && player !== null && entry.player !== player) {
        this.#mark({ entry, state: "kept", code: "other-player" });
        continue;
      }
      if (state !== "saving") this.#mark({ ...this.#deliveries.peek().get(round), entry, state: "saving" });
      try {
        const answer = await this.#post.send(entry.message);
        if (this.#disposed) return false;
        if (answer.saved !== true) throw new RequestError("The answer was not saved.", "no-answer", true);
        this.#failures = 0;
        this.confirm(round);
      } catch (error) {
        if (this.#disposed) return false;
        const code = error instanceof RequestError ? error.code : undefined;
        const reason = error instanceof Error ? error.message : String(error);
        const forGood = error instanceof RequestError && !error.retry && !mayComeRight(code);
        if (!this.#deliveries.peek().has(round)) continue;
        this.#mark({ entry, state: forGood ? "kept" : "waiting", code, reason });
        if (forGood) continue;
        this.#failures += 1;
        // The others would fare no better.
        return true;
      }
    }
    return false;
  }

  #load(): void {
    const { storage } = this.#post;
    const entries: Entry[] = [];
    for (const key of storage.keys(this.#key(""))) {
      try {
        const entry = JSON.parse(storage.get(key) ?? "") as Entry;
        if (typeof entry.message?.round === "string") entries.push(entry);
      } catch {
        // Not ours.
      }
    }
    entries.sort((a, b) => a.made - b.made);
    this.#deliveries.value = new Map(
      entries.map((entry) => [entry.message.round, { entry, state: "waiting" as const, code: "not-connected" }]),
    );
  }

  #mark(delivery: Delivery): void {
    this.#deliveries.value = new Map(this.#deliveries.peek()).set(delivery.entry.message.round, delivery);
  }

  #remove(round: string): void {
    this.#post.storage.remove(this.#key(round));
    const deliveries = new Map(this.#deliveries.peek());
    deliveries.delete(round);
    this.#deliveries.value = deliveries;
  }

  /** A key an answer: two tabs that write at once cannot lose each other's. */
  #key(round: string): string {
    return `${this.#post.prefix}outbox:${round}`;
  }
}
