import { describe, expect, it } from "vitest";
import { alongRow, overColumns } from "./roving";

describe("alongRow", () => {
  it.each([
    ["ArrowRight", 0, 1],
    ["ArrowRight", 4, 4],
    ["ArrowLeft", 0, 0],
    ["ArrowDown", 1, 2],
    ["ArrowUp", 1, 0],
    ["Home", 3, 0],
    ["End", 1, 4],
  ])("%s leads from %i to %i", (key, from, to) => {
    expect(alongRow(key, from, 5)).toBe(to);
  });

  it("turns with the writing direction and leaves other keys alone", () => {
    expect(alongRow("ArrowRight", 2, 5, true)).toBe(1);
    expect(alongRow("a", 2, 5)).toBeUndefined();
  });
});

describe("overColumns", () => {
  const lengths = [3, 0, 1, 4];
  it.each([
    ["ArrowDown", [0, 0], [0, 1]],
    ["ArrowDown", [0, 2], [0, 2]],
    ["ArrowRight", [0, 2], [2, 0]],
    ["ArrowLeft", [2, 0], [0, 0]],
    ["ArrowLeft", [0, 1], [0, 1]],
    ["ArrowRight", [3, 3], [3, 3]],
    ["Home", [3, 2], [0, 2]],
    ["End", [0, 2], [3, 2]],
  ] as const)("%s leads from %j to %j", (key, from, to) => {
    expect(overColumns(key, { column: from[0], row: from[1] }, lengths)).toEqual({ column: to[0], row: to[1] });
  });

  it("leaves other keys alone", () => {
    expect(overColumns("Enter", { column: 0, row: 0 }, lengths)).toBeUndefined();
  });
});
