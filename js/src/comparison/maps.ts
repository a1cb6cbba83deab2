/** Maps as they are drawn and probed: their range, their value at a pixel, its rank, a mask's outline. No DOM. */
import { layOn } from "../core/heat_maps";
import type { Mask, SaliencyMap } from "./data";

export type Signs = "both" | "positive";

/** What is negative by less than this share of the highest value is rounding. */
const SIGNED = 1e-3;

export const isSigned = ({ low, high }: SaliencyMap): boolean => low < 0 && -low > SIGNED * Math.max(high, 0);

/** The values as 0..255: between lowest and highest; of a signed map 0 is 127.5, or its positive part alone. */
export function shown(map: SaliencyMap, signs: Signs): Float32Array {
  const { low, high, values } = map;
  if (isSigned(map)) {
    if (signs === "both") {
      const most = Math.max(high, -low);
      return values.map((value) => 127.5 * (1 + value / most));
    }
    return values.map((value) => (high > 0 ? (255 * Math.max(0, value)) / high : 0));
  }
  return values.map((value) => (high > low ? (255 * (value - low)) / (high - low) : 0));
}

export interface Pixel {
  readonly x: number;
  readonly y: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where a picture's pixel lies in the window, 0..1; undefined outside it. */
export function inWindow(pixel: Pixel, picture: Size, window: readonly number[]): { u: number; v: number } | undefined {
  const [left = 0, top = 0, across = 1, down = 1] = window;
  const u = ((pixel.x + 0.5) / picture.width - left) / across;
  const v = ((pixel.y + 0.5) / picture.height - top) / down;
  return u >= 0 && u < 1 && v >= 0 && v < 1 ? { u, v } : undefined;
}

/** The map's value at a pixel of its picture, as `ComparisonResult.map` has it; undefined where the network saw nothing. */
export function valueAt(map: SaliencyMap, pixel: Pixel, picture: Size, window: readonly number[]): number | undefined {
  const place = inWindow(pixel, picture, window);
  if (!place) return undefined;
  const [, , across = 1, down = 1] = window;
  const columns = taps(map.width, place.u, across * picture.width);
  const rows = taps(map.height, place.v, down * picture.height);
  let sum = 0;
  for (const [row, a] of rows) {
    for (const [column, b] of columns) sum += a * b * (map.values[row * map.width + column] ?? 0);
  }
  return sum;
}

/** Values of all pixels that the network saw, ascending; of a large picture, of a coarser grid. */
export function ranking(map: SaliencyMap, picture: Size, window: readonly number[]): Float32Array {
  const [, , across = 1, down = 1] = window;
  const scale = Math.min(1, COARSE / Math.max(across * picture.width, down * picture.height));
  const width = Math.max(1, Math.round(scale * across * picture.width));
  const height = Math.max(1, Math.round(scale * down * picture.height));
  return layOn(map.values, map.width, map.height, width, height).values.sort();
}

/** The share of ascending values that lie below one, in per cent. */
export function rankOf(ascending: Float32Array, value: number): number {
  // What is equal but for rounding is not below.
  const limit = value - 1e-6 * Math.max(Math.abs(ascending[0] ?? 0), Math.abs(ascending.at(-1) ?? 0));
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((ascending[middle] ?? 0) < limit) from = middle + 1;
    else to = middle;
  }
  return ascending.length > 0 ? (100 * from) / ascending.length : 0;
}

/** The outline of a mask as lines between pixels: x, y, x, y, ... Where the mask meets the border there is a line too. */
export function outline({ width, height, pixels }: Mask): Float32Array {
  const lines: number[] = [];
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && pixels[y * width + x] === 1;
  // Long lines instead of one a pixel: they are drawn on each canvas of a row.
  const run = (length: number, differs: (i: number) => boolean, add: (from: number, to: number) => void) => {
    let start = -1;
    for (let i = 0; i <= length; i++) {
      const there = i < length && differs(i);
      if (there && start < 0) start = i;
      if (!there && start >= 0) {
        add(start, i);
        start = -1;
      }
    }
  };
  for (let y = 0; y <= height; y++) {
    run(
      width,
      (x) => inside(x, y) !== inside(x, y - 1),
      (from, to) => lines.push(from, y, to, y),
    );
  }
  for (let x = 0; x <= width; x++) {
    run(
      height,
      (y) => inside(x, y) !== inside(x - 1, y),
      (from, to) => lines.push(x, from, x, to),
    );
  }
  return Float32Array.from(lines);
}

/** Where an arrow key leads on a picture: a 64th of its longer side, with Shift one pixel. */
export function moved(key: string, from: Pixel, picture: Size, fine: boolean): Pixel | undefined {
  const step = fine ? 1 : Math.max(1, Math.round(Math.max(picture.width, picture.height) / 64));
  const x = (to: number) => ({ x: Math.min(picture.width - 1, Math.max(0, to)), y: from.y });
  const y = (to: number) => ({ x: from.x, y: Math.min(picture.height - 1, Math.max(0, to)) });
  switch (key) {
    case "ArrowLeft":
      return x(from.x - step);
    case "ArrowRight":
      return x(from.x + step);
    case "ArrowUp":
      return y(from.y - step);
    case "ArrowDown":
      return y(from.y + step);
    default:
      return undefined;
  }
}

const COARSE = 192;

/** Cells and their weights at one place: a tent as wide as the larger of cell and pixel. */
function taps(cells: number, place: number, pixels: number): [number, number][] {
  const stretch = Math.max(1, cells / pixels);
  const at = place * cells - 0.5;
  const reach = Math.ceil(stretch);
  const found: [number, number][] = [];
  let total = 0;
  for (let tap = Math.floor(at) - reach; tap <= Math.floor(at) + reach + 1; tap++) {
    const weight = Math.max(0, 1 - Math.abs(tap - at) / stretch);
    total += weight;
    if (weight > 0) found.push([Math.min(cells - 1, Math.max(0, tap)), weight]);
  }
  return found.map(([cell, weight]) => [cell, weight / total]);
}
