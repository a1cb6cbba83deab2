/** Thumbnails of pictures, decoded once, and small images of examples for the chart's marks. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { HeatCanvas, type Look, type Painter } from "../core/painter";
import { bytes } from "../core/payload";
import type { Images } from "./rows";
import type { ChartStore } from "./store";
import type { MapHead, PictureHead, Summary } from "./summary";

/** Pixels: twice what the chart shows. */
const SIZE = 56;

/** So many images are kept for the next search. */
const KEPT = 2000;

/** Painted at a time: a frame is not lost by them. */
const AT_ONCE = 6;

/** How examples are laid on their pictures. */
export function overlay(colourMap: string, opacity: number, dark: boolean): Look {
  return { mode: "overlay", colourMap, opacity, cut: 0, share: 20, paper: dark ? "#26282c" : "#eceef1" };
}

export class Pictures {
  /** By the place of the cluster map in the summary. */
  readonly images: ReadonlySignal<Images>;
  readonly #images = signal<Images>(new Map());
  readonly #store: ChartStore;
  readonly #painter: Painter;
  readonly #decoded = new Map<PictureHead, Promise<ImageBitmap>>();
  /** What the images are of. */
  #painted: { summary: Summary; key: string } | undefined;
  #turn = 0;

  constructor(store: ChartStore, painter: Painter) {
    this.#store = store;
    this.#painter = painter;
    this.images = this.#images;
  }

  /** A picture's thumbnail; undefined where it was not sent. */
  thumbnail(map: MapHead): Promise<ImageBitmap> | undefined {
    const picture = this.#store.summary.value.pictures[map.picture];
    if (picture?.thumbnail === undefined) return undefined;
    let decoded = this.#decoded.get(picture);
    if (!decoded) {
      decoded = createImageBitmap(new Blob([bytes(picture.thumbnail)], { type: picture.type ?? "image/webp" }));
      decoded.catch(() => this.#decoded.delete(picture));
      this.#decoded.set(picture, decoded);
    }
    return decoded;
  }

  /** Paint these examples, then say so, all at once; a later call ends an earlier one. What is painted already stays. */
  async paint(places: ReadonlySet<number>, look: Look): Promise<void> {
    const turn = ++this.#turn;
    const summary = this.#store.summary.value;
    const { maps } = summary;
    const key = JSON.stringify(look);
    const same = this.#painted?.summary === summary && this.#painted.key === key;
    const made = new Map(same && this.#images.value.size < KEPT ? this.#images.value : []);
    if (same && [...places].every((place) => made.has(place))) return;
    let drawn = 0;
    for (const place of places) {
      if (made.has(place)) continue;
      const map = maps[place];
      const cells = map && this.#store.cells(map);
      const image = map && cells && (await this.thumbnail(map));
      if (turn !== this.#turn) return;
      if (!map || !cells || !image) continue;
      made.set(place, this.#draw(map, cells, image, look));
      if (++drawn % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve));
      if (turn !== this.#turn) return;
    }
    this.#painted = { summary, key };
    this.#images.value = made;
  }

  dispose(): void {
    this.#turn = -1;
    for (const image of this.#decoded.values()) image.then((bitmap) => bitmap.close()).catch(() => {});
    this.#decoded.clear();
  }

  #draw(map: MapHead, cells: Uint8Array, image: ImageBitmap, look: Look): string {
    const canvas = document.createElement("canvas");
    const scale = SIZE / Math.max(image.width, image.height);
    const size = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
    const heat = { image, window: map.window, map: cells, mapWidth: map.width, mapHeight: map.height };
    new HeatCanvas(canvas, this.#painter).draw(heat, look, ...size);
    return canvas.toDataURL();
  }
}
