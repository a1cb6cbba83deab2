/**
 * Thumbnails of single channels: they came with their picture, or are asked for when a detail is opened.
 *
 * Those that were asked for stay with their picture, as if they had come with it: they are saved with the notebook, and who
 * opens it without a kernel sees what was looked at.
 */
import { type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import { bytes, ChannelMaps, type Picture } from "../core/payload";
import { Requests } from "../core/requests";

/** Neither: they are on their way. */
export interface ChannelsHere {
  maps?: ChannelMaps;
  error?: Error;
}

/** Only words wait for them, and who tries again asks anew. */
const PATIENCE_MS = 30_000;

/** So many bytes stay with their pictures at most, those that came last: as many as come with a small run. */
export const KEPT_BYTES = 1_000_000;

export class Channels {
  readonly #requests: Requests;
  readonly #known = new WeakMap<Picture, Signal<ChannelsHere>>();
  readonly #asked = new WeakSet<Picture>();
  /** Bytes that stay with their picture, longest ago first. */
  readonly #kept = new Map<Picture, number>();
  /** The first is looked at, the others may be next. */
  #wanted: readonly Picture[] = [];
  #open = false;
  #disposed = false;

  constructor(model: Model) {
    this.#requests = new Requests(model);
  }

  /** What is here now; whoever reads it is told when it changes. */
  of(picture: Picture): ChannelsHere {
    return this.#signal(picture).value;
  }

  /** Ask for those that are not here, in this order and one after another; for the first even where that failed before. */
  want(pictures: readonly Picture[]): void {
    const [first] = pictures;
    if (first && this.#signal(first).peek().error) this.retry(first);
    this.#wanted = pictures;
    this.#next();
  }

  retry(picture: Picture): void {
    this.#asked.delete(picture);
    this.#signal(picture).value = {};
  }

  dispose(): void {
    this.#disposed = true;
    this.#requests.dispose();
  }

  #signal(picture: Picture): Signal<ChannelsHere> {
    let known = this.#known.get(picture);
    if (!known) {
      known = signal({});
      this.#known.set(picture, known);
    }
    return known;
  }

  #next(): void {
    const picture = this.#wanted.find((one) => !this.#asked.has(one));
    if (!picture || this.#open || this.#disposed) return;
    this.#open = true;
    this.#asked.add(picture);
    this.#find(picture)
      .then(
        (maps) => {
          // Where another run stands in its place meanwhile, this picture's successor is on its way.
          if (maps) this.#signal(picture).value = { maps };
        },
        (error: Error) => {
          this.#signal(picture).value = { error };
          this.#wanted = this.#wanted.slice(0, 1); // what nobody looks at yet is not worth another question
        },
      )
      .then(() => {
        this.#open = false;
        this.#next();
      });
  }

  async #find(picture: Picture): Promise<ChannelMaps | undefined> {
    if (picture.thumbnails !== undefined) return ChannelMaps.of(picture.thumbnails);
    const { content, buffers } = await this.#requests.ask({ kind: "channels", key: picture.key }, PATIENCE_MS);
    if (content.version !== (picture.version ?? 0)) return undefined;
    const found = buffers[0] as DataView;
    const maps = await ChannelMaps.of(found);
    this.#keep(picture, found);
    return maps;
  }

  #keep(picture: Picture, found: DataView): void {
    const record = (picture.sent ?? picture) as Picture;
    if (!Object.isExtensible(record)) return;
    // A copy: of a part of a longer buffer a notebook would be given the whole.
    const own = bytes(found).slice();
    record.thumbnails = new DataView(own.buffer);
    this.#kept.set(record, own.length);
    let size = 0;
    for (const one of this.#kept.values()) size += one;
    for (const [oldest, one] of this.#kept) {
      if (size <= KEPT_BYTES) break;
      size -= one;
      this.#kept.delete(oldest);
      delete oldest.thumbnails;
    }
  }
}
