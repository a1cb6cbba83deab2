import { expect, it } from "vitest";
import { translator } from "../core/languages";
import { exampleSummary } from "./example";
import { between, rangeOf, rangeWords } from "./range";

const t = translator("en");
const summary = exampleSummary();
summary.layers.push({ name: "l3", title: "block 2, layer 2", depth: 3, group: "block 2" });

it("reaches from one layer to another, whichever is deeper; all layers are none", () => {
  expect(between(summary, "l3", "l2")).toEqual(["l2", "l3"]);
  expect(between(summary, "l1", "l1")).toEqual(["l1"]);
  expect(between(summary, "l1", "l3")).toEqual([]);
  expect(between(summary, "l1", "no such layer")).toEqual([]);
});

it("is told in words, one by one where something is left out", () => {
  expect(rangeWords(t, summary, ["l2", "l3"])).toBe("block 2, layer 1 to block 2, layer 2");
  expect(rangeWords(t, summary, ["l2"])).toBe("1 layer: block 2, layer 1");
  expect(rangeWords(t, summary, ["l1", "l3"])).toBe("2 layers: block 1, layer 1; block 2, layer 2");
  expect(rangeWords(translator("it"), summary, ["l1", "l2"])).toBe("da blocco 1, strato 1 a blocco 2, strato 1");
});

it("keeps to layers that there are", () => {
  expect(rangeOf(summary, ["other", "l3", "l1"])).toEqual(["l1", "l3"]);
  expect(rangeOf(summary, ["other"])).toBeUndefined();
});
