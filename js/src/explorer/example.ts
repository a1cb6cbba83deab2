/** A picture made of numbers, for tests only. */
import type { ClusterMap, Column, Picture } from "../core/payload";

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
    maps: Uint8Array.from({ length: 2 * 3 * 6 }, (_, i) => 7 * i),
    channels: new Uint8Array(Int32Array.from([4, 5, 6, 300, 7, 70000, 4, 5, 6, 300, 7, 70000]).buffer),
    channel_weights: new Uint8Array(
      Float32Array.from([20, 10, 5, 12.5, 6.25, 3.125, 20, 10, 5, 12.5, 6.25, 3.125]).buffer,
    ),
    thumbnails: Uint8Array.from({ length: 2 * 2 * 2 * 4 }, (_, i) => i),
    columns,
  };
}

function exampleColumn(i: number, labels: string[]): Column {
  const clusters: ClusterMap[] = [0, 1].map((k) => ({
    id: `id-${i}-${k}`,
    name: `cluster ${k + 1}`,
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
    title: `block 1, layer ${i + 1}`,
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
