/** A picture made of numbers, for tests only. */
import { BYTE_FIELDS, type ClusterMap, type Column, type Picture } from "../core/payload";

/** As the kernel packs them: in a block that is stored, not deflated, which is the same to who inflates it. */
export function packed(cells: Uint8Array): Uint8Array<ArrayBuffer> {
  const [low, high] = [cells.length & 0xff, cells.length >> 8];
  return Uint8Array.from([1, low, high, 0xff ^ low, 0xff ^ high, ...cells]);
}

/** Maps of 2 x 3 levels, as they differ from what is expected of them. */
function packedMaps(levels: Uint8Array): Uint8Array<ArrayBuffer> {
  const level = (i: number) => levels[i] as number;
  const expected = (i: number) => {
    const [x, y] = [i % 3, Math.floor(i / 3) % 2];
    if (x === 0) return y === 0 ? 0 : level(i - 3);
    return y === 0 ? level(i - 1) : Math.floor((level(i - 1) + level(i - 3)) / 2);
  };
  return packed(levels.map((value, i) => value - expected(i)));
}

function planes(numbers: number[]): Uint8Array<ArrayBuffer> {
  return packed(Uint8Array.from([0, 8, 16, 24].flatMap((shift) => numbers.map((number) => number >> shift))));
}

/** Cells: multiples of 4, and 255. */
export const EXAMPLE_MAPS = Uint8Array.from({ length: 2 * 3 * 6 }, (_, i) => Math.min(255, 4 * ((i * 12) % 65)));

/** A picture as it is sent: its columns packed. */
export function sentPicture(picture: Picture): Record<string, unknown> {
  return { ...picture, columns: packed(new TextEncoder().encode(JSON.stringify(picture.columns))) };
}

/** The same as an answer to who asked for it. */
export function answered(picture: Picture): [Record<string, unknown>, unknown[]] {
  const told = sentPicture(picture);
  const buffers = BYTE_FIELDS.map((name) => told[name]);
  for (const name of BYTE_FIELDS) delete told[name];
  return [told, buffers];
}

export function examplePicture(name = "dog.jpg", target = "dog", labels: string[] = []): Picture {
  const columns = [exampleColumn(0, labels), exampleColumn(1, labels)];
  return {
    key: `${name}|${target}`,
    name,
    target: [3],
    target_name: target,
    target_probability: 0.75,
    network: "test network",
    prediction: { index: 3, name: target, probability: 0.75 },
    width: 8,
    height: 6,
    window: [0.125, 0, 0.75, 1],
    image: new Uint8Array([1, 2, 3]),
    image_type: "image/webp",
    thumbnail: new Uint8Array([1]),
    map_step: 4,
    maps: packedMaps(EXAMPLE_MAPS.map((cell) => Math.ceil(cell / 4))),
    channels: planes([4, 5, 6, 300, 7, 70000, 4, 5, 6, 300, 7, 70000]),
    channel_weights: planes([2000, 1000, 500, 1250, 625, 313, 2000, 1000, 500, 1250, 625, 313]),
    thumbnails: packed(Uint8Array.from({ length: 2 * 2 * 2 * 4 }, (_, i) => (i > 0 ? 1 : 0))),
    columns,
  };
}

function exampleColumn(i: number, labels: string[]): Column {
  const clusters: ClusterMap[] = [0, 1].map((k) => ({
    id: `id-${i}-${k}`,
    number: k + 1,
    weight: k === 0 ? 35 : 21.875,
    n_maps: 3,
    silhouette: 0.25,
    labels: labels.map((name) => ({ name, score: 1 })),
    map: 18 * i + 6 * k,
    channels: 6 * i + 3 * k,
    thumbnails: 16 * i + 8 * k,
    n_thumbnails: 2,
  }));
  return {
    layer: `features.${i}`,
    depth: i,
    block: 1,
    layer_in_block: i + 1,
    n_maps: 9,
    map_height: 2,
    map_width: 3,
    thumbnail_height: 2,
    thumbnail_width: 2,
    shown_weight: 56.875,
    pruned_weight: 13.125,
    dropped_weight: 30,
    n_pruned: 1,
    n_dropped: 2,
    silhouettes: [
      [3, 0.2],
      [4, 0.4],
      [5, null],
    ],
    reason: "",
    rest_map: 18 * i + 12,
    cluster_maps: clusters,
  };
}

/** The same picture after label analysis: the second layer's two clusters were merged. Players are simulated. */
export function labelledPicture(name = "dog.jpg", target = "dog"): Picture {
  const picture = examplePicture(name, target);
  const [first, second] = picture.columns as [Column, Column];
  const [one, two] = second.cluster_maps as [ClusterMap, ClusterMap];
  const members: ClusterMap[] = [
    {
      ...one,
      labels: [
        { name: "arch", score: 5.4, best: true, rounds: 6, players: 5 },
        { name: "stone", score: 0.7, rounds: 2, players: 2, low: true },
      ],
      rounds: { wins: 5, losses: 1, resigns: 0, players: 5, step: 1, share: 6 },
    },
    {
      ...two,
      labels: [
        { name: "arch", score: 3, best: true, rounds: 4, players: 4 },
        { name: "roof", score: 3, best: true, rounds: 4, players: 3 },
      ],
      rounds: { wins: 2, losses: 1, resigns: 1, players: 4, step: 2.5, share: 12 },
    },
  ];
  const merged: ClusterMap = {
    ...one,
    id: "merged",
    weight: 56.875,
    n_maps: 6,
    labels: [
      { name: "arch", score: 4.4769, best: true, rounds: 10, players: 8 },
      { name: "roof", score: 1.1538, rounds: 4, players: 3 },
      { name: "stone", score: 0.4308, rounds: 2, players: 2, low: true },
    ],
    channels: -1,
    thumbnails: -1,
    rounds: { wins: 7, losses: 2, resigns: 1, players: 8, step: 1.6, share: 8.4 },
    members,
  };
  return { ...picture, support: { rounds: 3, players: 2 }, columns: [first, { ...second, cluster_maps: [merged] }] };
}
