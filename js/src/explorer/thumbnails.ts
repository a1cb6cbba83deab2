/** The thumbnails of a run: those that came with their pictures; the others are asked for when they come into sight. */
import { batch, type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import { type Bytes, bytes } from "../core/payload";
import { Requests } from "../core/requests";
import type { Head } from "./pictures";

/** How many stay; about 2 kB each. */
export const KEPT_THUMBNAILS = 600;
/** Asked for together: a group is there at once, and who scrolls on does not wait for a long one. */
export const AT_ONCE = 24;

export class Thumbnails {
  readonly #requests: Requests;
  /** Addresses by key, longest unseen first. Whoever draws one that is not here draws anew when it has come. */
  readonly #urls = new Map<string, Signal<string | undefined>>();
  readonly #failed = new Set<string>();
  /** The question that is open; what is forgotten meanwhile is taken out. */
  readonly #asked = new Set<string>();
  #wanted: readonly string[] = [];
  #open = false;
  #disposed = false;

  constructor(model: Model) {
    this.#requests = new Requests(model);
  }

  /** An address, or undefined as long as it is not here. */
  url(head: Head): string | undefined {
    if (head.withheld) return undefined;
    const url = this.#urls.get(head.key) ?? signal(undefined);
    this.#urls.delete(head.key);
    this.#urls.set(head.key, url);
    this.#letGo();
    if (url.peek() === undefined && head.thumbnail !== undefined) url.value = address(head.thumbnail);
    return url.value;
  }

  /** Tell what is in sight now. One question is open at a time, and what was scrolled past meanwhile is not asked for. */
  want(heads: readonly Head[]): void {
    this.#wanted = heads.filter((head) => !head.withheld && head.thumbnail === undefined).map(({ key }) => key);
    // What failed is asked for again when it comes into sight again.
    for (const key of this.#failed) if (!this.#wanted.includes(key)) this.#failed.delete(key);
    this.#ask();
  }

  forget(key: string): void {
    this.#remove(key);
    this.#asked.delete(key);
    this.#failed.delete(key);
  }

  dispose(): void {
    this.#disposed = true;
    this.#requests.dispose();
    for (const key of [...this.#urls.keys()]) this.#remove(key);
  }

  #ask(): void {
    if (this.#open || this.#disposed) return;
    const missing = this.#wanted.filter((key) => this.#urls.get(key)?.peek() === undefined && !this.#failed.has(key));
    const keys = missing.slice(0, AT_ONCE);
    if (keys.length === 0) return;
    this.#open = true;
    for (const key of keys) this.#asked.add(key);
    this.#requests.ask({ kind: "thumbnails", keys }).then(
      ({ content, buffers }) => this.#answered(content.keys as string[], buffers),
      () => this.#answered([], []),
    );
  }

  #answered(keys: readonly string[], buffers: readonly Bytes[]): void {
    this.#open = false;
    if (this.#disposed) return;
    batch(() => {
      keys.forEach((key, i) => {
        const thumbnail = buffers[i];
        if (this.#asked.delete(key) && thumbnail !== undefined) this.#keep(key, thumbnail);
      });
    });
    for (const key of this.#asked) this.#failed.add(key);
    this.#asked.clear();
    this.#ask();
  }

  #keep(key: string, thumbnail: Bytes): void {
    const url = this.#urls.get(key) ?? signal(undefined);
    if (url.peek() === undefined) url.value = address(thumbnail);
    this.#urls.set(key, url);
    this.#letGo();
  }

  #letGo(): void {
    for (const key of this.#urls.keys()) {
      if (this.#urls.size <= KEPT_THUMBNAILS) break;
      this.#remove(key);
    }
  }

  #remove(key: string): void {
    const url = this.#urls.get(key);
    this.#urls.delete(key);
    if (url?.peek() === undefined) return;
    URL.revokeObjectURL(url.peek() as string);
    url.value = undefined;
  }
}

function address(thumbnail: Bytes): string {
  return URL.createObjectURL(new Blob([bytes(thumbnail)], { type: "image/webp" }));
}
