/** What the kernel tells of a comparison: once about methods and measures, by row about pictures, by request the bytes. */
import { type Bytes, bytes } from "../core/payload";

export interface About {
  network: string;
  methods: MethodHead[];
  measures: Measure[];
  /** By method and measure: mean, the interval's ends, how many pictures, how many of them undefined. */
  summary: Record<string, Record<string, (number | null)[]>>;
  /** Whether there is a network to ask. */
  live: boolean;
  categories: string[];
  /** The most bytes of a dropped file. */
  largest: number;
}

export interface MethodHead {
  key: string;
  name: string;
  label: string;
  family: string;
  paper: string;
  parameters: string;
}

export interface Measure {
  name: string;
  title: string;
  unit: string;
  better: "higher" | "lower" | "";
  cost?: boolean;
}

export interface CellHead {
  method: string;
  has_map: boolean;
  numbers: Record<string, number | null>;
  /** Why a measure is undefined. */
  reasons?: Record<string, string>;
  notes?: Record<string, string>;
  error?: string;
}

export interface Prediction {
  index: number;
  name: string;
  probability: number | null;
}

export type State = "waiting" | "working" | "done" | "stopped" | "failed";

export interface Status {
  state: State;
  /** The method at work. */
  method: string;
  /** Done, and in all; [0, 0] where it is not known. */
  steps: [number, number];
  methods: string[];
  error: string;
}

export interface RowHead {
  key: string;
  withheld?: false;
  name: string;
  /** What explanations call the same picture. */
  known_as: string[];
  target: number[];
  target_name: string;
  probability: number | null;
  predictions: Prediction[];
  width: number;
  height: number;
  has_mask: boolean;
  cells: CellHead[];
  added?: boolean;
  after?: string | null;
  version?: number;
  status?: Status;
}

/** A picture that a player has not yet guessed: nothing is known of it but that it is there. */
export interface WithheldRow {
  key: string;
  withheld: true;
  added?: boolean;
  after?: string | null;
}

export type Head = RowHead | WithheldRow;

/** Where a map stands among the codes, and what they mean. */
export interface Layout {
  start: number;
  height: number;
  width: number;
  low: number;
  high: number;
  n_undefined: number;
}

export interface ClusterLayout extends Layout {
  id: string;
  labels: string;
  number: number;
  block: number;
  layer_in_block: number;
  layer: string;
  weight: number | null;
  target_name: string;
}

export interface Content {
  window: number[];
  image: Bytes;
  image_type: string;
  mask: Bytes;
  mask_height: number;
  mask_width: number;
  layout: Record<string, Layout>;
  clusters: ClusterLayout[];
  maps: Bytes;
  version?: number;
}

/** The byte fields of a content, in the order in which a kernel's answer carries them. */
export const BYTE_FIELDS = ["image", "mask", "maps"] as const;

export const isWhole = (head: Head): head is RowHead & Content => !head.withheld && "layout" in head;

/** One map in its own numbers. */
export interface SaliencyMap {
  readonly width: number;
  readonly height: number;
  readonly low: number;
  readonly high: number;
  readonly values: Float32Array;
  /** How many cells are NaN or infinite; they are drawn as 0. */
  readonly undefinedCells: number;
}

/** A cluster map that an Explorer can choose. */
export interface ClusterMap extends SaliencyMap {
  readonly about: ClusterLayout;
}

/** A ground truth; a byte a pixel, 0 or 1. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export function readMap(codes: Uint8Array, layout: Layout): SaliencyMap {
  const { start, width, height, low, high } = layout;
  const values = new Float32Array(width * height);
  const step = (high - low) / 65535;
  for (let i = 0; i < values.length; i++) {
    const place = 2 * (start + i);
    values[i] = low + step * ((codes[place] ?? 0) | ((codes[place + 1] ?? 0) << 8));
  }
  return { width, height, low, high, values, undefinedCells: layout.n_undefined };
}

/** A bit a pixel, the first one highest; rows begin with a byte. */
export function readMask(content: Content): Mask | undefined {
  const { mask_width: width, mask_height: height } = content;
  if (width === 0) return undefined;
  const packed = bytes(content.mask);
  const stride = Math.ceil(width / 8);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixels[y * width + x] = ((packed[y * stride + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
    }
  }
  return { width, height, pixels };
}
