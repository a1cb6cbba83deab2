import { expect, it } from "vitest";
import { brushedLayers } from "./layer_range";

const KNOWN = ["l1", "l2", "l3"];

it("gives the brushed layers in the view's order, and nothing where all are meant", () => {
  expect(brushedLayers(["l3", "l2"], KNOWN)).toEqual(["l2", "l3"]);
  expect(brushedLayers([], KNOWN)).toBeUndefined();
});

it("ignores what the view lacks", () => {
  expect(brushedLayers(["other", "l1"], KNOWN)).toEqual(["l1"]);
  expect(brushedLayers(["other"], KNOWN)).toBeUndefined();
});
