/** A summary made of numbers, for tests only: two classes, two groups and all layers; the labels are simulated. */
import type { Class, MapHead, Summary } from "./summary";

export function exampleSummary(): Summary {
  return {
    groups: ["block 1", "block 2", "all"],
    layers: [
      { name: "l1", title: "block 1, layer 1", depth: 0, group: "block 1" },
      { name: "l2", title: "block 2, layer 1", depth: 2, group: "block 2" },
    ],
    support: { rounds: 3, players: 2, pictures: 2 },
    classes: [exampleClass("dog", ["ear", "tail", "eye"]), exampleClass("cat", ["whisker"])],
    maps: [
      { ...exampleMap("m1", 0, "dog", 0, ["ear"], 0), members: ["m1, first", "m1, second"] },
      exampleMap("m2", 0, "dog", 1, ["tail", "eye"], 4),
      exampleMap("m3", 1, "cat", 1, ["whisker"], 8),
      exampleMap("m4", 1, "cat", 0, ["whisker"], -1),
    ],
    pictures: [
      { name: "dog.jpg", thumbnail: new Uint8Array([1]), type: "image/webp", width: 8, height: 8 },
      { name: "cat.jpg", thumbnail: new Uint8Array([2]), type: "image/webp", width: 8, height: 8 },
    ],
    bytes: Uint8Array.from({ length: 12 }, (_, i) => i),
  };
}

function exampleMap(
  id: string,
  picture: number,
  target: string,
  layer: number,
  labels: string[],
  offset: number,
): MapHead {
  return { id, picture, target, layer, weight: 12.5, labels, height: 2, width: 2, window: [0, 0, 1, 1], offset };
}

/** Each label in block 1 (weight 20) and in all layers; the last one only in all layers, with low support. */
function exampleClass(name: string, labels: string[]): Class {
  const places = labels.flatMap((_, i) =>
    i === labels.length - 1
      ? [[i, 2]]
      : [
          [i, 0],
          [i, 2],
        ],
  );
  const every = <T>(make: (label: number, group: number) => T) =>
    places.map(([i, g]) => make(i as number, g as number));
  return {
    name,
    labels,
    played: [0, 1],
    rows: {
      label: every((i) => i),
      group: every((_, g) => g),
      rank: every((i) => i + 1),
      score: every((i, g) => (g === 2 ? 20 : 10) - i),
      weight: every((_, g) => (g === 2 ? null : 20)),
      low: every((i) => (i === labels.length - 1 ? 1 : 0)),
      from: every((i) => (i === 0 ? null : 5)),
      to: every((i) => (i === 0 ? null : 30)),
      maps: every(() => 2),
      pictures: every(() => 2),
      players: every(() => 3),
      rounds: every(() => 4),
      examples: every((i) => (name === "dog" ? [Math.min(i, 1)] : [2])),
    },
    cells: {
      label: labels.map((_, i) => i),
      layer: labels.map((_, i) => i % 2),
      score: labels.map((_, i) => 1 + i),
      maps: labels.map(() => 1),
      pictures: labels.map(() => 1),
      rounds: labels.map(() => 3),
    },
    trends: [
      { label: 0, rises: false, slope: -0.5, intercept: 1, from: -1, to: 0.25, low: 0 },
      { label: labels.length - 1, rises: true, slope: 0.5, intercept: 0, from: null, to: null, low: 1 },
    ],
  };
}
