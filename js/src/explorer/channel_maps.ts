/** Thumbnails of single channels: they came with their picture, or are asked for when a detail is opened. */
import { type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import { ChannelMaps, type Picture } from "../core/payload";
import { Requests } from "../core/requests";

/** Neither: they are on their way. */
export interface ChannelsHere {
  maps?: ChannelMaps;
  error?: Error;
}

/** Only words wait for them, and who tries again asks anew. */
const PATIENCE_MS = 30_000;

export class Channels {
  readonly #requests: Requests;
  readonly #known = new WeakMap<Picture, Signal<ChannelsHere>>();
  readonly #asked = new WeakSet<Picture>();
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
    return content.version === (picture.version ?? 0) ? ChannelMaps.of(buffers[0] as DataView) : undefined;
  }
}
