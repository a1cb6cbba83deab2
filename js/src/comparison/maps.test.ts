import { describe, expect, it } from "vitest";
import { layOn } from "../core/heat_maps";
import type { SaliencyMap } from "./data";
import { inWindow, isSigned, moved, outline, ranking, rankOf, shown, valueAt } from "./maps";

function map(width: number, values: number[]): SaliencyMap {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const height = values.length / width;
  return { width, height, low, high, values: Float32Array.from(values), undefinedCells: 0 };
}

const WHOLE = [0, 0, 1, 1];

describe("a map as it is drawn", () => {
  it("goes from its lowest to its highest value", () => {
    expect([...shown(map(2, [3, 4, 5, 5]), "both")]).toEqual([0, 127.5, 255, 255]);
  });

  it("has nought in the middle where it has signs, or only its positive part", () => {
    const signed = map(2, [-1, 0, 2, 1]);
    expect(isSigned(signed)).toBe(true);
    expect([...shown(signed, "both")]).toEqual([63.75, 127.5, 255, 191.25]);
    expect([...shown(signed, "positive")]).toEqual([0, 0, 255, 127.5]);
    expect([...shown(map(2, [-2, -1]), "positive")]).toEqual([0, 0]);
  });

  it("has no sign from rounding, and is dark where it is the same everywhere", () => {
    expect(isSigned(map(2, [-1e-6, 1]))).toBe(false);
    expect([...shown(map(2, [4, 4]), "both")]).toEqual([0, 0]);
  });
});

describe("a probe", () => {
  // By inv_widgets.comparison.enlarging.laid_on, which is bilinear and averages where cells are smaller than pixels.
  it("reads what ComparisonResult.map gives, enlarged and shrunk", () => {
    const large = map(2, [0, 1, 2, 3]);
    expect(valueAt(large, { x: 0, y: 0 }, { width: 4, height: 4 }, WHOLE)).toBeCloseTo(0);
    expect(valueAt(large, { x: 1, y: 1 }, { width: 4, height: 4 }, WHOLE)).toBeCloseTo(0.75);
    const small = map(4, [0, 1, 2, 3, 4, 5, 6, 7]);
    // Two cells a pixel: a tent over four cells, 1/8, 3/8, 3/8, 1/8.
    expect(valueAt(small, { x: 0, y: 0 }, { width: 2, height: 2 }, WHOLE)).toBeCloseTo(0 * 0.5 + 0.375 + 0.25);
  });

  it("reads the field that is drawn", () => {
    const values = Array.from({ length: 35 }, (_, i) => Math.sin(i) * 3);
    const [one, size] = [map(7, values), { width: 11, height: 3 }];
    const field = layOn(one.values, 7, 5, 11, 3);
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 11; x++) {
        expect(valueAt(one, { x, y }, size, WHOLE)).toBeCloseTo(field.values[11 * y + x] as number, 4);
      }
    }
  });

  it("knows what the network did not see", () => {
    const window = [0.25, 0, 0.5, 1];
    expect(inWindow({ x: 1, y: 1 }, { width: 8, height: 4 }, window)).toBeUndefined();
    expect(inWindow({ x: 2, y: 0 }, { width: 8, height: 4 }, window)).toEqual({ u: 0.125, v: 0.125 });
    expect(valueAt(map(1, [5]), { x: 7, y: 3 }, { width: 8, height: 4 }, window)).toBeUndefined();
    expect(valueAt(map(1, [5]), { x: 4, y: 3 }, { width: 8, height: 4 }, window)).toBe(5);
  });

  it("ranks a value by the pixels below it", () => {
    const ascending = ranking(map(2, [1, 3, 2, 4]), { width: 2, height: 2 }, WHOLE);
    expect([...ascending]).toEqual([1, 2, 3, 4]);
    expect([0.5, 1, 2, 4, 9].map((value) => rankOf(ascending, value))).toEqual([0, 0, 25, 75, 100]);
    expect(rankOf(Float32Array.from([2, 2, 2]), 2)).toBe(0);
  });

  it("moves by arrow keys and stays on the picture", () => {
    const size = { width: 640, height: 320 };
    expect(moved("ArrowRight", { x: 5, y: 5 }, size, false)).toEqual({ x: 15, y: 5 });
    expect(moved("ArrowUp", { x: 5, y: 5 }, size, true)).toEqual({ x: 5, y: 4 });
    expect(moved("ArrowUp", { x: 5, y: 5 }, size, false)).toEqual({ x: 5, y: 0 });
    expect(moved("ArrowDown", { x: 5, y: 319 }, size, true)).toEqual({ x: 5, y: 319 });
    expect(moved("Home", { x: 5, y: 5 }, size, false)).toBeUndefined();
  });
});

describe("the outline of a mask", () => {
  const lines = (width: number, pixels: number[]) => {
    const found = outline({ width, height: pixels.length / width, pixels: Uint8Array.from(pixels) });
    return Array.from({ length: found.length / 4 }, (_, i) => [...found.subarray(4 * i, 4 * i + 4)].join(" ")).sort();
  };

  it("goes around it, in long lines", () => {
    expect(lines(4, [0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])).toEqual(["1 1 1 2", "1 1 3 1", "1 2 3 2", "3 1 3 2"]);
  });

  it("is closed at the picture's border, and goes around holes", () => {
    expect(lines(1, [1])).toEqual(["0 0 0 1", "0 0 1 0", "0 1 1 1", "1 0 1 1"]);
    expect(lines(3, [1, 1, 1, 1, 0, 1, 1, 1, 1])).toHaveLength(8);
    expect(lines(2, [0, 0])).toEqual([]);
  });
});
