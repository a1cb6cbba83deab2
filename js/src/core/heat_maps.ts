/**
 * Heat maps: a small map of bytes, enlarged, coloured or made a mask.
 *
 * Maths only, no canvas. A map of w x h cells covers the window: the centre of cell i lies at (i + 1/2) / w. All fields are
 * row by row.
 */

export interface Field {
  readonly width: number;
  readonly height: number;
  /** 0..255 */
  readonly values: Float32Array;
}

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Enlarge by Catmull-Rom splines (Keys 1981, a = -1/2), clamped to 0..255; edges repeat. */
export function enlarge(
  map: ArrayLike<number>,
  mapWidth: number,
  mapHeight: number,
  width: number,
  height: number,
): Field {
  const [columns, columnWeights] = taps(mapWidth, width);
  const [rows, rowWeights] = taps(mapHeight, height);
  const wide = new Float32Array(mapHeight * width);
  for (let y = 0; y < mapHeight; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let t = 4 * x; t < 4 * x + 4; t++) sum += at(columnWeights, t) * at(map, y * mapWidth + at(columns, t));
      wide[y * width + x] = sum;
    }
  }
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const [a, b, c, d] = [4 * y, 4 * y + 1, 4 * y + 2, 4 * y + 3];
    const [ra, rb, rc, rd] = [at(rows, a) * width, at(rows, b) * width, at(rows, c) * width, at(rows, d) * width];
    const [wa, wb, wc, wd] = [at(rowWeights, a), at(rowWeights, b), at(rowWeights, c), at(rowWeights, d)];
    for (let x = 0; x < width; x++) {
      const value = wa * at(wide, ra + x) + wb * at(wide, rb + x) + wc * at(wide, rc + x) + wd * at(wide, rd + x);
      values[y * width + x] = Math.min(255, Math.max(0, value));
    }
  }
  return { width, height, values };
}

/**
 * Enlarge or shrink bilinearly, averaging where cells are smaller than pixels: pixel by pixel what `ComparisonResult.map` gives.
 * The border goes on beyond the edge.
 */
export function layOn(
  map: ArrayLike<number>,
  mapWidth: number,
  mapHeight: number,
  width: number,
  height: number,
): Field {
  const columns = tent(mapWidth, width);
  const rows = tent(mapHeight, height);
  const wide = new Float32Array(mapHeight * width);
  for (let y = 0; y < mapHeight; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let t = x * columns.reach; t < (x + 1) * columns.reach; t++) {
        sum += at(columns.weights, t) * at(map, y * mapWidth + at(columns.places, t));
      }
      wide[y * width + x] = sum;
    }
  }
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let t = y * rows.reach; t < (y + 1) * rows.reach; t++) {
      const weight = at(rows.weights, t);
      if (weight === 0) continue;
      const row = at(rows.places, t) * width;
      for (let x = 0; x < width; x++) values[y * width + x] = at(values, y * width + x) + weight * at(wide, row + x);
    }
  }
  return { width, height, values };
}

/** For and against, of one lightness; figures have the same. */
export const SIGNS = { plus: [197, 27, 52], minus: [33, 92, 196] } as const;

/** RGBA bytes of a field whose 127.5 is nought: the sign as a colour, the size as its strength. */
export function diverging(field: Field): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * field.values.length);
  field.values.forEach((value, i) => {
    const share = (value - 127.5) / 127.5;
    pixels.set(share >= 0 ? SIGNS.plus : SIGNS.minus, 4 * i);
    pixels[4 * i + 3] = 255 * Math.min(1, Math.abs(share));
  });
  return pixels;
}

/** RGBA bytes: the look-up table's colour; what lies under `cut` (0..1 of the map's range) is clear, with an even ramp of 2 %. */
export function colour(field: Field, table: Uint8ClampedArray, cut = 0): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * field.values.length);
  const low = 255 * cut;
  const ramp = 5.1;
  const { values } = field;
  for (let i = 0; i < values.length; i++) {
    const value = at(values, i);
    const entry = 3 * Math.round(value);
    pixels[4 * i] = at(table, entry);
    pixels[4 * i + 1] = at(table, entry + 1);
    pixels[4 * i + 2] = at(table, entry + 2);
    pixels[4 * i + 3] = cut <= 0 ? 255 : 255 * Math.min(1, Math.max(0, (value - low) / ramp + 0.5));
  }
  return pixels;
}

/** The top `share` per cent of pixels: exactly round(share n / 100) ones, by rank; ties in a fixed seeded order. */
export function topMask(field: Field, share: number): Uint8Array {
  const { values } = field;
  const mask = new Uint8Array(values.length);
  let wanted = Math.min(values.length, Math.max(0, Math.round((share * values.length) / 100)));
  if (wanted === 0) return mask;
  // Count in buckets from the top; only the bucket that holds the limit is sorted.
  const buckets = new Uint32Array(BUCKETS);
  for (const value of values) buckets[bucket(value)] = at(buckets, bucket(value)) + 1;
  let limit = BUCKETS - 1;
  while (at(buckets, limit) < wanted) {
    wanted -= at(buckets, limit);
    limit--;
  }
  const undecided: number[] = [];
  values.forEach((value, i) => {
    const place = bucket(value);
    if (place > limit) mask[i] = 1;
    else if (place === limit) undecided.push(i);
  });
  undecided.sort((a, b) => at(values, b) - at(values, a) || scatter(a) - scatter(b) || a - b);
  for (const i of undecided.slice(0, wanted)) mask[i] = 1;
  return mask;
}

