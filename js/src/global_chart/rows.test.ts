import { expect, it } from "vitest";
import { translator } from "../core/languages";
import { meant } from "./drawable";
import { exampleSummary } from "./example";
import { columnsFor, innerWidth } from "./fitting";
import {
  drawnExamples,
  type Images,
  NO_IMAGE,
  rowsOf,
  type Source,
  VIEWS,
  type ViewName,
  type Wanted,
  wantedLabels,
} from "./rows";
import type { Class, Summary } from "./summary";

const summary = exampleSummary();
const dog = summary.classes[0] as Class;
const all = { maxLabels: 12, search: "" };

function made(view: ViewName, of: Summary, shown: Class, wanted: Wanted, images: Images, more: Partial<Source> = {}) {
  const source = { summary: of, shown, wanted, images, range: undefined, group: null, marks: {}, t: translator("en") };
  return rowsOf(view, { ...source, ...more });
}

it("draws bars by group and rank, grey and wide where all layers are meant", () => {
  const rows = made("labels", summary, dog, all, new Map([[0, "data:ear"]]));
  expect(rows.map(({ group, label }) => [group, label])).toEqual([
    ["block 1", "ear"],
    ["block 1", "tail"],
    ["all layers", "ear"],
    ["all layers", "tail"],
    ["all layers", "eye"],
  ]);
  expect(rows[0]).toMatchObject({
    score: 10,
    weight: 20,
    from: 10,
    to: 10,
    end: 10,
    text: "10.0",
    image: "data:ear",
    low: false,
  });
  expect(rows[1]).toMatchObject({ from: 5, to: 30, end: 30, score_text: "9.00 (5.00 to 30.00)", image: NO_IMAGE });
  expect(rows[4]).toMatchObject({ weight: null, weight_text: "–", text: "18.0 (few)", low: true, support: "low" });
});

it("keeps the best labels of each group, or the best of those that are looked for", () => {
  expect(made("labels", summary, dog, { maxLabels: 1, search: "" }, new Map()).map(({ label }) => label)).toEqual([
    "ear",
    "ear",
  ]);
  const found = made("labels", summary, dog, { maxLabels: 1, search: " EYE" }, new Map());
  expect(found.map(({ label, rank }) => [label, rank])).toEqual([["eye", 3]]);
  expect(wantedLabels(dog, { maxLabels: 5, search: "a" })).toEqual({ found: ["ear", "tail"], all: 2 });
  expect(wantedLabels(dog, { maxLabels: 1, search: "a" })).toEqual({ found: ["ear"], all: 2 });
  expect(made("labels", summary, dog, { maxLabels: 5, search: "no such" }, new Map())).toEqual([]);
});

it("draws trends with 0 where a label is no best one, and their line", () => {
  const rows = made("trends", summary, dog, all, new Map());
  expect(rows.map(({ label, depth, score, line }) => [label, depth, score, line])).toEqual([
    ["ear", 0, 1, 1],
    ["ear", 2, 0, 0],
    ["eye", 0, 3, 0],
    ["eye", 2, 0, 1],
  ]);
  expect(rows.map(({ note }) => note)).toEqual(["", "", "", "few"]);
  expect(rows[0]?.slope_text).toBe("-0.500 (-1.000 to +0.250)");
});

it("draws a whole table of labels and layers", () => {
  const rows = made("layers", summary, dog, { maxLabels: 2, search: "" }, new Map());
  expect(rows.map(({ label, layer, score }) => [label, layer, score])).toEqual([
    ["ear", "block 1, layer 1", 1],
    ["ear", "block 2, layer 1", 0],
    ["tail", "block 1, layer 1", 0],
    ["tail", "block 2, layer 1", 2],
  ]);
});

it("names layers of one title apart", () => {
  const twins = exampleSummary();
  for (const layer of twins.layers) layer.title = "block 1, layer 1";
  const rows = made("layers", twins, twins.classes[0] as Class, { maxLabels: 1, search: "" }, new Map());
  expect(rows.map(({ layer }) => layer)).toEqual(["block 1, layer 1 (l1)", "block 1, layer 1 (l2)"]);
});

it("makes rows of 5,000 labels in no time", () => {
  const many = exampleSummary();
  const shown = many.classes[0] as Class;
  const n = 5000;
  const list = <T>(make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i));
  shown.labels = list((i) => `label ${i}`);
  shown.rows = {
    ...shown.rows,
    label: list((i) => i),
    group: list(() => 2),
    rank: list((i) => i + 1),
    score: list((i) => n - i),
    weight: list(() => null),
    low: list(() => 0),
    from: list(() => null),
    to: list(() => null),
    maps: list(() => 1),
    pictures: list(() => 1),
    players: list(() => 1),
    rounds: list(() => 1),
    examples: list(() => []),
  };
  const start = performance.now();
  const rows = made("labels", many, shown, all, new Map());
  expect(performance.now() - start).toBeLessThan(300);
  expect(rows.map(({ label }) => label)).toEqual(list((i) => `label ${i}`).slice(0, 12));
});

