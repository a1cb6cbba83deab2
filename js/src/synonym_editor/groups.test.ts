import { describe, expect, it } from "vitest";
import { type Change, changed, found, isSingle, readGroups } from "./groups";

const groups = readGroups([
  [
    "pillar",
    [
      ["pillar", 3, ""],
      ["column", 12, "table"],
    ],
  ],
  ["window", [["window", 8, ""]]],
  [
    "fur",
    [
      ["fur", 7, ""],
      ["pelt", 2, "WordNet"],
    ],
  ],
]);

const words = (change: Change) =>
  Object.fromEntries(changed(groups, change).map(({ name, members }) => [name, members.map(({ word }) => word)]));

describe("until the kernel answers", () => {
  it("a word moves, and its group keeps a name", () => {
    expect(words({ kind: "move", word: "column", group: "window" })).toEqual({
      pillar: ["pillar"],
      window: ["window", "column"],
      fur: ["fur", "pelt"],
    });
    expect(words({ kind: "move", word: "pillar", group: "fur" })).toEqual({
      column: ["column"],
      window: ["window"],
      fur: ["fur", "pelt", "pillar"],
    });
    expect(words({ kind: "move", word: "window", group: "fur" })).toEqual({
      pillar: ["pillar", "column"],
      fur: ["fur", "pelt", "window"],
    });
  });

  it("a word stands by itself", () => {
    expect(words({ kind: "split", word: "pelt" })).toMatchObject({ fur: ["fur"], pelt: ["pelt"] });
    expect(words({ kind: "split", word: "fur" })).toMatchObject({ fur: ["fur"], pelt: ["pelt"] });
    expect(changed(groups, { kind: "split", word: "window" })).toEqual(groups);
  });

  it("groups are renamed and united, with their counts", () => {
    expect(words({ kind: "rename", group: "fur", name: "coat" })).toMatchObject({ coat: ["fur", "pelt"] });
    const united = { pillar: ["pillar", "column", "fur", "pelt"], window: ["window"] };
    expect(words({ kind: "unite", group: "fur", into: "pillar" })).toEqual(united);
    expect(words({ kind: "rename", group: "fur", name: "pillar" })).toEqual(united);
    expect(changed(groups, { kind: "unite", group: "fur", into: "pillar" })[0]?.count).toBe(24);
  });

  it("what is not there changes nothing", () => {
    expect(changed(groups, { kind: "move", word: "nothing", group: "fur" })).toEqual(groups);
    expect(changed(groups, { kind: "unite", group: "nothing", into: "fur" })).toEqual(groups);
  });
});

it("finds groups by any of their words", () => {
  expect(found(groups, " COL ").map(({ name }) => name)).toEqual(["pillar"]);
  expect(found(groups, "").length).toBe(3);
  expect(groups.map(isSingle)).toEqual([false, true, false]);
  expect(readGroups(undefined)).toEqual([]);
});