/** Soften a mask: Gaussian blur truncated at 1.5 sigma; 0..255. */
export function soften(mask: Uint8Array, width: number, height: number, sigma: number): Uint8ClampedArray {
  const radius = Math.floor(1.5 * sigma);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const weights = Float32Array.from(kernel, (weight) => weight / total);
  const across = blur(mask, width, height, weights, radius, 1);
  const both = blur(across, width, height, weights, radius, width);
  return Uint8ClampedArray.from(both, (value) => 255 * value);
}

/** The soft edge's sigma as a share of the picture's longer side, for a map of this size (docs/method.md, log-interpolated, clamped). */
export function edgeWidth(mapSide: number): number {
  const sides = [16, 32, 64, 128, 256];
  const sigmas = [24, 16, 12, 6, 3];
  const place = Math.log2(Math.min(256, Math.max(16, mapSide))) - 4;
  const below = Math.min(sides.length - 2, Math.floor(place));
  const [low, high] = [at(sigmas, below), at(sigmas, below + 1)];
  return (low * (high / low) ** (place - below)) / 512;
}

/** Where the window lies on a canvas of this size, in whole pixels; can reach beyond it. */
export function windowOn(window: readonly number[], width: number, height: number): Rectangle {
  const [left = 0, top = 0, across = 1, down = 1] = window;
  const x = Math.round(left * width);
  const y = Math.round(top * height);
  return {
    left: x,
    top: y,
    width: Math.max(1, Math.round((left + across) * width) - x),
    height: Math.max(1, Math.round((top + down) * height) - y),
  };
}

const BUCKETS = 4096;

function bucket(value: number): number {
  return Math.min(BUCKETS - 1, Math.max(0, Math.floor((value * BUCKETS) / 256)));
}

/** A fixed scattered order (the finaliser of MurmurHash3), so that ties do not fall to the top left. */
function scatter(i: number): number {
  let h = i ^ 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** For each of `to` pixels: four cells and their weights. */
function taps(from: number, to: number): [Uint32Array, Float32Array] {
  const places = new Uint32Array(4 * to);
  const weights = new Float32Array(4 * to);
  for (let i = 0; i < to; i++) {
    const position = ((i + 0.5) * from) / to - 0.5;
    const cell = Math.floor(position);
    const t = position - cell;
    weights.set(
      [
        ((-t + 2) * t - 1) * t * 0.5,
        ((3 * t - 5) * t * t + 2) * 0.5,
        ((-3 * t + 4) * t + 1) * t * 0.5,
        (t - 1) * t * t * 0.5,
      ],
      4 * i,
    );
    for (let k = 0; k < 4; k++) places[4 * i + k] = Math.min(from - 1, Math.max(0, cell - 1 + k));
  }
  return [places, weights];
}

/** For each of `to` pixels: `reach` cells and their weights, a tent as wide as the larger of cell and pixel. */
function tent(from: number, to: number): { reach: number; places: Uint32Array; weights: Float32Array } {
  const stretch = Math.max(1, from / to);
  const half = Math.ceil(stretch);
  const reach = 2 * half + 2;
  const places = new Uint32Array(reach * to);
  const weights = new Float32Array(reach * to);
  for (let i = 0; i < to; i++) {
    const position = ((i + 0.5) * from) / to - 0.5;
    const cell = Math.floor(position);
    let total = 0;
    for (let k = 0; k < reach; k++) {
      const tap = cell - half + k;
      const weight = Math.max(0, 1 - Math.abs(tap - position) / stretch);
      places[reach * i + k] = Math.min(from - 1, Math.max(0, tap));
      weights[reach * i + k] = weight;
      total += weight;
    }
    for (let k = 0; k < reach; k++) weights[reach * i + k] = at(weights, reach * i + k) / total;
  }
  return { reach, places, weights };
}

/** One pass of a separable blur along rows (`step` 1) or columns (`step` = width); edges repeat. */
function blur(
  values: ArrayLike<number>,
  width: number,
  height: number,
  weights: Float32Array,
  radius: number,
  step: number,
): Float32Array {
  const result = new Float32Array(width * height);
  const [length, lines, nextLine] = step === 1 ? [width, height, width] : [height, width, 1];
  for (let line = 0; line < lines; line++) {
    const start = line * nextLine;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = -radius; k <= radius; k++) {
        const j = i + k < 0 ? 0 : i + k >= length ? length - 1 : i + k;
        sum += at(weights, k + radius) * at(values, start + j * step);
      }
      result[start + i * step] = sum;
    }
  }
  return result;
}

/** An element that is known to exist. */
function at(values: ArrayLike<number>, i: number): number {
  return values[i] as number;
}
