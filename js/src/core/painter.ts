/**
 * Draws heat maps on canvases, when they are seen and when there is time.
 *
 * One painter a view. A canvas keeps its enlarged field and its coloured layer, so that a new opacity costs two `drawImage`.
 */
import { lookUpTable } from "./colour_maps";
import {
  colour,
  diverging,
  edgeWidth,
  enlarge,
  type Field,
  layOn,
  type Rectangle,
  soften,
  topMask,
  windowOn,
} from "./heat_maps";

export type Mode = "overlay" | "mask" | "map";

export interface Look {
  readonly mode: Mode;
  readonly colourMap: string;
  readonly opacity: number;
  /** 0..1 of the map's range: what lies under it is clear. */
  readonly cut: number;
  /** Per cent of the window's pixels that the mask shows. */
  readonly share: number;
  /** What stands where there is no picture. */
  readonly paper: string;
}

export interface HeatMap {
  readonly image: ImageBitmap;
  readonly window: readonly number[];
  /** 0..255 */
  readonly map: Uint8Array | Float32Array;
  readonly mapWidth: number;
  readonly mapHeight: number;
  /** Enlarged bilinearly, and its mask has a hard edge: what is seen is what is measured. */
  readonly exact?: boolean;
  /** 127.5 is nought: two colours, for and against. */
  readonly signed?: boolean;
}

/** Spent on drawing in one frame; the rest of the 16 ms is the browser's. */
const BUDGET_MS = 7;

export class Painter {
  readonly #jobs = new Map<HTMLCanvasElement, () => void>();
  readonly #seen = new WeakSet<Element>();
  readonly #waiting = new Map<Element, () => void>();
  readonly #observer: IntersectionObserver;
  readonly #onError: (error: unknown) => void;
  readonly #scaled = new WeakMap<ImageBitmap, Map<string, HTMLCanvasElement>>();
  #frame = 0;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#observer = new IntersectionObserver(this.#onSeen, { rootMargin: "160px" });
  }

  watch(canvas: HTMLCanvasElement): () => void {
    this.#observer.observe(canvas);
    return () => {
      this.#observer.unobserve(canvas);
      this.#jobs.delete(canvas);
      this.#waiting.delete(canvas);
    };
  }

  /** Draw on `canvas` when it is seen; a later call replaces an earlier one. */
  schedule(canvas: HTMLCanvasElement, job: () => void): void {
    if (!this.#seen.has(canvas)) {
      this.#waiting.set(canvas, job);
      return;
    }
    this.#jobs.set(canvas, job);
    this.#frame ||= requestAnimationFrame(this.#work);
  }

  /** A picture at a size that many cards share: scaled once, not once a card and frame. */
  scaled(image: ImageBitmap, width: number, height: number): HTMLCanvasElement {
    const sizes = this.#scaled.get(image) ?? new Map<string, HTMLCanvasElement>();
    this.#scaled.set(image, sizes);
    const key = `${width} ${height}`;
    const known = sizes.get(key);
    if (known) return known;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    if (context) {
      // A picture of few pixels is shown as such; interpolation would invent what the network never saw.
      context.imageSmoothingEnabled = image.width > 96 || image.width > width;
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0, width, height);
    }
    return this.#keep(sizes, key, canvas);
  }

  /** The same with what lies outside of `place` quietened: what the network did not see. */
  veiled(image: ImageBitmap, width: number, height: number, place: Rectangle, paper: string): HTMLCanvasElement {
    const picture = this.scaled(image, width, height);
    const { left, top } = place;
    const [right, bottom] = [left + place.width, top + place.height];
    if (left <= 1 && top <= 1 && right >= width - 1 && bottom >= height - 1) return picture;
    const sizes = this.#scaled.get(image) as Map<string, HTMLCanvasElement>;
    const key = `${width} ${height} ${left} ${top} ${right} ${bottom} ${paper}`;
    const known = sizes.get(key);
    if (known) return known;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    if (context) {
      context.drawImage(picture, 0, 0);
      context.fillStyle = paper;
      context.globalAlpha = 0.72;
      context.beginPath();
      context.rect(0, 0, width, height);
      context.rect(left, top, place.width, place.height);
      context.fill("evenodd");
    }
    return this.#keep(sizes, key, canvas);
  }

  dispose(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#jobs.clear();
    this.#waiting.clear();
  }

  /** Cards, detail, and what a slider of sizes passes through. */
  #keep(sizes: Map<string, HTMLCanvasElement>, key: string, canvas: HTMLCanvasElement): HTMLCanvasElement {
    if (sizes.size >= 8) sizes.delete(sizes.keys().next().value as string);
    sizes.set(key, canvas);
    return canvas;
  }

  readonly #onSeen = (entries: IntersectionObserverEntry[]) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) {
        this.#seen.delete(target);
        const job = this.#jobs.get(target as HTMLCanvasElement);
        if (job) this.#waiting.set(target, job);
        this.#jobs.delete(target as HTMLCanvasElement);
        continue;
      }
      this.#seen.add(target);
      const job = this.#waiting.get(target);
      this.#waiting.delete(target);
      if (job) this.schedule(target as HTMLCanvasElement, job);
    }
  };

  readonly #work = () => {
    const start = performance.now();
    this.#frame = 0;
    for (const [canvas, job] of this.#jobs) {
      this.#jobs.delete(canvas);
      try {
        job();
      } catch (error) {
        this.#onError(error);
      }
      if (performance.now() - start > BUDGET_MS) break;
    }
    if (this.#jobs.size > 0) this.#frame = requestAnimationFrame(this.#work);
  };
}