it.each([
  ["labels", 320, 4, 1],
  ["labels", 700, 4, 2],
  ["labels", 1100, 4, 2],
  ["labels", 1400, 4, 4],
  ["trends", 1200, 12, 6],
  ["trends", 320, 12, 2],
  ["layers", 1900, 1, 1],
] as const)("puts %s of %i px and %i facets into %i columns", (view, width, facets, columns) => {
  expect(columnsFor(view, width, facets)).toBe(columns);
});

it("gives insides what is left, within reason", () => {
  expect(innerWidth("labels", 220, 718, 866, 2)).toBe(294);
  expect(innerWidth("labels", 220, 718, 5000, 2)).toBe(420);
  expect(innerWidth("trends", 150, 600, 200, 3)).toBe(56);
});

it("says what is brushed: layers, and groups with one of them; all layers together stay", () => {
  const range = ["l2"];
  const layers = made("layers", summary, dog, { maxLabels: 1, search: "" }, new Map(), { range });
  expect(layers.map(({ layer_name, in_range, brushed }) => [layer_name, in_range, brushed])).toEqual([
    ["l1", false, true],
    ["l2", true, true],
  ]);
  const bars = made("labels", summary, dog, all, new Map(), { range });
  expect(bars.map(({ group, in_range }) => [group, in_range])).toEqual([
    ["block 1", false],
    ["block 1", false],
    ["all layers", true],
    ["all layers", true],
    ["all layers", true],
  ]);
  const whole = made("layers", summary, dog, all, new Map());
  expect(whole.every(({ in_range, brushed }) => in_range === true && brushed === false)).toBe(true);
});

it("says which group stands out; all do where none is chosen", () => {
  const bars = made("labels", summary, dog, all, new Map(), { group: "block 1" });
  expect(bars.map(({ group, in_group }) => [group, in_group])).toEqual([
    ["block 1", true],
    ["block 1", true],
    ["all layers", false],
    ["all layers", false],
    ["all layers", false],
  ]);
  const cells = made("layers", summary, dog, { maxLabels: 1, search: "" }, new Map(), { group: "block 2" });
  expect(cells.map(({ layer_name, in_group }) => [layer_name, in_group])).toEqual([
    ["l1", false],
    ["l2", true],
  ]);
  expect(made("layers", summary, dog, all, new Map()).every(({ in_group }) => in_group === true)).toBe(true);
});

it("says so where a label was tested before other cluster maps carried it", () => {
  const mark = { verdict: "rises", score: 0.934, p: 0.0004, layer: "l2", reason: "", earlier: true } as const;
  const [row] = made("labels", summary, dog, all, new Map(), { marks: { dog: { ear: mark } } });
  expect(row?.mark_text).toBe(
    "the class score rises with it: score 0.93, p < 0.001, block 2, layer 1; tested with earlier labels",
  );
});

it("marks labels that were tested, of this class alone", () => {
  const mark = { verdict: "rises", score: 0.934, p: 0.0004, layer: "l2", reason: "", earlier: false } as const;
  const marks = {
    dog: { ear: mark, tail: { ...mark, verdict: "untestable", score: null, p: null, reason: "Only 3." } as const },
    cat: { eye: mark },
  };
  const rows = made("labels", summary, dog, all, new Map(), { marks });
  expect(rows.slice(2).map(({ mark, verdict, mark_text }) => [mark, verdict, mark_text])).toEqual([
    ["▲", "rises", "the class score rises with it: score 0.93, p < 0.001, block 2, layer 1"],
    ["?", "untestable", "untestable"],
    ["", "", "–"],
  ]);
});

it("speaks another language: words and numbers, while names by which rows are told apart stay", () => {
  const t = translator("it");
  const [row] = made("layers", summary, dog, all, new Map(), { t });
  expect(row).toMatchObject({ layer: "block 1, layer 1", layer_text: "blocco 1, strato 1", score_text: "1,00" });
  const bars = made("labels", summary, dog, all, new Map(), { t });
  expect(bars[1]).toMatchObject({ group: "block 1", score_text: "9,00 (da 5,00 a 30,00)", support: "sufficiente" });
  expect(bars[4]).toMatchObject({ text: "18,0 (pochi)" });
});

it("draws every label under a name that Vega can keep, which looks the same", () => {
  const labels = ["__proto__", "constructor", "toString"];
  const odd = { ...dog, labels };
  for (const view of VIEWS) {
    const drawn = new Set(made(view, summary, odd, all, new Map()).map(({ label }) => label));
    expect(drawn).not.toContain("__proto__");
    expect(drawn.size).toBe(view === "trends" ? 2 : 3);
    for (const label of drawn) expect(labels).toContain(meant(label));
    for (const label of drawn) expect(label.replaceAll("\u2060", "")).toBe(meant(label));
  }
  const [bar] = made("labels", { ...summary, groups: ["__proto__", "block 2", "all"] }, dog, all, new Map());
  expect(bar?.group).not.toBe("__proto__");
});

it("wants images of what is drawn only", () => {
  expect([...drawnExamples(dog, all)]).toEqual([0, 1]);
  expect([...drawnExamples(dog, { maxLabels: 1, search: "" })]).toEqual([0]);
  expect([...drawnExamples(dog, { maxLabels: 12, search: "tail" })]).toEqual([1]);
});
