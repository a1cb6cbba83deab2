import { describe, expect, it } from "vitest";
import type { ClusterMap, Label } from "../core/payload";
import { labelledPicture } from "./example";
import { bestLabels, contributions, isLow, spoken, title } from "./words";

const merged = labelledPicture().columns[1]?.cluster_maps[0] as ClusterMap;
const called = (...labels: Label[]): ClusterMap => {
  const { members, rounds, ...rest } = merged;
  return { ...rest, labels };
};

describe("what a cluster map is called", () => {
  it("is its best labels, all of them where several are", () => {
    expect(title(merged)).toBe("arch");
    expect(title(merged.members?.[1] as ClusterMap)).toBe("arch, roof");
    expect(title(called())).toBe("cluster 1");
  });

  it("is what has the highest score where none is marked", () => {
    expect(bestLabels(called({ name: "a", score: 1 }, { name: "b", score: 2 })).map(({ name }) => name)).toEqual(["b"]);
    expect(title(called({ name: "a", score: null }, { name: "b", score: 0 }))).toBe("b");
    expect(title(called({ name: "a", score: null }))).toBe("a");
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
    expect(spoken(merged)).toBe("cluster 1, 56.9\u00a0%, 6 maps, merged of 2, labels: arch");
    expect(spoken(called({ name: "a", score: 1, best: true, low: true }))).toBe(
      "cluster 1, 56.9\u00a0%, 6 maps, labels: a, low support",
    );
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
