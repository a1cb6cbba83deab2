/** A comparison made of numbers, for tests only. */
import type { About, Content, RowHead } from "./data";

export const exampleAbout = (more: Partial<About> = {}): About => ({
  network: "a network",
  methods: ["cam", "lime", "sise"].map((key) => ({
    key,
    name: key,
    label: key.toUpperCase(),
    family: "gradient",
    paper: "A paper",
    parameters: "",
  })),
  measures: [
    { name: "ebpg", title: "EBPG", unit: "%", better: "higher" },
    { name: "drop", title: "Drop", unit: "%", better: "lower" },
    { name: "seconds", title: "seconds", unit: "s", better: "lower", cost: true },
  ],
  summary: {
    cam: { ebpg: [20, 10, 30, 2, 0], drop: [5, 5, 5, 1, 1], seconds: [0.5, 0.4, 0.6, 2, 0] },
    lime: { ebpg: [40, 30, 50, 2, 0], drop: [9, 8, 10, 2, 0], seconds: [2, 1, 3, 2, 0] },
    sise: { ebpg: [null, null, null, 0, 2], drop: [1, 0, 2, 2, 0], seconds: [1, 1, 1, 2, 0] },
  },
  live: false,
  categories: [],
  largest: 1000,
  ...more,
});

export function exampleRow(key: string, name: string, more: Partial<RowHead & Content> = {}): RowHead & Content {
  const numbers = (ebpg: number) => ({ ebpg, drop: null, seconds: 0.5, forwards: 3, backwards: 1, peak_memory: null });
  return {
    key,
    name,
    known_as: [],
    target: [1],
    target_name: "wolf",
    probability: 0.25,
    predictions: [
      { index: 0, name: "dog", probability: 0.7 },
      { index: 1, name: "wolf", probability: 0.25 },
    ],
    width: 8,
    height: 4,
    has_mask: true,
    cells: [
      { method: "cam", has_map: true, numbers: numbers(Number(key)), reasons: { drop: "nothing to lose" } },
      { method: "lime", has_map: true, numbers: numbers(2 * Number(key)) },
      { method: "sise", has_map: false, numbers: {}, error: "<b>no</b> convolutions" },
    ],
    window: [0, 0, 1, 1],
    image: new Uint8Array([1]),
    image_type: "image/webp",
    mask: new Uint8Array([0b01100000, 0, 0b11100000, 0]),
    mask_height: 4,
    mask_width: 8,
    layout: {
      cam: { start: 0, height: 1, width: 2, low: 0, high: 1, n_undefined: 0 },
      lime: { start: 2, height: 1, width: 2, low: -1, high: 1, n_undefined: 0 },
    },
    clusters: [
      {
        id: `cluster-${key}`,
        labels: "wheel",
        number: 2,
        block: 3,
        layer_in_block: 1,
        layer: "features.7",
        weight: 40,
        target_name: "wolf",
        start: 0,
        height: 1,
        width: 2,
        low: 0,
        high: 1,
        n_undefined: 0,
      },
    ],
    maps: new Uint8Array(Uint16Array.from([0, 65535, 65535, 0]).buffer),
    ...more,
  };
}
