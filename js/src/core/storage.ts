/**
 * What a browser keeps between visits: localStorage where there is one, else memory (frames without storage, as in Colab).
 */

export interface Storage {
  /** Whether what is kept outlives the page. */
  readonly durable: boolean;
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** All keys that start so, in no order. */
  keys(prefix: string): string[];
}

export class MemoryStorage implements Storage {
  readonly durable = false;
  readonly #values = new Map<string, string>();

  get(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#values.set(key, value);
  }

  remove(key: string): void {
    this.#values.delete(key);
  }

  keys(prefix: string): string[] {
    return [...this.#values.keys()].filter((key) => key.startsWith(prefix));
  }
}

/** The page's storage; what it refuses (it is full, or forbidden) stays in memory and is found there. */
export class PageStorage implements Storage {
  readonly #area: globalThis.Storage;
  readonly #memory = new MemoryStorage();
  #durable = true;

  constructor(area: globalThis.Storage) {
    this.#area = area;
  }

  get durable(): boolean {
    return this.#durable;
  }

  get(key: string): string | null {
    const kept = this.#memory.get(key);
    if (kept !== null) return kept;
    try {
      return this.#area.getItem(key);
    } catch {
      return null;
    }
  }

  set(key: string, value: string): void {
    try {
      this.#area.setItem(key, value);
      this.#memory.remove(key);
    } catch {
      this.#durable = false;
      this.#memory.set(key, value);
    }
  }

  remove(key: string): void {
    this.#memory.remove(key);
    try {
      this.#area.removeItem(key);
    } catch {
      // Nothing is kept there.
    }
  }

  keys(prefix: string): string[] {
    const found = new Set(this.#memory.keys(prefix));
    try {
      for (let i = 0; i < this.#area.length; i++) {
        const key = this.#area.key(i);
        if (key?.startsWith(prefix)) found.add(key);
      }
    } catch {
      // Nothing is kept there.
    }
    return [...found];
  }
}

/** This page's storage: "local" outlives the tab, "session" does not. */
export function pageStorage(kind: "local" | "session" = "local"): Storage {
  try {
    // Even looking at it throws in a sandboxed frame.
    const area = kind === "local" ? globalThis.localStorage : globalThis.sessionStorage;
    if (!area) return new MemoryStorage();
    const probe = "inv-widgets:probe";
    area.setItem(probe, "1");
    area.removeItem(probe);
    return new PageStorage(area);
  } catch {
    return new MemoryStorage();
  }
}
