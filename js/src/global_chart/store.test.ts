import { expect, it, vi } from "vitest";
import { LocalModel } from "../core/model";
import { exampleSummary } from "./example";
import { ChartStore } from "./store";
import type { MapHead } from "./summary";

function opened(own: Record<string, unknown> = {}, shared: Record<string, unknown> = {}) {
  const model = new LocalModel({ _summary: exampleSummary(), _charts: {}, ...own });
  const state = new LocalModel(shared);
  return { model, state, store: new ChartStore(model, state) };
}

it("shows what an Explorer shows where nobody names a class", () => {
  const summary = { ...exampleSummary(), explained: { picture: ["cat.jpg", "dog.jpg"], class: [1, 0] } };
  const { store, state } = opened({ _summary: summary });
  expect(store.shown.value?.name).toBe("cat");
  state.set("picture", "dog.jpg");
  expect(store.shown.value?.name).toBe("dog");
  state.set("picture", "no such picture");
  expect(store.shown.value?.name).toBe("cat");
});

it("brushes layers: seen at once here, told to State when the hand lets go", () => {
  const summary = exampleSummary();
  summary.layers.push({ name: "l3", title: "block 2, layer 2", depth: 3, group: "block 2" });
  const { store, state } = opened({ _summary: summary });
  store.brushing("l3", "l2");
  expect([store.range.value, state.get("layers")]).toEqual([["l2", "l3"], undefined]);
  store.stopBrushing();
  expect(store.range.value).toBeUndefined();
  store.brushing("l1", "l2");
  store.brush("l2", "l3");
  expect([store.range.value, state.get("layers")]).toEqual([
    ["l2", "l3"],
    ["l2", "l3"],
  ]);
  state.set("layers", ["l1"]);
  expect(store.range.value).toEqual(["l1"]);
  store.allLayers();
  expect([store.range.value, state.get("layers")]).toEqual([undefined, []]);
  store.brush("l1", "l3"); // all
  expect(state.get("layers")).toEqual([]);
});

it("follows the marks of a test", () => {
  const { store, model } = opened();
  expect(store.marks.value).toEqual({});
  const mark = { verdict: "none", score: 0.5, p: 0.7, layer: "l2", reason: "", earlier: false };
  model.set("_tcav", { dog: { ear: mark } });
  expect(store.marks.value).toEqual({ dog: { ear: mark } });
});

it("shows its own class, else State's, else the first", () => {
  const { store, state, model } = opened();
  expect(store.shown.value?.name).toBe("dog");
  state.set("target", "cat");
  expect(store.shown.value?.name).toBe("cat");
  state.set("target", "no class of this summary");
  expect(store.shown.value?.name).toBe("dog");
  model.set("target", "cat");
  expect(store.shown.value?.name).toBe("cat");
});

it("takes the Explorers along to another class, unless it was told to stay with one", () => {
  const { store, state } = opened({}, { picture: "dog.jpg", cluster_map: "m1" });
  store.chooseClass("cat");
  expect(["target", "picture", "cluster_map"].map((name) => state.get(name))).toEqual(["cat", null, null]);
  const pinned = opened({ target: "dog" }, { picture: "dog.jpg" });
  pinned.store.chooseClass("cat");
  expect([pinned.store.shown.value?.name, pinned.state.get("target"), pinned.state.get("picture")]).toEqual([
    "cat",
    undefined,
    "dog.jpg",
  ]);
});

it("picks a label and its group; again lets it go; another group moves on", () => {
  const { store, state } = opened();
  store.pick("ear", "block 1");
  expect([state.get("label"), state.get("group")]).toEqual(["ear", "block 1"]);
  store.pick("ear");
  expect([state.get("label"), state.get("group")]).toEqual(["ear", null]);
  store.pick("ear");
  expect([state.get("label"), state.get("group")]).toEqual([null, null]);
  store.pick("block 1, layer 1"); // the name of a layer beside the table
  expect(state.get("label")).toBeNull();
});

