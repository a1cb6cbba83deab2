import { expect, it } from "vitest";
import { LocalModel } from "../core/model";
import { examplePicture } from "./example";
import { fitting, Store } from "./store";

it.each([
  [1440, 9, 142],
  [1200, 9, 144],
  [1216, 9, 117],
  [1440, 5, 192],
  [400, 9, 144],
  [0, 9, 144],
  [800, 0, 144],
])("fits cards to a view of %i px with %i columns: %i", (width, columns, size) => {
  expect(fitting(width, columns)).toBe(size);
});

function storeOf(names: [string, string][], state = new LocalModel()) {
  const pictures = names.map(([name, target], i) => ({ ...examplePicture(name, target), key: String(i) }));
  return { store: new Store(new LocalModel({ _pictures: pictures }), state), state, pictures };
}

it("shows what State names, else the first, else stays where it was", () => {
  const { store, state } = storeOf([
    ["dog.jpg", "dog"],
    ["dog.jpg", "wolf"],
    ["cat.jpg", "cat"],
  ]);
  expect(store.head.value?.key).toBe("0");
  state.set("target", "wolf");
  expect(store.head.value?.key).toBe("1");
  state.set("picture", "cat.jpg");
  expect(store.head.value?.key).toBe("2");
  state.set("picture", "not in this run.jpg");
  expect(store.head.value?.key).toBe("2");
});

it("tells two pictures of one name apart by the click", () => {
  const { store, pictures } = storeOf([
    ["dog.jpg", "dog"],
    ["dog.jpg", "dog"],
  ]);
  store.choose(pictures[1] as (typeof pictures)[1]);
  expect(store.head.value?.key).toBe("1");
});

it("goes through all cluster maps that are shown, and stops at the ends", () => {
  const { store } = storeOf([["dog.jpg", "dog"]]);
  store.share({ cluster_map: "id-0-1" });
  expect(store.neighbour(1)?.cluster.id).toBe("id-1-0");
  expect(store.neighbour(-1)?.cluster.id).toBe("id-0-0");
  store.share({ cluster_map: "id-1-1" });
  expect(store.neighbour(1)).toBeUndefined();
  store.set({ hidden_layers: ["features.0"] });
  expect(store.columns.value.map(({ layer }) => layer)).toEqual(["features.1"]);
  store.share({ cluster_map: "id-1-0" });
  expect(store.neighbour(-1)).toBeUndefined();
});
