import { describe, expect, it } from "vitest";
import { translator } from "../core/languages";
import type { ClusterMap, Column, Label } from "../core/payload";
import { labelledPicture } from "./example";
import { bestLabels, contributions, groupTitle, isLow, layerTitle, spoken, title } from "./words";

const [t, italian] = [translator("en"), translator("it")];

const merged = labelledPicture().columns[1]?.cluster_maps[0] as ClusterMap;
const called = (...labels: Label[]): ClusterMap => {
  const { members, rounds, ...rest } = merged;
  return { ...rest, labels };
};

describe("what a cluster map is called", () => {
  it("is its best labels, all of them where several are", () => {
    expect(title(t, merged)).toBe("arch");
    expect(title(t, merged.members?.[1] as ClusterMap)).toBe("arch, roof");
    expect(title(t, called())).toBe("cluster 1");
  });

  it("is what has the highest score where none is marked", () => {
    expect(bestLabels(called({ name: "a", score: 1 }, { name: "b", score: 2 })).map(({ name }) => name)).toEqual(["b"]);
    expect(title(t, called({ name: "a", score: null }, { name: "b", score: 0 }))).toBe("b");
    expect(title(t, called({ name: "a", score: null }))).toBe("a");
  });

  it("is of low support when all of it is", () => {
    const [low, well] = [
      { name: "a", score: 2, best: true, low: true },
      { name: "b", score: 2, best: true },
    ];
    expect(isLow(called(low))).toBe(true);
    expect(isLow(called(low, well))).toBe(false);
    expect(isLow(called(well, { name: "c", score: 1, low: true }))).toBe(false);
    expect(isLow(called())).toBe(false);
  });

  it("can be heard", () => {
    expect(spoken(t, merged)).toBe("cluster 1, 56.9\u00a0%, 6 maps, merged of 2, labels: arch");
    expect(spoken(t, called({ name: "a", score: 1, best: true, low: true }))).toBe(
      "cluster 1, 56.9\u00a0%, 6 maps, labels: a, low support",
    );
  });
});

describe("in Italian", () => {
  it("cluster maps are told in its words and numbers, and people's words stay", () => {
    expect(spoken(italian, merged)).toBe("cluster 1, 56,9\u00a0%, 6 mappe, unione di 2, etichette: arch");
    expect(spoken(italian, { ...called({ name: "a", score: 1, best: true, low: true }), n_maps: 1 })).toBe(
      "cluster 1, 56,9\u00a0%, 1 mappa, etichette: a, poco sostegno",
    );
  });

  it("layers and their groups are called by block and layer, groups that somebody named as they are", () => {
    expect(layerTitle(italian, { block: 3, layer_in_block: 2 } as Column)).toBe("blocco 3, strato 2");
    const names = ["block 3", "blocks 2-3", "block 3, layer 2", "block 10, layers 1-3", "early", "block 3 (mine)"];
    expect(names.map((name) => groupTitle(t, name))).toEqual(names);
    expect(names.map((name) => groupTitle(italian, name))).toEqual([
      "blocco 3",
      "blocchi 2-3",
      "blocco 3, strato 2",
      "blocco 10, strati 1-3",
      "early",
      "block 3 (mine)",
    ]);
  });
});

describe("what members add to a score", () => {
  it("is their own score by their share of the weight, and sums to the merged score", () => {
    const parts = contributions(merged);
    // Weights 35 and 21.875: shares 8/13 and 5/13.
    expect(parts.get("arch")?.[0]).toBeCloseTo((8 / 13) * 5.4, 9);
    expect(parts.get("arch")?.[1]).toBeCloseTo((5 / 13) * 3, 9);
    expect(parts.get("roof")).toEqual([0, (5 / 13) * 3]);
    for (const { name, score } of merged.labels) {
      expect(parts.get(name)?.reduce((sum, part) => sum + part, 0)).toBeCloseTo(score as number, 3);
    }
  });

  it("is nothing where there are no members, and even where nothing has a weight", () => {
    expect(contributions(called({ name: "a", score: 1 })).size).toBe(0);
    const members = merged.members?.map((member) => ({ ...member, weight: null })) as ClusterMap[];
    expect(contributions({ ...merged, members }).get("arch")).toEqual([2.7, 1.5]);
  });
});
