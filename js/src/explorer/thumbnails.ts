/** The thumbnails of a run: those that came with their pictures; the others are asked for when they come into sight. */
import { signal } from "@preact/signals";
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
  /** Addresses by key, longest unseen first. */
  readonly #urls = new Map<string, string>();
  readonly #failed = new Set<string>();
  /** The question that is open; what is forgotten meanwhile is taken out. */
  readonly #asked = new Set<string>();
  readonly #came = signal(0);
  #wanted: readonly string[] = [];
  #disposed = false;

  constructor(model: Model) {
    this.#requests = new Requests(model);
  }

  /** An address, or undefined as long as it is not here. */
  url(head: Head): string | undefined {
    if (head.withheld) return undefined;
    this.#came.value; // whoever draws it draws anew when more have come
    const url = this.#urls.get(head.key);
    if (url !== undefined) {
      this.#urls.delete(head.key);
      this.#urls.set(head.key, url);
      return url;
    }
    return head.thumbnail === undefined ? undefined : this.#keep(head.key, head.thumbnail);
  }

  /** Tell what is in sight now. One question is open at a time, and what was scrolled past meanwhile is not asked for. */
  want(heads: readonly Head[]): void {
    this.#wanted = heads.filter((head) => !head.withheld && head.thumbnail === undefined).map(({ key }) => key);
    // What failed is asked for again when it comes into sight again.
    for (const key of this.#failed) if (!this.#wanted.includes(key)) this.#failed.delete(key);
    this.#ask();
  }

  forget(key: string): void {
    const url = this.#urls.get(key);
    if (url !== undefined) URL.revokeObjectURL(url);
    this.#urls.delete(key);
    this.#asked.delete(key);
    this.#failed.delete(key);
  }

  dispose(): void {
    this.#disposed = true;
    this.#requests.dispose();
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }

  #open = false;

  #ask(): void {
    if (this.#open || this.#disposed) return;
    const missing = this.#wanted.filter((key) => !this.#urls.has(key) && !this.#failed.has(key));
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
    keys.forEach((key, i) => {
      const thumbnail = buffers[i];
      if (this.#asked.delete(key) && thumbnail !== undefined) this.#keep(key, thumbnail);
    });
    for (const key of this.#asked) this.#failed.add(key);
    this.#asked.clear();
    this.#came.value++;
    this.#ask();
  }

  #keep(key: string, thumbnail: Bytes): string {
    const url = URL.createObjectURL(new Blob([bytes(thumbnail)], { type: "image/webp" }));
    this.#urls.set(key, url);
    if (this.#urls.size > KEPT_THUMBNAILS) {
      const [[oldest, address]] = this.#urls as unknown as [[string, string]];
      URL.revokeObjectURL(address);
      this.#urls.delete(oldest);
    }
    return url;
  }
}
