import { expect, it } from "vitest";
import { fitted } from "./fitting";

const axis = { labelLimit: 130, ticks: false };
const spec = {
  columns: 2,
  data: { values: [{ labelLimit: 500, gradientLength: 500 }] },
  facet: { field: "group", header: { labelLimit: 150 } },
  spec: {
    layer: [
      {
        encoding: {
          x: { field: "layer", axis: { labelLimit: 110 } },
          y: { field: "label", axis },
          color: { field: "weight", legend: { gradientLength: 160 } },
        },
      },
    ],
  },
};

it("lets names and legend be as long as there is room for, on a phone too", () => {
  const narrow = fitted(spec, 1, 318);
  expect(narrow).toMatchObject({
    columns: 1,
    spec: {
      layer: [{ encoding: { y: { axis: { labelLimit: 84, ticks: false } }, x: { axis: { labelLimit: 110 } } } }],
    },
    facet: { header: { labelLimit: 150 } },
    data: spec.data,
  });
  expect(fitted(spec, 1, 238)).toMatchObject({
    spec: { layer: [{ encoding: { color: { legend: { gradientLength: 94 } } } }] },
  });
});

it("shortens the heads of many small charts, and nothing gets longer than it was made", () => {
  expect(fitted(spec, 6, 650)).toMatchObject({ facet: { header: { labelLimit: 76 } } });
  expect(fitted(spec, 2, 1400)).toEqual(spec);
});
