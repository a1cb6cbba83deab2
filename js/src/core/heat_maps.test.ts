import { describe, expect, it } from "vitest";
import { COLOUR_MAPS, gradient, lookUpTable } from "./colour_maps";
import { colour, edgeWidth, enlarge, type Field, soften, topMask, windowOn } from "./heat_maps";

const field = (values: number[], width: number): Field => ({
  width,
  height: values.length / width,
  values: Float32Array.from(values),
});
const kept = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0);

describe("enlarge", () => {
  it("leaves a map of the same size as it is", () => {
    const map = Uint8Array.from([0, 10, 200, 255, 3, 77]);
    expect([...enlarge(map, 3, 2, 3, 2).values]).toEqual([...map]);
  });

  it("keeps a constant map constant and a ramp a ramp", () => {
    expect(new Set(enlarge(new Uint8Array(4).fill(93), 2, 2, 37, 21).values)).toEqual(new Set([93]));
    const ramp = enlarge(Uint8Array.from([0, 60, 120, 180, 240]), 5, 1, 50, 1).values;
    // Inside, Catmull-Rom reproduces straight lines: 6 a pixel, and cell centre 2 (value 120) lies at pixel 24.5.
    expect(ramp[24]).toBeCloseTo(117, 4);
    expect((ramp[25] as number) - (ramp[24] as number)).toBeCloseTo(6, 4);
  });

  it("puts a cell where it is, not half a cell off", () => {
    const map = new Uint8Array(16);
    map[1 * 4 + 2] = 255; // row 1, column 2
    const { values } = enlarge(map, 4, 4, 40, 40);
    let [x, y, sum] = [0, 0, 0];
    values.forEach((value, i) => {
      x += value * ((i % 40) + 0.5);
      y += value * (Math.floor(i / 40) + 0.5);
      sum += value;
    });
    expect(x / sum).toBeCloseTo(25, 0);
    expect(y / sum).toBeCloseTo(15, 0);
  });

  it("never leaves 0..255", () => {
    const { values } = enlarge(Uint8Array.from([0, 255, 0, 255, 0, 255, 0, 255, 0]), 3, 3, 91, 60);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(255);
  });
});

describe("colour", () => {
  it("takes the table's ends and middle", () => {
    const pixels = colour(field([0, 255], 2), lookUpTable("viridis"));
    expect([...pixels]).toEqual([0x44, 0x01, 0x54, 255, 0xfd, 0xe7, 0x25, 255]);
  });

  it("clears what lies under the cut, and only that", () => {
    const pixels = colour(field([0, 100, 160, 255], 4), lookUpTable("greys"), 0.5);
    expect([pixels[3], pixels[7], pixels[11], pixels[15]]).toEqual([0, 0, 255, 255]);
  });

  it("knows all five colour maps", () => {
    const tables = COLOUR_MAPS.map((name) => lookUpTable(name));
    expect(tables.every((table) => table.length === 768)).toBe(true);
    expect(new Set(tables.map((table) => table.join())).size).toBe(5);
    expect(lookUpTable("no such map")).toEqual(lookUpTable("viridis"));
    expect(gradient("inferno")).toMatch(/^linear-gradient\(to right, #000004/);
  });
});

describe("topMask", () => {
  it.each([0, 0.5, 2, 4.5, 8, 13, 20, 30, 99.9, 100])("has exactly round(%f n / 100) pixels", (share) => {
    const values = Array.from({ length: 37 * 23 }, (_, i) => 127 + 128 * Math.sin(i * i));
    expect(kept(topMask(field(values, 37), share))).toBe(Math.round((share * 851) / 100));
  });

  it("takes the highest, also within one bucket of the count", () => {
    const values = Array.from({ length: 1000 }, (_, i) => 100 + i * 1e-5);
    const mask = topMask(field(values, 100), 10);
    expect(kept(mask.subarray(900))).toBe(100);
  });

  it("scatters ties, always the same way", () => {
    const flat = field(new Array(400).fill(7), 20);
    const mask = topMask(flat, 25);
    expect(kept(mask)).toBe(100);
    expect(topMask(flat, 25)).toEqual(mask);
    // Not simply the first rows: each quarter of the picture gets its share, more or less.
    for (let part = 0; part < 4; part++) {
      expect(kept(mask.subarray(100 * part, 100 * part + 100))).toBeGreaterThan(10);
    }
  });
});

describe("soften", () => {
  it("keeps the middle of a large area and blurs its edge evenly", () => {
    const mask = Uint8Array.from({ length: 40 * 40 }, (_, i) => (i % 40 < 20 ? 1 : 0));
    const alpha = soften(mask, 40, 40, 4);
    expect(alpha[20 * 40 + 5]).toBe(255);
    expect(alpha[20 * 40 + 35]).toBe(0);
    expect((alpha[20 * 40 + 19] as number) + (alpha[20 * 40 + 20] as number)).toBeCloseTo(255, -1);
  });

  it("has the published widths at 512 pixels", () => {
    expect([256, 128, 64, 32, 16].map((side) => 512 * edgeWidth(side))).toEqual([3, 6, 12, 16, 24].map(near));
    expect(512 * edgeWidth(7)).toBeCloseTo(24, 6);
    expect(512 * edgeWidth(1000)).toBeCloseTo(3, 6);
    expect(512 * edgeWidth(Math.sqrt(64 * 128))).toBeCloseTo(Math.sqrt(12 * 6), 6);
  });
});

const near = (value: number) => expect.closeTo(value, 6);

describe("windowOn", () => {
  it("is a whole number of pixels, and can reach beyond the picture", () => {
    expect(windowOn([0, 0, 1, 1], 300, 200)).toEqual({ left: 0, top: 0, width: 300, height: 200 });
    expect(windowOn([0.25, 0.1, 0.5, 0.8], 300, 200)).toEqual({ left: 75, top: 20, width: 150, height: 160 });
    expect(windowOn([-0.1, 0, 1.2, 1], 100, 50)).toEqual({ left: -10, top: 0, width: 120, height: 50 });
  });

  it("leaves no gap by rounding", () => {
    const { left, width } = windowOn([1 / 3, 0, 2 / 3, 1], 100, 10);
    expect(left + width).toBe(100);
  });
});
