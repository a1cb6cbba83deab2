/** The game's questions to the kernel: what is under way, what went wrong, and a busy store that is asked again by itself. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { errorText, type Translate } from "../core/languages";
import type { Model } from "../core/model";
import { RequestError, Requests } from "../core/requests";

/** Something went wrong, in words for the player. */
export interface Notice {
  words: string;
  /** Undefined: nothing would come of trying again. */
  retry: (() => void) | undefined;
}

/** How long a question may take before the player is told. */
const PATIENCE_MS = 20_000;

/** A busy store is asked again by itself, ms. */
const AGAIN = [700, 1_500, 3_000, 6_000] as const;

export class Asking {
  /** Kinds of the questions that are under way. */
  readonly busy: ReadonlySignal<ReadonlySet<string>>;
  readonly notice: Signal<Notice | undefined> = signal(undefined);
  readonly #busy = signal<ReadonlySet<string>>(new Set());
  readonly #requests: Requests;
  readonly #t: ReadonlySignal<Translate>;
  readonly #turn: () => number;
  #disposed = false;

  /** `turn` is that of the screen: what was asked on an earlier one is of no interest any more. */
  constructor(model: Model, t: ReadonlySignal<Translate>, turn: () => number) {
    this.#requests = new Requests(model);
    this.#t = t;
    this.#turn = turn;
    this.busy = this.#busy;
  }

  /** The kernel's answer, or a RequestError whose words() are for the player. */
  async ask(message: Record<string, unknown>, patience = PATIENCE_MS): Promise<Record<string, unknown>> {
    return (await this.#requests.ask(message, patience)).content;
  }

  /** What an error says, in the player's language. */
  words(error: unknown): string {
    const code = error instanceof RequestError ? error.code : undefined;
    return errorText(this.#t.value, code, error instanceof Error ? error.message : String(error));
  }

  /** Ask, and tell the player what went wrong. The same question is not asked twice at once. */
  async do(message: { kind: string } & Record<string, unknown>, done?: () => void): Promise<void> {
    const { kind } = message;
    if (this.#busy.peek().has(kind)) return;
    const turn = this.#turn();
    const outdated = () => this.#disposed || this.#turn() !== turn;
    this.#busy.value = new Set(this.#busy.value).add(kind);
    this.notice.value = undefined;
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          await this.ask(message);
          done?.();
          return;
        } catch (error) {
          if (outdated()) return;
          const asked = error instanceof RequestError && error.retry;
          const pause = asked && error.code?.startsWith("store-") ? AGAIN[attempt] : undefined;
          const retry = asked ? () => void this.do(message, done) : undefined;
          this.notice.value = { words: this.words(error), retry: pause === undefined ? retry : undefined };
          if (pause === undefined) return;
          await new Promise((resolve) => setTimeout(resolve, pause));
          if (outdated()) return;
        }
      }
    } finally {
      const busy = new Set(this.#busy.value);
      busy.delete(kind);
      this.#busy.value = busy;
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#requests.dispose();
  }
}
