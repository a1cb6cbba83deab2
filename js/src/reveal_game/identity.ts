/** Who plays in this browser: nicknames and the secrets that prove them, kept after consent. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Storage } from "../core/storage";

interface Kept {
  current: string | null;
  /** By folded nickname: several people may share a computer. */
  secrets: Record<string, string>;
  /** Who chose to stand on the leaderboard, by folded nickname. */
  ranked: Record<string, boolean>;
}

export class Identity {
  /** Who played here last; undefined: nobody did. */
  readonly remembered: ReadonlySignal<string | undefined>;
  readonly #remembered = signal<string | undefined>(undefined);
  readonly #storage: Storage;
  readonly #session: Storage;
  readonly #prefix: string;
  /** Made for a nickname that is not accepted yet: a second attempt must not look like another person's. */
  readonly #proposed = new Map<string, string>();

  constructor(storage: Storage, session: Storage, prefix: string) {
    this.#storage = storage;
    this.#session = session;
    this.#prefix = prefix;
    this.remembered = this.#remembered;
    this.#remembered.value = this.#read().current ?? undefined;
  }

  /** Whether this very tab was playing before it was reloaded. */
  get playsHere(): boolean {
    const here = this.#session.get(`${this.#prefix}here`);
    return here !== null && here === this.#remembered.value;
  }

  secret(nickname: string): string {
    const key = fold(nickname);
    const secret = this.#read().secrets[key] ?? this.#proposed.get(key) ?? newSecret();
    this.#proposed.set(key, secret);
    return secret;
  }

  /** Whether a player chose to stand on the leaderboard. */
  ranked(nickname: string): boolean {
    return this.#read().ranked[fold(nickname)] ?? false;
  }

  rank(nickname: string, on: boolean): void {
    const kept = this.#read();
    kept.ranked[fold(nickname)] = on;
    this.#write(kept);
  }

  remember(nickname: string): void {
    const kept = this.#read();
    kept.secrets[fold(nickname)] = this.secret(nickname);
    kept.current = nickname;
    this.#write(kept);
    this.#session.set(`${this.#prefix}here`, nickname);
  }

  /** Somebody else sits down; the last one's secret stays. */
  leave(): void {
    this.#session.remove(`${this.#prefix}here`);
    this.#write({ ...this.#read(), current: null });
  }

  forget(nickname: string): void {
    const kept = this.#read();
    delete kept.secrets[fold(nickname)];
    delete kept.ranked[fold(nickname)];
    this.#proposed.delete(fold(nickname));
    this.#session.remove(`${this.#prefix}here`);
    this.#write({ ...kept, current: null });
  }

  #read(): Kept {
    try {
      const kept = JSON.parse(this.#storage.get(`${this.#prefix}player`) ?? "{}") as Partial<Kept>;
      return { current: kept.current ?? null, secrets: { ...kept.secrets }, ranked: { ...kept.ranked } };
    } catch {
      return { current: null, secrets: {}, ranked: {} };
    }
  }

  #write(kept: Kept): void {
    const key = `${this.#prefix}player`;
    if (kept.current === null && Object.keys(kept.secrets).length === 0) this.#storage.remove(key);
    else this.#storage.set(key, JSON.stringify(kept));
    this.#remembered.value = kept.current ?? undefined;
  }
}

function fold(nickname: string): string {
  return nickname.trim().normalize("NFKC").toLowerCase();
}

/** 128 random bits; crypto.getRandomValues exists on plain http too, crypto.randomUUID does not. */
function newSecret(): string {
  const numbers = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(numbers, (number) => number.toString(16).padStart(2, "0")).join("");
}
