/** A picture made of numbers, for tests only. */
import type { ClusterMap, Column, Picture } from "../core/payload";

/** As the kernel packs them: in a block that is stored, not deflated, which is the same to who inflates it. */
export function packed(cells: ArrayBufferView, differences = false): Uint8Array<ArrayBuffer> {
  const plain = new Uint8Array(cells.buffer as ArrayBuffer, cells.byteOffset, cells.byteLength);
  const told = differences ? plain.map((cell, i) => cell - (plain[i - 1] ?? 0)) : plain;
  const [low, high] = [told.length & 0xff, told.length >> 8];
  return Uint8Array.from([1, low, high, 0xff ^ low, 0xff ^ high, ...told]);
}

export const EXAMPLE_MAPS = Uint8Array.from({ length: 2 * 3 * 6 }, (_, i) => 7 * i);

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
    maps: packed(EXAMPLE_MAPS, true),
    channels: packed(Int32Array.from([4, 5, 6, 300, 7, 70000, 4, 5, 6, 300, 7, 70000])),
    channel_weights: packed(Float32Array.from([20, 10, 5, 12.5, 6.25, 3.125, 20, 10, 5, 12.5, 6.25, 3.125])),
    thumbnails: packed(
      Uint8Array.from({ length: 2 * 2 * 2 * 4 }, (_, i) => i),
      true,
    ),
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
