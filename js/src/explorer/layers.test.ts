import { describe, expect, it } from "vitest";
import { LocalModel } from "../core/model";
import type { Column, Picture } from "../core/payload";
import { examplePicture } from "./example";
import { groupsOf, inRange, runsOf } from "./layers";
import { Store } from "./store";

/** Four layers in two blocks, two cluster maps each. */
function picture(): Picture {
  const made = examplePicture();
  const first = made.columns[0] as Column;
  const columns = [0, 1, 2, 3].map((i) => ({
    ...first,
    layer: `l${i}`,
    depth: i,
    block: 1 + Math.floor(i / 2),
    layer_in_block: 1 + (i % 2),
    cluster_maps: first.cluster_maps.map((cluster, k) => ({ ...cluster, id: `${i}-${k}` })),
  }));
  return { ...made, columns };
}

const { columns } = picture();
const named = { early: ["l0"], late: ["l2", "l3"] };
const shapes = (of: ReturnType<typeof runsOf>) => of.map((run) => [run.name, ...run.columns.map(({ layer }) => layer)]);

describe("groups of layers", () => {
  it("are as the chart has them, side by side; layers of none stand by themselves", () => {
    expect(shapes(runsOf(columns, groupsOf(columns, named)))).toEqual([
      ["early", "l0"],
      [undefined, "l1"],
      ["late", "l2", "l3"],
    ]);
  });

  it("are blocks where nobody named any, or others were named", () => {
    const blocks = [
      ["block 1", "l0", "l1"],
      ["block 2", "l2", "l3"],
    ];
    expect(shapes(runsOf(columns, groupsOf(columns, {})))).toEqual(blocks);
    expect(shapes(runsOf(columns, groupsOf(columns, { other: ["of another network"] })))).toEqual(blocks);
  });

  it("are none where blocks would say nothing more", () => {
    expect(groupsOf(columns.slice(0, 2), {}).size).toBe(0);
    const apart = columns.map((column, i) => ({ ...column, block: i }));
    expect(groupsOf(apart, {}).size).toBe(0);
    expect(shapes(runsOf(apart, new Map()))).toEqual([[undefined, "l0", "l1", "l2", "l3"]]);
  });
});

describe("the range of layers", () => {
  it("is what was brushed, and nothing where all are meant or it is about another network", () => {
    expect([...(inRange(columns, ["l2", "l1", "elsewhere"]) ?? [])]).toEqual(["l1", "l2"]);
    for (const names of [[], ["elsewhere"], ["l0", "l1", "l2", "l3"]]) expect(inRange(columns, names)).toBeUndefined();
  });

  const opened = (values: Record<string, unknown> = {}) => {
    const state = new LocalModel(values);
    return { store: new Store(new LocalModel({ _pictures: [picture()] }), state), state };
  };
  const shown = (store: Store) => store.columns.value.map(({ layer }) => layer);

  it("keeps to its columns until it is cleared; hidden ones stay hidden", () => {
    const { store, state } = opened({ layers: ["l1", "l2"] });
    expect(shown(store)).toEqual(["l1", "l2"]);
    store.set({ hidden_layers: ["l2"] });
    expect(shown(store)).toEqual(["l1"]);
    store.share({ layers: [] });
    expect(shown(store)).toEqual(["l0", "l1", "l3"]);
    expect(state.get("layers")).toEqual([]);
  });

  it("loses nothing: what is open outside stays open, and leads back in", () => {
    const { store, state } = opened({ cluster_map: "0-1" });
    state.set("layers", ["l1", "l2"]);
    expect(store.open.value?.cluster.id).toBe("0-1");
    expect(store.neighbour(-1)).toBeUndefined();
    expect(store.neighbour(1)?.cluster.id).toBe("1-0");
    state.set("cluster_map", "3-0");
    expect(store.neighbour(-1)?.cluster.id).toBe("2-1");
    expect(store.neighbour(1)).toBeUndefined();
  });

  it("and a group: one stands out while some column of it is shown, and is let go by a second choice", () => {
    const { store, state } = opened({ groups: named, group: "late" });
    expect(store.group.value).toBe("late");
    state.set("layers", ["l0", "l1"]);
    expect([store.group.value, state.get("group")]).toEqual([undefined, "late"]);
    state.set("layers", []);
    store.chooseGroup("early");
    expect([store.group.value, state.get("group")]).toEqual(["early", "early"]);
    store.chooseGroup("early");
    expect([store.group.value, state.get("group")]).toEqual([undefined, null]);
    state.set("group", "of another chart");
    expect(store.group.value).toBeUndefined();
  });
});