it("lets a picked label stand out first, then the open cluster map's, then the picture's", () => {
  const { store, state } = opened();
  expect(store.picked.value).toMatchObject({ labels: [], reason: "nothing" });
  state.set("picture", "dog.jpg");
  expect(store.picked.value).toEqual({ labels: ["ear", "tail", "eye"], reason: "picture", of: "dog.jpg" });
  state.set("cluster_map", "m2");
  expect(store.picked.value).toEqual({ labels: ["tail", "eye"], reason: "cluster map", of: "block 2, layer 1" });
  // A member of a merged cluster map shows what that shows.
  state.set("cluster_map", "m1, first");
  expect(store.picked.value).toEqual({ labels: ["ear"], reason: "cluster map", of: "block 1, layer 1" });
  state.set("cluster_map", "without labels");
  expect(store.picked.value.reason).toBe("picture");
  state.set("label", "ear");
  expect(store.picked.value).toMatchObject({ labels: ["ear"], reason: "label" });
});

it("lets a group stand out where no label is picked and the class has labels there", () => {
  const { store, state } = opened();
  expect(store.group.value).toBeNull();
  state.set("group", "block 1");
  expect(store.group.value).toBe("block 1");
  state.set("label", "ear"); // its bars in all groups stand out
  expect(store.group.value).toBeNull();
  store.letGo();
  expect([store.group.value, state.get("group")]).toEqual([null, null]);
  for (const other of ["block 2", "no group of this summary"]) {
    state.set("group", other);
    expect(store.group.value).toBeNull();
  }
});

it("keeps quiet about what is open elsewhere until something else is", () => {
  const { store, state } = opened({}, { picture: "dog.jpg", cluster_map: "m1" });
  store.quieten();
  expect(store.picked.value.labels).toEqual([]);
  state.set("cluster_map", "m2");
  expect(store.picked.value.labels).toEqual(["tail", "eye"]);
});

it("gives the examples of the group, or of all layers where the group has not the label", () => {
  const { store, state } = opened();
  expect(store.examples().maps).toEqual([]);
  store.pick("tail", "block 1");
  expect(store.examples()).toEqual({ place: 2, group: "block 1", maps: [1] });
  store.pick("eye", "block 1");
  expect(store.examples()).toMatchObject({ group: null, maps: [1] });
  state.set("target", "cat");
  expect(store.examples()).toMatchObject({ place: undefined, maps: [] });
});

it("opens an example in the Explorers", () => {
  const { store, state } = opened();
  const map = store.summary.value.maps[2] as MapHead;
  expect([...(store.cells(map) ?? [])]).toEqual([8, 9, 10, 11]);
  store.open(map);
  expect(["picture", "target", "layer", "cluster_map"].map((name) => state.get(name))).toEqual([
    "cat.jpg",
    "cat",
    "l2",
    "m3",
  ]);
  expect(store.cells(store.summary.value.maps[3] as MapHead)).toBeUndefined();
});

it("moves to a new summary in place, and lives with none", () => {
  const { store, model, state } = opened();
  store.pick("ear");
  const next = exampleSummary();
  (next.classes[0] as { labels: string[] }).labels = ["paw", "tail", "eye"];
  model.set("_summary", next);
  expect(store.shown.value?.labels[0]).toBe("paw");
  expect(state.get("label")).toBe("ear"); // picked elsewhere too: not ours to drop
  model.set("_summary", {});
  expect(store.shown.value).toBeUndefined();
  expect(store.picked.value.labels).toEqual(["ear"]);
});

it("listens no more when it is gone", () => {
  const { store, model, state } = opened();
  store.dispose();
  model.set("_summary", {});
  state.set("label", "ear");
  expect(store.shown.value?.name).toBe("dog");
  expect(store.shared.label.value).toBeNull();
});

it("reads the examples' bytes once, however many are drawn", () => {
  const summary = { ...exampleSummary(), bytes: btoa("abcdefghijkl") };
  const { store } = opened({ _summary: summary });
  const read = vi.spyOn(globalThis, "atob");
  const [one, two] = summary.maps as [MapHead, MapHead];
  expect([store.cells(one), store.cells(two)]).toEqual([
    Uint8Array.of(97, 98, 99, 100),
    Uint8Array.of(101, 102, 103, 104),
  ]);
  expect(read).toHaveBeenCalledTimes(1);
  read.mockRestore();
});
