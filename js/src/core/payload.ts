/**
 * The explorer's payload: one record an explanation, its numbers as bytes.
 *
 * Bytes come as DataView from a kernel (a view somewhere into a larger buffer) and as base64 in an exported page. Those of
 * columns, cluster maps and channels are packed (`inv_widgets/export/packed_cells.py`).
 */
import { damaged, fromNeighbours, fromPlanes, inflate, inflatedJson, summed } from "./packed";

export type Bytes = DataView | ArrayBuffer | Uint8Array | string;

export interface Picture extends Required<Omit<PictureHead, "withheld" | "version" | "labels">> {
  withheld?: false;
  version?: number;
  width: number;
  height: number;
  window: number[];
  image: Bytes;
  image_type: string;
  /** Maps' cells are so many 255ths apart. */
  map_step: number;
  maps: Bytes;
  channels: Bytes;
  channel_weights: Bytes;
  /** Of single channels; not there where the kernel gives them when a detail is opened. */
  thumbnails?: Bytes;
  columns: Column[];
  /** The record that it came as, its columns packed. A notebook is saved with that. */
  sent?: object;
  /** What a label must rest on; with less it is marked. Only where labels were analysed. */
  support?: { rounds: number; players: number };
}

/** A picture that a player has not yet guessed: nothing is known of it but that it is there. */
export interface Withheld {
  key: string;
  withheld: true;
}

/** What is known of each picture from the start; the rest of a big run comes on request. */
export interface PictureHead {
  key: string;
  withheld?: false;
  name: string;
  target_name: string;
  /** Grows with each run that is shown in place of another. */
  version?: number;
  target?: number[];
  target_probability?: number | null;
  network?: string;
  prediction?: { index: number; name: string; probability: number | null };
  thumbnail?: Bytes;
  /** What its cluster maps are called, where it is known before they have come. */
  labels?: string[];
}

export interface Column {
  layer: string;
  depth: number;
  /** From 1. */
  block: number;
  layer_in_block: number;
  n_maps: number;
  map_height: number;
  map_width: number;
  thumbnail_height: number;
  thumbnail_width: number;
  shown_weight: number | null;
  pruned_weight: number | null;
  dropped_weight: number | null;
  n_pruned: number;
  n_dropped: number;
  silhouettes: [number, number | null][];
  reason: string;
  rest_map: number;
  cluster_maps: ClusterMap[];
}

export interface ClusterMap {
  id: string;
  /** Its place in its column, from 1: the heaviest. */
  number: number;
  weight: number | null;
  n_maps: number;
  silhouette: number | null;
  labels: Label[];
  map: number;
  /** Offsets; -1 where the channels are the members'. */
  channels: number;
  thumbnails: number;
  n_thumbnails: number;
  rounds?: Rounds;
  /** The cluster maps that were merged into this one, heaviest first. */
  members?: ClusterMap[];
}

export interface Label {
  name: string;
  score: number | null;
  /** One of those with the highest score. */
  best?: boolean;
  /** How many rounds and players gave it, where that is known. */
  rounds?: number;
  players?: number;
  /** It rests on fewer rounds or players than it should. */
  low?: boolean;
}

/** How people fared with a cluster map. */
export interface Rounds {
  wins: number;
  losses: number;
  resigns: number;
  players: number;
  /** The mean step (0..5) at which rounds ended, and the mean share of the picture that was shown then, per cent. */
  step: number | null;
  share: number | null;
}

/** One feature map of a cluster map; `owner` and `place` lead to its thumbnail. */
export interface Channel {
  channel: number;
  weight: number;
  owner: ClusterMap;
  place: number;
}

/** The byte fields of a picture, in the order in which a kernel's answer carries them. */
export const BYTE_FIELDS = ["image", "thumbnail", "columns", "maps", "channels", "channel_weights"] as const;

export function isWhole(picture: PictureHead | Withheld): picture is Picture {
  return !picture.withheld && "columns" in picture;
}

/** A picture as it comes, its columns unpacked; a head as it is. */
export function opened<T extends object>(sent: T): T {
  if (!("columns" in sent) || Array.isArray(sent.columns)) return sent;
  return { ...sent, columns: inflatedJson(bytes(sent.columns as Bytes)), sent };
}

/** The bytes themselves, copied only where they must be. */
export function bytes(value: Bytes | null | undefined): Uint8Array<ArrayBuffer> {
  if (typeof value === "string") {
    const text = atob(value);
    const read = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) read[i] = text.charCodeAt(i);
    return read;
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  }
  throw new Error("[inv-widgets] A picture came without its bytes. Run the cell again.");
}

/** The arrays of one picture. */
export class Arrays {
  readonly #maps: Uint8Array;
  readonly #mapStep: number;
  readonly #channels: Int32Array;
  /** Hundredths of a per cent. */
  readonly #channelWeights: Int32Array;

  private constructor(picture: Picture) {
    // Earlier versions sent other cells.
    if (typeof picture.map_step !== "number") throw damaged();
    this.#mapStep = picture.map_step;
    this.#maps = inflate(bytes(picture.maps));
    this.#channels = fromPlanes(inflate(bytes(picture.channels)));
    this.#channelWeights = fromPlanes(inflate(bytes(picture.channel_weights)));
  }

  static async of(picture: Picture): Promise<Arrays> {
    return new Arrays(picture);
  }

  /** A map's h x w cells, 0..255. */
  map(column: Column, offset: number): Uint8Array {
    const cells = this.#maps.subarray(offset, offset + column.map_height * column.map_width);
    return fromNeighbours(cells, column.map_width, this.#mapStep);
  }

  /** Channel indices and their weights in per cent, heaviest first; of a merged cluster map, its members'. */
  channels(cluster: ClusterMap): Channel[] {
    if (cluster.channels < 0) {
      const all = cluster.members?.flatMap((member) => this.channels(member)) ?? [];
      return all.sort((one, two) => two.weight - one.weight);
    }
    const end = cluster.channels + cluster.n_maps;
    return Array.from(this.#channels.subarray(cluster.channels, end), (channel, place) => ({
      channel,
      weight: (this.#channelWeights[cluster.channels + place] ?? 0) / 100,
      owner: cluster,
      place,
    }));
  }
}

/** The thumbnails of one picture's channels. */
export class ChannelMaps {
  readonly #cells: Uint8Array;

  private constructor(cells: Uint8Array) {
    this.#cells = cells;
  }

  static async of(thumbnails: Bytes): Promise<ChannelMaps> {
    return new ChannelMaps(summed(inflate(bytes(thumbnails))));
  }

  /** The thumbnail of a cluster map's own i-th channel, or nothing when it has none. */
  thumbnail(column: Column, cluster: ClusterMap, i: number): Uint8Array | undefined {
    if (i >= cluster.n_thumbnails || cluster.thumbnails < 0) return undefined;
    const size = column.thumbnail_height * column.thumbnail_width;
    return this.#cells.subarray(cluster.thumbnails + i * size, cluster.thumbnails + (i + 1) * size);
  }
}