/** One canvas with one heat map. */
export class HeatCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #painter: Painter;
  #heatMap: HeatMap | undefined;
  #field: Field | undefined;
  #layer: { key: string; canvas: HTMLCanvasElement } | undefined;

  constructor(canvas: HTMLCanvasElement, painter: Painter) {
    this.#canvas = canvas;
    this.#painter = painter;
  }

  /** Draw `heatMap` at `width` x `height` device pixels. */
  draw(heatMap: HeatMap, look: Look, width: number, height: number): void {
    const canvas = this.#canvas;
    const context = canvas.getContext("2d");
    if (!context) return;
    if (canvas.width !== width || canvas.height !== height || this.#heatMap !== heatMap) {
      canvas.width = width;
      canvas.height = height;
      this.#heatMap = heatMap;
      this.#field = undefined;
      this.#layer = undefined;
    }
    const place = windowOn(heatMap.window, width, height);
    this.#field ??= (heatMap.exact ? layOn : enlarge)(
      heatMap.map,
      heatMap.mapWidth,
      heatMap.mapHeight,
      place.width,
      place.height,
    );
    const layer = this.#layerFor(look, heatMap, this.#field, Math.max(width, height));

    context.globalCompositeOperation = "source-over";
    context.globalAlpha = 1;
    context.clearRect(0, 0, width, height);
    if (look.mode === "overlay") {
      context.drawImage(this.#painter.veiled(heatMap.image, width, height, place, look.paper), 0, 0);
      context.globalAlpha = look.opacity;
      context.drawImage(layer, place.left, place.top);
      context.globalAlpha = 1;
      return;
    }
    if (look.mode === "mask") {
      context.drawImage(this.#painter.scaled(heatMap.image, width, height), 0, 0);
      context.globalCompositeOperation = "destination-in";
    }
    context.drawImage(layer, place.left, place.top);
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = look.paper;
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "source-over";
  }

  /** What was drawn last, 0..255; undefined before. */
  get field(): Field | undefined {
    return this.#field;
  }

  #layerFor(look: Look, heatMap: HeatMap, field: Field, longest: number): HTMLCanvasElement {
    const key = look.mode === "mask" ? `mask ${look.share}` : `${look.colourMap} ${look.cut}`;
    if (this.#layer?.key === key) return this.#layer.canvas;
    const pixels = look.mode === "mask" ? maskPixels(field, look.share, heatMap, longest) : undefined;
    const canvas = this.#layer?.canvas ?? document.createElement("canvas");
    canvas.width = field.width;
    canvas.height = field.height;
    const image = new ImageData(
      pixels ?? (heatMap.signed ? diverging(field) : colour(field, lookUpTable(look.colourMap), look.cut)),
      field.width,
      field.height,
    );
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    this.#layer = { key, canvas };
    return canvas;
  }
}

function maskPixels(field: Field, share: number, heatMap: HeatMap, longest: number): Uint8ClampedArray<ArrayBuffer> {
  const sigma = edgeWidth(Math.max(heatMap.mapWidth, heatMap.mapHeight)) * longest;
  const mask = topMask(field, share);
  const alpha = heatMap.exact ? mask.map((inside) => 255 * inside) : soften(mask, field.width, field.height, sigma);
  const pixels = new Uint8ClampedArray(4 * alpha.length);
  alpha.forEach((value, i) => {
    pixels[4 * i + 3] = value;
  });
  return pixels;
}

/** Draw one small grey map, such as a channel's thumbnail. */
export function drawSmall(
  canvas: HTMLCanvasElement,
  map: Uint8Array,
  width: number,
  height: number,
  name: string,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  canvas.width = width;
  canvas.height = height;
  const values = Float32Array.from(map);
  context.putImageData(new ImageData(colour({ width, height, values }, lookUpTable(name)), width, height), 0, 0);
}
