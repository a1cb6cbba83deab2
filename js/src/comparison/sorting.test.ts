import { describe, expect, it } from "vitest";
import { translator } from "../core/languages";
import { found } from "./class_picker";
import { type Content, type Head, readMap, readMask } from "./data";
import { exampleAbout, exampleRow } from "./example";
import { passes, seconds, significant, written } from "./numbers";
import { meanOf, sortedMethods, sortedRows } from "./sorting";

const about = exampleAbout();
const keys = (by: string | null) => sortedMethods(about, by).map(({ key }) => key);

describe("columns", () => {
  it("stand as given, best first or worst first, without a number last", () => {
    expect(keys(null)).toEqual(["cam", "lime", "sise"]);
    expect(keys("ebpg")).toEqual(["lime", "cam", "sise"]);
    expect(keys("-ebpg")).toEqual(["cam", "lime", "sise"]);
    expect(keys("drop")).toEqual(["sise", "cam", "lime"]);
    expect(keys("seconds")).toEqual(["cam", "sise", "lime"]);
    expect(keys("-seconds")).toEqual(["lime", "sise", "cam"]);
  });
});

describe("rows", () => {
  const heads: Head[] = [
    exampleRow("1", "picture 10"),
    exampleRow("2", "picture 9", { probability: 0.9 }),
    { key: "3", withheld: true },
    exampleRow("4", "new", { added: true, after: "2" }),
    exampleRow("5", "newer", { added: true, after: null }),
    exampleRow("6", "of the new", { added: true, after: "4" }),
  ];
  const order = (by: string | null, methods = ["cam", "lime"]) =>
    sortedRows(heads, about, by, methods).map(({ key }) => key);

  it("have what was added below what it was made of, or on top", () => {
    expect(order(null)).toEqual(["5", "1", "2", "4", "6", "3"]);
  });

  it("are sorted by name as people count, by probability, by a mean over the methods that are shown", () => {
    expect(order("name")).toEqual(["5", "2", "4", "6", "1", "3"]);
    expect(order("-name")).toEqual(["5", "1", "2", "4", "6", "3"]);
    expect(order("probability")).toEqual(["5", "2", "4", "6", "1", "3"]);
    expect(order("ebpg")).toEqual(["5", "2", "4", "6", "1", "3"]);
    expect(order("-ebpg")).toEqual(["5", "1", "2", "4", "6", "3"]);
    expect(meanOf(exampleRow("2", ""), "ebpg", ["cam", "lime"])).toBe(3);
    expect(meanOf(exampleRow("2", ""), "ebpg", ["lime"])).toBe(4);
    expect(meanOf(exampleRow("2", ""), "drop", ["lime"])).toBeUndefined();
  });
});

describe("what the kernel sends", () => {
  const row = exampleRow("1", "");
  it("is read as the numbers it stands for", () => {
    const codes = row.maps as Uint8Array;
    expect([...readMap(codes, row.layout.cam as never).values]).toEqual([0, 1]);
    expect([...readMap(codes, row.layout.lime as never).values]).toEqual([1, -1]);
  });

  it("is read as a mask, a bit a pixel", () => {
    const mask = readMask(row);
    expect([...(mask?.pixels ?? [])].slice(0, 8)).toEqual([0, 1, 1, 0, 0, 0, 0, 0]);
    const wide = { mask: new Uint8Array([0, 0b01000000, 0b10000000, 0]), mask_width: 10, mask_height: 2 };
    expect([...(readMask(wide as Content)?.pixels ?? [])].flatMap((one, i) => (one ? [i] : []))).toEqual([9, 10]);
    expect(readMask({ ...row, mask_width: 0 })).toBeUndefined();
  });
});

describe("numbers", () => {
  const [t, it_] = [translator("en"), translator("it")];
  it("are written as a language writes them", () => {
    expect([0.0012, 0.0304, 0.99996, 3.21, 640].map((value) => seconds(t, value))).toEqual([
      "1.2\u00a0ms",
      "30\u00a0ms",
      "1.0\u00a0s",
      "3.2\u00a0s",
      "640\u00a0s",
    ]);
    expect(seconds(it_, 3.21)).toBe("3,2\u00a0s");
    expect([0, 1234.5, 0.12345, 0.4, 0.0000123, Number.NaN, null].map((value) => significant(t, value))).toEqual([
      "0",
      "1,230",
      "0.123",
      "0.400",
      "1.23E-5",
      "–",
      "–",
    ]);
    expect(written(t, { name: "ebpg", unit: "%" }, 12.345)).toBe("12.3\u00a0%");
    expect(written(t, { name: "forwards", unit: "passes" }, 1.5)).toBe("1.5");
    expect(written(t, { name: "peak_memory", unit: "bytes" }, 2_500_000)).toBe("2.5\u00a0MB");
    expect(passes(t, exampleRow("1", "").cells[0] as never)).toBe("3 + 1 passes");
  });
});

describe("a class", () => {
  const names = ["wire-haired fox terrier", "red fox", "fox squirrel", "crane", "crane"];
  it("is found by words; what begins with them comes first; equal names are told apart", () => {
    expect(found(names, "fox").map(({ index }) => index)).toEqual([2, 0, 1]);
    expect(found(names, " Terrier  fox").map(({ index }) => index)).toEqual([0]);
    expect(found(names, "crane").map(({ index }) => index)).toEqual([3, 4]);
    expect(found(names, "cat")).toEqual([]);
  });
});
